"""Pieces by people to measure against, cut to the length of the composed ones so that like is compared with like."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError
from model.piece import PEDAL, Piece, table

FEWEST_NOTES = 8  # of an excerpt: the silence between two movements is no music


@dataclass(frozen=True)
class Excerpt:
    """A part of a real piece, from 0 on; `source` is the index of the piece, `start_s` where it was cut out."""

    piece: Piece
    source: int
    start_s: float


def cut(piece: Piece, start_s: float, length_s: float) -> Piece:
    """The notes struck in `length_s` seconds from `start_s` on, ended where it ends; its maps move with the notes."""
    start, end = (int(tick) for tick in piece.ticks_at([start_s, start_s + length_s]))
    notes = piece.notes[(piece.notes["onset"] >= start) & (piece.notes["onset"] < end)].copy()
    notes["duration"] = np.maximum(np.minimum(notes["duration"], end - notes["onset"]), 1)
    notes["onset"] -= start
    return replace(
        piece,
        notes=notes,
        pedals=table(PEDAL),
        tempos=_map_from(piece.tempos, start),
        meters=_map_from(piece.meters, start),
    )


def excerpts(pieces: list[Piece], length_s: float, most: int) -> list[Excerpt]:
    """Parts of `length_s` seconds that do not overlap, each from a bar line on; at most `most`, evenly chosen.

    Args:
        pieces: real music, sustain pedal applied.
        length_s: seconds of each part.
        most: how many are enough; the parts of all pieces in order are thinned out evenly.

    Raises:
        DataError: when no piece is that long.
    """
    found = []
    for source, piece in enumerate(pieces):
        bars_s = piece.seconds_at(bar_starts(piece))
        next_s = 0.0
        for start_s in bars_s:
            if start_s >= next_s and start_s + length_s <= piece.end_s:
                next_s = start_s + length_s
                found.append((source, float(start_s)))
    chosen = (found[round(index)] for index in np.linspace(0, len(found) - 1, min(most, len(found)))) if found else ()
    parts = [Excerpt(cut(pieces[source], start_s, length_s), source, start_s) for source, start_s in chosen]
    parts = [part for part in parts if len(part.piece) >= FEWEST_NOTES]
    if not parts:
        raise DataError(f"No piece of the reference lasts {length_s:g} seconds: name longer ones, or ask for less.")
    return parts


def bar_starts(piece: Piece) -> NDArray[np.int64]:
    """The tick of each bar line up to the last note's end, the first at 0."""
    end = int((piece.notes["onset"] + piece.notes["duration"]).max()) if len(piece) else 0
    changes = [*piece.meters["tick"].tolist(), max(end, 1)]
    starts = []
    for row, upto in zip(piece.meters, changes[1:], strict=True):
        ticks = 4 * piece.ticks_per_quarter * int(row["numerator"]) // int(row["denominator"])
        starts.append(np.arange(int(row["tick"]), max(upto, int(row["tick"]) + 1), max(ticks, 1)))
    return np.unique(np.concatenate(starts))


def _map_from(changes: NDArray, start: int) -> NDArray:
    """The part of a tempo or meter map from `start` on, which becomes tick 0."""
    moved = changes[max(0, int(np.searchsorted(changes["tick"], start, side="right")) - 1) :].copy()
    moved["tick"] = np.maximum(moved["tick"] - start, 0)
    return moved

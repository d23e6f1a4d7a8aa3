"""The sustain pedal as duration: what a listener hears, without a pedal.

Used by representations that have no pedal of their own and by evaluation; a synthesizer gets the pedal itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.piece import PEDAL, Piece, table


def sustained(piece: Piece) -> Piece:
    """`piece` with every note held until its pedal rises or its key is struck again, and no pedal left.

    A note is held when its key is released while its instrument's pedal is down (Oore et al. 2018, section 3).
    """
    if not len(piece.pedals):
        return piece
    notes = piece.notes.copy()
    ends = notes["onset"] + notes["duration"]
    for instrument in np.unique(piece.pedals["instrument"]):
        mine = notes["instrument"] == instrument
        spans = piece.pedals[piece.pedals["instrument"] == instrument]
        ends[mine] = _held_ends(ends[mine], spans)
    ends = np.minimum(ends, np.maximum(_next_strikes(notes), notes["onset"] + notes["duration"]))
    notes["duration"] = ends - notes["onset"]
    return replace(piece, notes=notes, pedals=table(PEDAL))


def _held_ends(ends: NDArray, spans: NDArray) -> NDArray:
    """Each end moved to the end of the pedal span it falls into."""
    spans = np.sort(spans, order="onset")
    rises = np.maximum.accumulate(spans["onset"] + spans["duration"])
    index = np.searchsorted(spans["onset"], ends, side="right") - 1
    return np.where(index >= 0, np.maximum(ends, rises[np.maximum(index, 0)]), ends)


def _next_strikes(notes: NDArray) -> NDArray:
    """The onset of the next note on the same key of the same instrument; the far future where there is none."""
    never = np.iinfo(np.int64).max
    order = np.lexsort((notes["onset"], notes["pitch"], notes["instrument"]))
    ordered = notes.take(order)
    same_key = (ordered["pitch"][1:] == ordered["pitch"][:-1]) & (
        ordered["instrument"][1:] == ordered["instrument"][:-1]
    )
    strikes = np.full(len(notes), never)
    strikes[order[:-1]] = np.where(same_key, ordered["onset"][1:], never)
    return strikes

"""Parts of a seed, on a clock of its own: what is kept of it, from where, and on ticks how fine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.controls import Controls
from model.piece import METER, TEMPO, Piece, table

COARSEST_TICK_S = 0.005  # half a step of the representations: a coarser grid would be heard
FINEST_DIVISION, LAST_TICK = 0x7FFF, 0x0FFF_FFFF  # what a MIDI file holds: ticks per quarter note, ticks in one wait


def pitched_part(seed: Piece) -> Piece:
    """All of a seed but its drums."""
    pitched = np.array([not instrument.is_drum for instrument in seed.instruments], dtype=bool)
    return seed.with_notes(seed.notes[pitched[seed.notes["instrument"]]])


def from_tick(piece: Piece, start: int) -> Piece:
    """`piece` with `start` as its tick 0, before which no note lies; tempo and meter maps move with the notes."""
    if start == 0:
        return piece
    notes, pedals = piece.notes.copy(), piece.pedals.copy()
    notes["onset"] -= start
    ends = pedals["onset"] + pedals["duration"] - start
    pedals["onset"] = np.maximum(pedals["onset"] - start, 0)
    pedals["duration"] = ends - pedals["onset"]
    return replace(
        piece,
        notes=notes,
        pedals=pedals[pedals["duration"] > 0],
        tempos=_map_from(piece.tempos, start),
        meters=_map_from(piece.meters, start),
    )


def _map_from(changes: np.ndarray, start: int) -> np.ndarray:
    """The part of a tempo or meter map from `start` on, which becomes tick 0."""
    moved = changes[max(0, np.searchsorted(changes["tick"], start, side="right") - 1) :].copy()
    moved["tick"] = np.maximum(moved["tick"] - start, 0)
    return moved


def start_of(piece: Piece, by_bars: bool) -> int:
    """The tick of the first note, or of the bar line before it."""
    first = int(piece.notes["onset"].min()) if len(piece) else 0
    return first - ticks_into_bar(piece, first) if by_bars else first


def in_force(changes: np.ndarray, tick: int) -> np.void:
    """The row of a tempo or meter map that holds at `tick`."""
    return changes[max(0, int(np.searchsorted(changes["tick"], tick, side="right")) - 1)]


def ticks_into_bar(piece: Piece, tick: int) -> int:
    """Ticks from the last bar line to `tick`."""
    meter = in_force(piece.meters, tick)
    bar = piece.ticks_per_quarter * 4 * int(meter["numerator"]) // int(meter["denominator"])
    return (tick - int(meter["tick"])) % max(bar, 1)


def next_bar(piece: Piece, tick: int) -> int:
    """The tick of the first bar line at or after `tick`."""
    into = ticks_into_bar(piece, tick)
    meter = in_force(piece.meters, tick)
    bar = piece.ticks_per_quarter * 4 * int(meter["numerator"]) // int(meter["denominator"])
    return tick if into == 0 else tick - into + bar


def with_clock_of(piece: Piece, tick: int, controls: Controls) -> Controls:
    """`controls` with the tempo and the meter of `piece` at `tick` where none are asked for."""
    meter = in_force(piece.meters, tick)
    return controls.model_copy(
        update={
            "tempo_bpm": controls.tempo_bpm or 60e6 / float(in_force(piece.tempos, tick)["quarter_us"]),
            "meter": controls.meter or f"{meter['numerator']}/{meter['denominator']}",
        }
    )


def at_tempo(piece: Piece, tick: int, controls: Controls) -> Piece:
    """`piece` that from `tick` on goes at the tempo, and from the next bar on in the meter, that are asked for."""
    tempos, meters = piece.tempos, piece.meters
    if controls.tempo_bpm is not None:
        tempos = _changed(tempos, table(TEMPO, [(tick, round(60e6 / controls.tempo_bpm))]))
    if controls.meter is not None:
        beats, unit = controls.meter.split("/")
        meters = _changed(meters, table(METER, [(next_bar(piece, tick), int(beats), int(unit))]))
    return replace(piece, tempos=tempos, meters=meters)


def _changed(changes: np.ndarray, last: np.ndarray) -> np.ndarray:
    """A tempo or meter map that ends with the one change `last`, where that is one."""
    before = changes[changes["tick"] < last["tick"][0]]
    is_same = len(before) and before[-1].tolist()[1:] == last[0].tolist()[1:]
    return changes[changes["tick"] <= last["tick"][0]] if is_same else np.concatenate([before, last])


def first_part(piece: Piece, length_s: float) -> Piece:
    """The notes struck in the first `length_s` seconds from the first onset on, that one included."""
    onsets = piece.onsets_s
    return piece.with_notes(piece.notes[onsets < onsets.min() + length_s]) if len(piece) else piece


def last_part(piece: Piece, length_s: float) -> Piece:
    """The notes struck in the last `length_s` seconds before the last onset, that one included."""
    return piece.with_notes(piece.notes[piece.onsets_s >= piece.onsets_s.max() - length_s])


def finer(piece: Piece) -> int:
    """By how much its ticks are to be divided for new notes at its end: 1 where they are fine enough."""
    at_end = np.searchsorted(piece.tempos["tick"], piece.notes["onset"].max(), side="right") - 1
    tick_s = piece.tempos["quarter_us"][at_end:].max() / 1e6 / piece.ticks_per_quarter
    last_tick = int((piece.notes["onset"] + piece.notes["duration"]).max())
    wanted = int(np.ceil(tick_s / COARSEST_TICK_S))
    return max(1, min(wanted, FINEST_DIVISION // piece.ticks_per_quarter, LAST_TICK // last_tick))


def divided(piece: Piece, factor: int) -> Piece:
    """`piece` on ticks `factor` times as fine; its times stay exactly the same."""
    if factor == 1:
        return piece
    return replace(
        piece,
        ticks_per_quarter=piece.ticks_per_quarter * factor,
        notes=_multiplied(piece.notes, factor),
        pedals=_multiplied(piece.pedals, factor),
        tempos=_multiplied(piece.tempos, factor),
        meters=_multiplied(piece.meters, factor),
    )


def _multiplied(rows: np.ndarray, factor: int) -> np.ndarray:
    """A table with its ticks times `factor`."""
    rows = rows.copy()
    for name in {"onset", "duration", "tick"} & set(rows.dtype.names or ()):
        rows[name] *= factor
    return rows

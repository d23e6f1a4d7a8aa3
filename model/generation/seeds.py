"""Parts of a seed, on a clock of its own: what is kept of it, from where, and on ticks how fine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.controls import Controls
from model.keys import CHROMA, likeliest_key
from model.piece import METER, TEMPO, Piece, table

COARSEST_TICK_S = 0.005  # half a step of the representations: a coarser grid would be heard
SAME_TEMPO = 0.08  # of the logarithm: what a player's tempo varies by
SHORT_STRETCH, LONG_STRETCH, STRETCH_SHARE = 4.0, 16.0, 0.25  # quarters, quarters, of the whole: no mere ritardando
RECENT = 64.0  # quarters at the end that say what the tempo is, where it changes all the time
LONGEST_HELD_S = 2.0  # of a note, as far as it speaks for the key
FINEST_DIVISION, LAST_TICK = 0x7FFF, 0x0FFF_FFFF  # what a MIDI file holds: ticks per quarter note, ticks in one wait


def pitched_part(seed: Piece) -> Piece:
    """All of a seed but its drums."""
    pitched = np.array([not instrument.is_drum for instrument in seed.instruments], dtype=bool)
    return seed.with_notes(seed.notes[pitched[seed.notes["instrument"]]])


def from_tick(piece: Piece, start: int) -> Piece:
    """`piece` with `start` as its tick 0, before which no note lies; tempo and meter maps move with the notes.

    Where `start` is no bar line, the next bar line gets a meter of its own: bars stay where they were.
    """
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
        meters=_meters_from(piece, start),
        key_signatures=_map_from(piece.key_signatures, start),
        controls=_moved_rows(piece.controls, start),
        bends=_moved_rows(piece.bends, start),
    )


def _moved_rows(rows: np.ndarray, start: int) -> np.ndarray:
    """Controllers or bends with `start` as tick 0; what was set before holds from there on."""
    moved = rows.copy()
    moved["tick"] = np.maximum(moved["tick"] - start, 0)
    return moved


def _meters_from(piece: Piece, start: int) -> np.ndarray:
    """The meter map from `start` on, which becomes tick 0, with a bar line where the first one falls."""
    moved = _map_from(piece.meters, start)
    line = next_bar(piece, start) - start
    if line == 0 or line in moved["tick"][1:] or (len(moved) > 1 and moved["tick"][1] < line):
        return moved
    again = moved[:1].copy()
    again["tick"] = line
    return np.concatenate([moved[:1], again, moved[1:]])


def _map_from(changes: np.ndarray, start: int) -> np.ndarray:
    """The part of a tempo, meter or key map from `start` on, which becomes tick 0."""
    moved = changes[max(0, np.searchsorted(changes["tick"], start, side="right") - 1) :].copy()
    moved["tick"] = np.maximum(moved["tick"] - start, 0)
    return moved


def start_of(piece: Piece) -> int:
    """The tick of the first note."""
    return int(piece.notes["onset"].min()) if len(piece) else 0


def without_later_changes(piece: Piece) -> Piece:
    """`piece` without the changes of tempo and meter at or behind its last note's end: they are no part of it."""
    end = int((piece.notes["onset"] + piece.notes["duration"]).max()) if len(piece) else 0
    tempos, meters = (
        changes[(changes["tick"] < end) | (changes["tick"] == 0)] for changes in (piece.tempos, piece.meters)
    )
    kept = {name: getattr(piece, name) for name in ("key_signatures", "controls", "bends")}
    kept = {name: rows[rows["tick"] < max(end, 1)] for name, rows in kept.items()}
    return replace(piece, tempos=tempos, meters=meters, **kept)


def going_on(piece: Piece) -> Piece:
    """`piece` that from its last onset on goes at its main tempo, so that what follows it has one clock.

    A fermata, a final ritardando and changes behind the last note are left behind; a meter that begins there too.
    """
    last = int(piece.notes["onset"].max())
    before = piece.tempos[(piece.tempos["tick"] < last) | (piece.tempos["tick"] == 0)]
    main = table(TEMPO, [(last, main_quarter_us(piece))])
    tempos = (
        before if before["quarter_us"][-1] == main["quarter_us"][0] or last == 0 else np.concatenate([before, main])
    )
    meters = piece.meters[(piece.meters["tick"] <= last)]
    return replace(piece, tempos=tempos, meters=meters)


def main_quarter_us(piece: Piece) -> int:
    """Microseconds per quarter of the tempo that `piece` has settled in at its end, a ritardando left out.

    That of its last stretch of nearly one tempo, where that is long; else the median of its last part by quarters.
    """
    last = int(piece.notes["onset"].max())
    starts = piece.tempos["tick"][(piece.tempos["tick"] < last) | (piece.tempos["tick"] == 0)]
    lengths = np.diff(np.append(starts, max(last, 1))) / piece.ticks_per_quarter
    tempos = piece.tempos["quarter_us"][: len(starts)]
    whole = lengths.sum()
    alike = np.abs(np.log(tempos / tempos[-1])) <= SAME_TEMPO
    begins = len(tempos) - int(np.argmin(np.append(alike[::-1], False)))
    if lengths[begins:].sum() < min(LONG_STRETCH, max(SHORT_STRETCH, STRETCH_SHARE * whole)):
        until_end = np.cumsum(lengths[::-1])[::-1]
        begins = int(np.flatnonzero(until_end >= min(RECENT, whole) - 1e-6).max())
    order = begins + np.argsort(tempos[begins:], kind="stable")
    middle = np.searchsorted(np.cumsum(lengths[order]), lengths[order].sum() / 2)
    return int(tempos[order[min(int(middle), len(order) - 1)]])


def in_force(changes: np.ndarray, tick: int) -> np.void:
    """The row of a tempo or meter map that holds at `tick`."""
    return changes[max(0, int(np.searchsorted(changes["tick"], tick, side="right")) - 1)]


def ticks_into_bar(piece: Piece, tick: int) -> int:
    """Ticks from the last bar line to `tick`."""
    return (tick - int(in_force(piece.meters, tick)["tick"])) % bar_ticks(piece, tick)


def bar_ticks(piece: Piece, tick: int) -> int:
    """How many ticks the bar at `tick` has."""
    meter = in_force(piece.meters, tick)
    return max(piece.ticks_per_quarter * 4 * int(meter["numerator"]) // int(meter["denominator"]), 1)


def next_bar(piece: Piece, tick: int) -> int:
    """The tick of the first bar line at or after `tick`."""
    into = ticks_into_bar(piece, tick)
    if into == 0:
        return tick
    line = tick - into + bar_ticks(piece, tick)
    later = piece.meters["tick"][piece.meters["tick"] > tick]
    return min(line, int(later[0])) if len(later) else line


def in_phase(piece: Piece, phase: float) -> Piece:
    """`piece` in one meter whose first bar began `phase` quarters before its tick 0."""
    bar = bar_ticks(piece, 0)
    line = (bar - round(phase * piece.ticks_per_quarter)) % bar
    if line == 0:
        return piece
    meter = piece.meters[:1].copy()
    meter["tick"] = line
    return replace(piece, meters=np.concatenate([piece.meters[:1], meter]))


def repeated_maps(piece: Piece, at: int, into_bar: int = 0) -> Piece:
    """`piece` with its tempo and meter map once more from the tick `at` on, for music that begins `into_bar` later."""
    changes = []
    for whole in (piece.tempos, piece.meters):
        again = whole.copy()
        again["tick"] += at + into_bar
        again["tick"][0] = at
        changes.append(np.concatenate([whole[whole["tick"] < at], again]))
    return replace(piece, tempos=changes[0], meters=changes[1])


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


def key_of(piece: Piece) -> str | None:
    """The key in which the pitch classes of `piece` are likeliest, one of `KEYS`; None without pitched notes."""
    lengths_s = np.minimum(piece.offsets_s - piece.onsets_s, LONGEST_HELD_S)[~piece.is_drum_note]
    lengths_s = np.round(lengths_s, 2)  # so that a seed has the same key on a clock with other ticks
    pitches = piece.notes["pitch"][~piece.is_drum_note]
    return likeliest_key(np.bincount(pitches % CHROMA, weights=lengths_s, minlength=CHROMA))


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
        key_signatures=_multiplied(piece.key_signatures, factor),
        controls=_multiplied(piece.controls, factor),
        bends=_multiplied(piece.bends, factor),
    )


def _multiplied(rows: np.ndarray, factor: int) -> np.ndarray:
    """A table with its ticks times `factor`."""
    rows = rows.copy()
    for name in {"onset", "duration", "tick"} & set(rows.dtype.names or ()):
        rows[name] *= factor
    return rows

"""Seed and new music as one piece.

The seed stays as it was sent: its instruments, tempo map and pedal. The new music follows on the seed's clock: in
seconds where it was composed in seconds, in beats where it was composed in beats, so that bars stay bars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.generation.seeds import divided, finer, from_tick, last_part, start_of
from model.piece import BEND, CONTROL, EXPRESSION, NOTE, PEDAL, VOLUME, Instrument, Piece, table

FADED = 0.7  # of the highest volume: a seed that ends below that has faded out
LAST_CHORD_S, STACCATO_S = 0.04, 0.3  # notes struck so close together; a last chord shorter than that stays short
SHORTEST_SEED_PART_S = 10.0  # this much of the seed is kept even where the output would grow too long


@dataclass(frozen=True)
class SplicePoint:
    """Where new music begins on the clock of a seed.

    Attributes:
        tick: the seed's tick that is tick 0 of the new music.
        in_beats: whether the new music's quarters are the seed's quarters; else its seconds are the seed's.
        is_part_of_seed: whether the seed's instruments may play it.
    """

    tick: int
    in_beats: bool = False
    is_part_of_seed: bool = True


def alone(composed: Piece, length_s: float, ring_s: float, in_beats: bool) -> Piece:
    """New music by itself, from its first note on, that ends `length_s` after its start, give or take `ring_s`."""
    piece = ending(from_tick(composed, start_of(composed)), length_s, ring_s, in_beats)
    return piece if in_beats else ringing(piece, length_s + ring_s, 2 * ring_s)


def continued(
    seed: Piece, composed: Piece, splice: SplicePoint, length_s: float, ring_s: float, longest_s: float
) -> tuple[Piece, float, tuple[str, ...]]:
    """Seed and continuation, the seconds of their start that are the seed, and what is to be said about it.

    Args:
        seed: what was continued.
        composed: the new notes; the time before the first belongs to them.
        splice: where they begin.
        length_s: seconds of new music from there.
        ring_s: by how much it may miss that.
        longest_s: how long both may be together; of a longer seed the end is kept.
    """
    remarks, kept = [], seed
    room_s = max(longest_s - length_s, SHORTEST_SEED_PART_S)
    if seed.onsets_s.max() - seed.onsets_s.min() > room_s:
        kept = last_part(seed, room_s)
        remarks.append(f"Your seed is long: only its last {room_s:.0f} seconds are in the file.")
    start = start_of(kept)
    kept, splice = from_tick(kept, start), replace(splice, tick=splice.tick - start)
    piece, first_s = together(kept, composed, splice)
    end_s = float(kept.seconds_at(splice.tick)) + length_s
    piece = ending(piece, end_s, ring_s, splice.in_beats)
    return piece if splice.in_beats else ringing(piece, end_s + ring_s, 2 * ring_s), first_s, tuple(remarks)


def together(seed: Piece, composed: Piece, splice: SplicePoint) -> tuple[Piece, float]:
    """Both as one piece, and the second at which the first new note is struck."""
    factor = finer(seed)
    kept = divided(seed, factor)
    matched, instruments = players(composed, kept, splice.is_part_of_seed)
    notes = _moved(composed, kept, splice.tick * factor, splice.in_beats)
    notes["instrument"] = matched[composed.notes["instrument"]]
    if not len(notes):
        return kept, kept.end_s
    joined = replace(
        kept,
        notes=np.concatenate([_released(kept, notes), notes]),
        pedals=_lifted(kept, notes),
        instruments=instruments,
        controls=_restored(kept, notes),
        bends=_unbent(kept, notes),
    )
    return joined, float(kept.seconds_at(notes["onset"].min()))


def placed(seed: Piece, composed: Piece, splice: SplicePoint) -> Piece:
    """The new music alone, where it would stand beside `seed`, with the seed's tempo and meter map."""
    factor = finer(seed)
    kept = divided(seed, factor)
    notes = _moved(composed, kept, splice.tick * factor, splice.in_beats)
    notes["instrument"] = composed.notes["instrument"]
    return replace(
        kept,
        notes=notes,
        instruments=composed.instruments,
        pedals=table(PEDAL),
        controls=table(CONTROL),
        bends=table(BEND),
        title="",
    )


def _moved(composed: Piece, seed: Piece, start: int, in_beats: bool) -> NDArray:
    """The new notes on the seed's ticks, beginning at `start`."""
    ticks = composed.notes["onset"], composed.notes["onset"] + composed.notes["duration"]
    if in_beats:
        scale = seed.ticks_per_quarter / composed.ticks_per_quarter
        onsets, ends = (start + np.rint(tick * scale).astype(np.int64) for tick in ticks)
    else:
        start_s = seed.seconds_at(start)
        onsets, ends = (seed.ticks_at(composed.seconds_at(tick) + start_s) for tick in ticks)
    notes = table(NOTE, np.zeros((len(composed), len(NOTE.names or ()))))
    notes["onset"], notes["duration"] = onsets, np.maximum(ends - onsets, 1)
    notes["pitch"], notes["velocity"] = composed.notes["pitch"], composed.notes["velocity"]
    return notes


def _released(seed: Piece, new: NDArray) -> NDArray:
    """The seed's notes, those ended that the new music strikes again."""
    notes = seed.notes.copy()
    key = notes["instrument"].astype(np.int64) * 128 + notes["pitch"]
    new_key = new["instrument"].astype(np.int64) * 128 + new["pitch"]
    for index in np.flatnonzero(np.isin(key, new_key)):
        again = new["onset"][new_key == key[index]]
        again = again[again > notes["onset"][index]]
        if len(again):
            notes["duration"][index] = min(notes["duration"][index], int(again.min()) - int(notes["onset"][index]))
    return notes


def _lifted(seed: Piece, new: NDArray) -> NDArray:
    """The seed's pedals; the players' are up when the new music begins: its notes are as long as they are to sound."""
    pedals = seed.pedals.copy()
    mine = np.isin(pedals["instrument"], new["instrument"])
    pedals["duration"][mine] = np.minimum(pedals["duration"][mine], int(new["onset"].min()) - pedals["onset"][mine])
    return pedals[pedals["duration"] > 0]


def _restored(seed: Piece, new: NDArray) -> NDArray:
    """The seed's controllers; a fade at its end is over when the new music begins."""
    begins, added = int(new["onset"].min()), []
    controls = seed.controls
    for number in (VOLUME, EXPRESSION):
        for instrument in np.unique(new["instrument"]):
            mine = controls[(controls["number"] == number) & (controls["instrument"] == instrument)]
            if len(mine) and mine["value"][-1] < FADED * mine["value"].max():
                added.append((begins, number, int(mine["value"].max()), int(instrument)))
    return _with_rows(controls, table(CONTROL, added))


def _unbent(seed: Piece, new: NDArray) -> NDArray:
    """The seed's bends; none is left when the new music begins."""
    begins, added = int(new["onset"].min()), []
    for instrument in np.unique(new["instrument"]):
        mine = seed.bends[seed.bends["instrument"] == instrument]
        if len(mine) and mine["value"][-1] != 0:
            added.append((begins, 0, int(mine["semitones"][-1]), int(instrument)))
    return _with_rows(seed.bends, table(BEND, added))


def _with_rows(rows: NDArray, added: NDArray) -> NDArray:
    """Both, sorted by tick."""
    together = np.concatenate([rows, added])
    return together[np.argsort(together["tick"], kind="stable")]


def ending(piece: Piece, end_s: float, ring_s: float, in_beats: bool) -> Piece:
    """`piece` with no note sounding for longer than `ring_s` beyond `end_s`; in beats the last ones ring until then."""
    latest = int(piece.ticks_at(end_s + ring_s))
    notes = piece.notes.copy()
    notes["duration"] = np.clip(notes["duration"], 1, np.maximum(1, latest - notes["onset"]))
    if in_beats and len(notes) and piece.with_notes(notes).end_s < end_s - ring_s:
        last = notes["onset"] == notes["onset"].max()
        notes = _held(piece, notes, last, int(piece.ticks_at(end_s)))
    return piece.with_notes(notes)


def ringing(piece: Piece, end_s: float, longest_s: float) -> Piece:
    """`piece`, in free time, whose last chord sounds until `end_s`, for `longest_s` at most, unless it is staccato."""
    if not len(piece):
        return piece
    last = piece.onsets_s >= piece.onsets_s.max() - LAST_CHORD_S
    if (piece.offsets_s - piece.onsets_s)[last].max() < STACCATO_S:
        return piece
    until_s = min(end_s, float(piece.onsets_s.max()) + longest_s)  # a piece that was stopped ends long before `end_s`
    held = last & (piece.offsets_s < until_s)
    return piece.with_notes(_held(piece, piece.notes.copy(), held, int(piece.ticks_at(until_s))))


def _held(piece: Piece, notes: NDArray, last: NDArray[np.bool_], until: int) -> NDArray:
    """`notes` of which the pitched ones among `last` end at the tick `until`."""
    pitched = np.array([not instrument.is_drum for instrument in piece.instruments])[notes["instrument"]]
    rings = last & pitched
    notes["duration"][rings] = np.maximum(until - notes["onset"][rings], 1)
    return notes


OWN_INSTRUMENT = Instrument(name="Cadenza")


Players = tuple[NDArray[np.int16], tuple[Instrument, ...]]


def players(composed: Piece, seed: Piece, is_part_of_seed: bool = True) -> Players:
    """For each instrument of `composed` its index among the instruments of both, which are returned with it.

    Each is played by one of the seed's with the same program. Where one has none there, and as many with a pitch play
    in both, they are matched from high to low; else it gets a track of its own. Drums are played by drums.

    Args:
        composed: the new music.
        seed: what it is put together with.
        is_part_of_seed: False where the new notes are to be told from the seed's by their instrument.
    """
    used = _used(seed) if is_part_of_seed else []
    matched, together = _by_program(composed, seed, used)
    if len(together) == len(seed.instruments):
        return matched, together
    theirs, new = _pitched(seed, used), _pitched(composed, _used(composed))
    if new and len(theirs) == len(new):
        return _from_high_to_low(composed, seed, theirs, new)
    if len(composed.instruments) == 1:
        own = OWN_INSTRUMENT if composed.instruments[0] == Instrument() else composed.instruments[0]
        if own in seed.instruments:  # the seed is a piece of ours, taken up once more
            return np.array([seed.instruments.index(own)], dtype=np.int16), seed.instruments
        return np.array([len(seed.instruments)], dtype=np.int16), (*seed.instruments, own)
    return matched, together


def _used(piece: Piece) -> list[int]:
    return [int(index) for index in np.unique(piece.notes["instrument"])]


def _pitched(piece: Piece, used: list[int]) -> list[int]:
    return [index for index in used if not piece.instruments[index].is_drum]


def _from_high_to_low(composed: Piece, seed: Piece, theirs: list[int], new: list[int]) -> Players:
    drums = [index for index in _used(seed) if index not in _pitched(seed, _used(seed))]
    matched, together = np.zeros(len(composed.instruments), dtype=np.int16), list(seed.instruments)
    for own, other in zip(_ordered(composed, new), _ordered(seed, theirs), strict=True):
        matched[own] = other
    for own in set(_used(composed)) - set(new):
        if not drums:
            together.append(composed.instruments[own])
        matched[own] = drums[0] if drums else len(together) - 1
    return matched, tuple(together)


def _ordered(piece: Piece, instruments: list[int]) -> list[int]:
    """Instruments by the mean of their pitches, the highest first."""
    notes = piece.notes
    return sorted(instruments, key=lambda index: -float(notes["pitch"][notes["instrument"] == index].mean()))


def _by_program(composed: Piece, seed: Piece, used: list[int]) -> Players:
    together, free = list(seed.instruments), list(used)
    matched = np.zeros(len(composed.instruments), dtype=np.int16)
    for own in _used(composed):
        instrument = composed.instruments[own]
        fitting = [index for index in free if _sound(seed.instruments[index]) == _sound(instrument)]
        if fitting:
            matched[own] = fitting[0]
            free.remove(fitting[0])
        else:
            matched[own] = len(together)
            together.append(instrument)
    return matched, tuple(together)


def _sound(instrument: Instrument) -> int:
    return -1 if instrument.is_drum else instrument.program

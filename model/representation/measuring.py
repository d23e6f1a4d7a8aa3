"""The controls that real music would answer to, measured around every block of steps while training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.controls import DENSITIES, FAMILIES, METERS, ControlSpace, one_hot, tempo_part
from model.keys import KEYS, keys_of
from model.representation import grid
from model.representation.base import BLOCK
from model.representation.engraving import DRUMS, DURATION, FIRST_PROGRAM, INSTRUMENT, METER, PITCH, SHIFT, TEMPO
from model.representation.score_law import PROGRAMS_PER_FAMILY

AROUND = 128  # steps before and after a block in which its key is sought: half a minute in all at ten notes a second
NOTES_PER_SECOND = (3.0, 6.0, 10.0, 15.0)  # between the five densities of a performance
MIDDLES = (2.3, 4.5, 8.0, 12.3, 18.0)  # notes a second in the middle of each


def measured_controls(
    space: ControlSpace, onsets: NDArray, pitches: NDArray, durations: NDArray, style: str, per_second: float = 100.0
) -> NDArray[np.float32]:
    """The control vector of each block of steps, float32 (blocks, space.width), as far as notes alone tell it.

    Args:
        space: which controls there are; 'style', 'key' and 'density' are filled in.
        onsets: of each step, int (steps,), in units of which there are `per_second`.
        pitches: MIDI pitch of each step, int (steps,).
        durations: of each step, in the same units.
        style: of the whole piece; an unknown one asks for nothing.
        per_second: time units in a second.
    """
    starts = np.arange(0, len(onsets), BLOCK)
    vectors = np.zeros((len(starts), space.width), dtype=np.float32)
    if "style" in space.slices and style in space.styles:
        vectors[:, space.slices["style"]] = one_hot(space.styles.index(style), len(space.styles))
    if "key" in space.slices:
        keys = block_keys(pitches, durations)
        vectors[:, space.slices["key"]] = np.where(keys[:, None] >= 0, np.eye(len(KEYS))[keys], 0)
    if "density" in space.slices:
        ends = np.minimum(starts + BLOCK, len(onsets)) - 1
        seconds = np.maximum(onsets[ends] - onsets[starts], 1) / per_second
        levels = np.searchsorted(NOTES_PER_SECOND, (ends - starts + 1) / seconds)
        vectors[:, space.slices["density"]] = np.eye(DENSITIES)[levels]
    return vectors


def block_keys(pitches: NDArray, durations: NDArray) -> NDArray[np.int64]:
    """The key of the music around each block of steps, index into `KEYS`, (blocks,); -1 where nothing sounds."""
    sounding = np.zeros((len(pitches) + 1, 12))
    sounding[np.arange(1, len(pitches) + 1), pitches % 12] = durations
    total = np.cumsum(sounding, axis=0)
    starts = np.arange(0, len(pitches), BLOCK)
    last = np.minimum(starts + BLOCK + AROUND, len(pitches))
    return keys_of(total[last] - total[np.maximum(starts - AROUND, 0)])


ASKED = np.array([METERS.index(name) if name in METERS else -1 for name in (f"{n}/{d}" for n, d in grid.METERS)])


def measured_blocks(space: ControlSpace, steps: NDArray[np.int32], style: str) -> NDArray[np.float32]:
    """The control vector of each block of raw `steps` (steps, 5), float32 (blocks, space.width).

    Tempo and meter are those at the end of a block, so that the first block answers with the ones it begins with or
    soon goes over to; an unknown `style` asks for nothing.
    """
    starts = np.arange(0, len(steps), BLOCK)
    parts = {
        "style": np.tile([style == known for known in space.styles], (len(starts), 1)),
        "key": _one_hots(block_keys(np.where(_is_note(steps), steps[:, PITCH], 0), _sounding(steps)), len(KEYS)),
        "tempo": np.array([tempo_part(60.0 / grid.QUARTER_S[tempo]) for tempo in _in_force(steps, TEMPO, starts)]),
        "meter": _one_hots(ASKED[_in_force(steps, METER, starts)], len(METERS)),
        "density": _one_hots(_densities(steps, starts), DENSITIES),
        "instruments": np.array([_families(steps[start : start + BLOCK, INSTRUMENT]) for start in starts]),
    }
    vectors = np.zeros((len(starts), space.width), dtype=np.float32)
    for name, part in space.slices.items():
        vectors[:, part] = parts[name]
    return vectors


def _one_hots(indices: NDArray, size: int) -> NDArray:
    return indices[:, None] == np.arange(size)


def _is_note(steps: NDArray) -> NDArray[np.bool_]:
    return steps[:, INSTRUMENT] >= FIRST_PROGRAM


def _sounding(steps: NDArray) -> NDArray:
    """Ticks that each step sounds with a pitch."""
    return np.where(_is_note(steps) & (steps[:, INSTRUMENT] != DRUMS), steps[:, DURATION], 0)


def _in_force(steps: NDArray, change: int, starts: NDArray) -> NDArray[np.int64]:
    """The class that the latest step of instrument `change` names at the end of each block, (blocks,)."""
    places = np.flatnonzero(steps[:, INSTRUMENT] == change)
    if not len(places):
        return np.full(len(starts), grid.meter_class(4, 4) if change == METER else int(grid.tempo_class(500_000)))
    latest = np.searchsorted(places, starts + BLOCK) - 1
    return steps[places[np.maximum(latest, 0)], PITCH].astype(np.int64)


def _densities(steps: NDArray, starts: NDArray) -> NDArray[np.int64]:
    """The level of each block by its notes a second, 0..4."""
    onsets = np.cumsum(steps[:, SHIFT], dtype=np.int64)
    ends = np.minimum(starts + BLOCK, len(steps)) - 1
    notes = np.cumsum(_is_note(steps))
    tick_s = grid.QUARTER_S[_in_force(steps, TEMPO, starts)] / grid.TICKS_PER_QUARTER
    seconds = np.maximum(onsets[ends] - onsets[starts], 1) * tick_s
    played = notes[ends] - notes[starts] + 1
    return np.searchsorted(NOTES_PER_SECOND, played / seconds)


def _families(instruments: NDArray) -> NDArray[np.bool_]:
    """Which families of instruments play among `instruments`, bool (17,); the drums are the last."""
    played = instruments[instruments >= FIRST_PROGRAM] - FIRST_PROGRAM
    return np.isin(np.arange(len(FAMILIES)), played // PROGRAMS_PER_FAMILY)

"""What could be asked of the music in a `score`, measured on every block of its steps while training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.controls import DENSITIES, FAMILIES, KEYS, METERS, ControlSpace, tempo_part
from model.representation import grid
from model.representation.base import BLOCK
from model.representation.engraving import DRUMS, DURATION, FIRST_PROGRAM, INSTRUMENT, METER, PITCH, SHIFT, TEMPO
from model.representation.measuring import NOTES_PER_SECOND, block_keys
from model.representation.score_law import PROGRAMS_PER_FAMILY

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

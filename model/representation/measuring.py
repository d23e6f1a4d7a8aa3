"""The controls that real music would answer to, measured around every block of steps while training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.controls import DENSITIES, KEYS, ControlSpace, keys_of, one_hot
from model.representation.base import BLOCK

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

"""The beat grid of `score`: ticks, waits and lengths as classes, tempi and meters as closed lists.

24 ticks to the quarter hold thirty-seconds (3) and triplets down to thirty-seconds (2) exactly. Waits and lengths are
exact up to two bars of 4/4; beyond, an octave has sixteen classes, and the least value of each lies on an eighth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.representation.buckets import lowest_values

TICKS_PER_QUARTER = 24
EXACT = 8 * TICKS_PER_QUARTER  # values below this have a class each
PER_OCTAVE, OCTAVES = 16, 8  # classes for each doubling above it, and how many doublings
LARGEST = EXACT * 2**OCTAVES - 1  # 2,047 quarters: seventeen minutes at 120 a minute

SLOWEST_BPM, TEMPI_PER_OCTAVE, TEMPI = 15.0, 24, 128  # 15 to 588 quarters a minute, 2.9 % apart
QUARTER_S = 60.0 / (SLOWEST_BPM * 2.0 ** (np.arange(TEMPI) / TEMPI_PER_OCTAVE))  # of each tempo class, float64 (128,)

MOST_BEATS = 16
DENOMINATORS = (2, 4, 8, 16)
METERS = tuple((beats, denominator) for denominator in DENOMINATORS for beats in range(1, MOST_BEATS + 1))
BAR_TICKS = np.array([4 * TICKS_PER_QUARTER * beats // denominator for beats, denominator in METERS], dtype=np.int32)


LOWEST = lowest_values(EXACT, PER_OCTAVE, OCTAVES)  # the least value of each class, int32 (classes,)
WIDTHS = np.diff(np.append(LOWEST, LARGEST + 1)).astype(np.int32)  # how many values each class holds
SIZE = len(LOWEST)  # 320


def on_grid(ticks: ArrayLike, ticks_per_quarter: int) -> NDArray[np.int64]:
    """The nearest tick of the grid to each tick of a piece, int64; halves go up."""
    return (np.asarray(ticks, dtype=np.int64) * (2 * TICKS_PER_QUARTER) + ticks_per_quarter) // (2 * ticks_per_quarter)


def tempo_class(quarter_us: ArrayLike) -> NDArray[np.int64]:
    """The nearest tempo class, 0..127, to microseconds per quarter."""
    bpm = 60e6 / np.maximum(np.asarray(quarter_us, dtype=float), 1.0)
    return np.clip(np.rint(np.log2(bpm / SLOWEST_BPM) * TEMPI_PER_OCTAVE), 0, TEMPI - 1).astype(np.int64)


def meter_class(beats: int, denominator: int) -> int:
    """The index in `METERS`; for a meter that is not in it, of the one whose bar is nearest in length.

    Among equally long bars the one counted in the most similar note values is taken.
    """
    if (beats, denominator) in METERS:
        return METERS.index((beats, denominator))
    bar = 4 * TICKS_PER_QUARTER * beats / max(denominator, 1)
    near = np.abs(BAR_TICKS - bar)
    candidates = np.flatnonzero(near == near.min())
    return int(min(candidates, key=lambda index: abs(np.log2(METERS[index][1] / max(denominator, 1)))))

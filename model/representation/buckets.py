"""Non-negative integers of any size as classes: exact when small, sixteen to an octave when large.

Inside a bucket every value is equally likely, so a class costs log(width) nats more than its own probability
and the likelihood of the integer stays exact. Used by `performance` for time shifts and durations.
"""

# ruff: noqa: ANN001, ANN201 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.compiling import inlined

EXACT = 128  # values below this have a class each: 1.27 s at 10 ms
PER_OCTAVE = 16  # classes for each doubling above it
OCTAVES = 8
LARGEST = EXACT * 2**OCTAVES - 1  # 32,767 steps: five and a half minutes at 10 ms


def lowest_values(exact: int, per_octave: int, octaves: int) -> NDArray[np.int32]:
    """The least value of each class: one class each below `exact`, then `per_octave` to each of `octaves` doublings."""
    above = [exact * 2**octave * (per_octave + np.arange(per_octave)) // per_octave for octave in range(octaves)]
    return np.concatenate([np.arange(exact), *above]).astype(np.int32)


LOWEST = lowest_values(EXACT, PER_OCTAVE, OCTAVES)  # the least value of each class, int32 (classes,)
WIDTHS = np.diff(np.append(LOWEST, LARGEST + 1)).astype(np.int32)  # how many values each class holds
SIZE = len(LOWEST)  # 256


@inlined
def class_of(value, exact):
    """The class of a number >= 0, where those below `exact` have a class each and each doubling beyond `PER_OCTAVE`.

    Numbers that are too large fall into the last class.
    """
    value = min(value, (exact << OCTAVES) - 1)
    if value < exact:
        return value
    octave = 0
    while value >= exact << (octave + 1):
        octave += 1
    return exact + PER_OCTAVE * octave + value // ((exact // PER_OCTAVE) << octave) - PER_OCTAVE

"""Non-negative integers of any size as classes: exact when small, sixteen to an octave when large.

Inside a bucket every value is equally likely, so a class costs log(width) nats more than its own probability
and the likelihood of the integer stays exact. Used by `performance` for time shifts and durations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.representation.arrays import NUMPY

Tensor = Any  # a numpy array or a tensor of the running Keras backend

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
_CLASS_OF = np.repeat(np.arange(SIZE, dtype=np.int32), WIDTHS)  # the class of every value, (LARGEST + 1,)


def bucket_of(values: Tensor, ops: Any = NUMPY) -> Tensor:
    """The class of each value, int32 in 0..SIZE-1; values above `LARGEST` fall into the last class.

    Args:
        values: int32 >= 0 of any shape.
        ops: numpy or keras.ops.
    """
    return ops.take(_CLASS_OF, ops.minimum(values, LARGEST))

"""How the elements of an operand follow one another, and how two loops walk several operands at once.

An operand that is the same along an axis, as broadcasting makes it, is walked in place and never written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Walk(NamedTuple):
    """The address of the first element of an operand, and how far the next one is along each axis."""

    first: int
    strides: list[int]


def in_order(first: int, shape: Sequence[int]) -> Walk:
    """The walk of elements that lie in one piece."""
    return Walk(first, [int(np.prod(shape[axis + 1 :], dtype=int)) for axis in range(len(shape))])


def walk_of(operand: NDArray[np.int64]) -> Walk | None:
    """The walk of an operand, given the address of each of its elements; None where they lie at uneven distances."""
    if not operand.size:
        return None
    origin = (0,) * operand.ndim
    first, strides = int(operand[origin]), []
    expected = np.full((1,) * operand.ndim, first, dtype=np.int64)
    for axis, size in enumerate(operand.shape):
        step = int(np.take(operand, 1, axis=axis)[origin[1:]]) - first if size > 1 else 0
        strides.append(step)
        along = [1] * operand.ndim
        along[axis] = size
        expected = expected + (step * np.arange(size)).reshape(along)
    if not (operand == expected).all():
        return None
    return Walk(first, [-step for step in strides] if first < 0 else strides)  # addresses of constants count down


def common_loops(shape: Sequence[int], walks: Sequence[Walk]) -> tuple[int, int, list[tuple[int, int]]] | None:
    """Two loops, one in the other, that walk all operands: their lengths, and each operand's distances in both.

    None where two do not suffice, or an operand's elements do not lie side by side in the inner one.
    """
    axes: list[tuple[int, list[int]]] = []  # length, and each operand's distance; the last axis first
    for axis in reversed(range(len(shape))):
        length, steps = shape[axis], [walk.strides[axis] for walk in walks]
        if length == 1:
            continue
        if axes and all(step == axes[-1][0] * near for step, near in zip(steps, axes[-1][1], strict=True)):
            axes[-1] = (axes[-1][0] * length, axes[-1][1])
        else:
            axes.append((length, steps))
    axes += [(1, [0] * len(walks))] * (2 - len(axes))
    (inner, near), (outer, far), *more = axes
    if more or any(step not in (0, 1) for step in near) or any(step < 0 for step in far):
        return None
    return outer, inner, list(zip(far, near, strict=True))


def runs_of(flat: NDArray[np.int64], owners: NDArray[np.int64]) -> tuple[list[int], list[int], list[int]]:
    """The longest parts, taken greedily, whose addresses lie at even distances: starts, counts, distances.

    None reaches from one owner's elements into another's, which may come to lie elsewhere.
    """
    starts, counts, steps = [], [], []
    place = 0
    while place < len(flat):
        count, step = 1, 0
        if place + 1 < len(flat) and owners[place] == owners[place + 1]:
            step = int(flat[place + 1] - flat[place])
            ahead = flat[place:]
            is_same = (ahead == flat[place] + step * np.arange(len(ahead))) & (owners[place:] == owners[place])
            count = len(is_same) if is_same.all() else int(np.argmin(is_same))
        starts.append(int(flat[place]))
        counts.append(count)
        steps.append(step)
        place += count
    return starts, counts, steps

"""Instructions along an axis: sums and the like, of all elements, up to each, or of those with one index."""

# ruff: noqa: ANN001, ANN201, ANN202, D103 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.engine.arithmetic import exp64
from model.engine.codes import CUMSUM, LEAST, SEGMENT_SUM, SUM, UNSIGNED
from model.engine.compiling import inlined, named
from model.engine.elementwise import add, largest, least

LOWEST = float(np.finfo(np.float32).min)  # as TensorFlow has it of what has no elements
U1, U2, U3, U4, U5, U6, U7, STRANDS = (UNSIGNED(number) for number in range(1, 9))


@inlined
def running(code, memory, r, a, outer, axis, inner):
    for o in range(outer):
        for j in range(inner):
            at = o * axis * inner + j
            total = 0.0 if code == CUMSUM else 1.0
            for i in range(axis):
                value = memory[a + at + i * inner]
                total = total + value if code == CUMSUM else total * value
                memory[r + at + i * inner] = total


def _of_all(name: str, operation: Callable[[float, float], float]) -> Callable[..., None]:
    """One number out of many, in eight strands, so that a sum need not wait for the one before it."""
    of_two = inlined(named(operation, f"{name}_of_two"))

    def fold(memory, a, n, start):
        one, two, three, four, five, six, seven, eight = start, start, start, start, start, start, start, start
        for at in range(a, a + n // STRANDS * STRANDS, STRANDS):
            one, two = of_two(one, memory[at]), of_two(two, memory[at + U1])
            three, four = of_two(three, memory[at + U2]), of_two(four, memory[at + U3])
            five, six = of_two(five, memory[at + U4]), of_two(six, memory[at + U5])
            seven, eight = of_two(seven, memory[at + U6]), of_two(eight, memory[at + U7])
        for at in range(a + n // STRANDS * STRANDS, a + n):
            one = of_two(one, memory[at])
        one, two, three, four = of_two(one, two), of_two(three, four), of_two(five, six), of_two(seven, eight)
        return of_two(of_two(one, two), of_two(three, four))

    return inlined(named(fold, f"{name}_of_all"))


_sum_of = _of_all("sum", lambda x, y: x + y)
_largest_of = _of_all("largest", lambda x, y: x if x > y else y)
_least_of = _of_all("least", lambda x, y: x if x < y else y)


def _of_rows(name: str, of_pairs: Callable[..., None]) -> Callable[..., None]:
    """One row of numbers out of many."""

    def fold(memory, r, a, axis, inner):
        for j in range(inner):
            memory[r + j] = memory[a + j]
        for i in range(UNSIGNED(1), axis):
            of_pairs(memory, r, r, a + i * inner, inner, 1, 1)

    return inlined(named(fold, f"{name}_of_rows"))


_sums_of, _largest_of_rows = _of_rows("sums", add), _of_rows("largest", largest)
_least_of_rows = _of_rows("least", least)


@inlined
def reduced(code, memory, r, a, outer, axis, inner):
    for o in range(outer):
        to, first = r + o * inner, a + o * axis * inner
        if code == SUM and inner == 1:
            memory[to] = _sum_of(memory, first, axis, 0.0)
        elif code == SUM:
            _sums_of(memory, to, first, axis, inner)
        elif code == LEAST and inner == 1:
            memory[to] = _least_of(memory, first, axis, memory[first])
        elif code == LEAST:
            _least_of_rows(memory, to, first, axis, inner)
        elif inner == 1:
            memory[to] = _largest_of(memory, first, axis, memory[first])
        else:
            _largest_of_rows(memory, to, first, axis, inner)


@inlined
def argmax(memory, r, a, outer, axis, inner):
    for o in range(outer):
        for j in range(inner):
            first = a + o * axis * inner + j
            best, where = memory[first], 0.0
            for i in range(axis):
                if memory[first + i * inner] > best:
                    best, where = memory[first + i * inner], float(i)
            memory[r + o * inner + j] = where


@inlined
def softmax(memory, r, a, rows, n):
    for row in range(rows):
        first, to = a + row * n, r + row * n
        highest = _largest_of(memory, first, n, memory[first])
        for i in range(n):
            memory[to + i] = exp64(memory[first + i] - highest)
        total = _sum_of(memory, to, n, 0.0)
        for i in range(n):
            memory[to + i] /= total


@inlined
def segmented(code, memory, r, a, index, n, parts):
    for part in range(parts):
        memory[r + part] = 0.0 if code == SEGMENT_SUM else LOWEST
    for i in range(n):
        part = memory[index + i]
        if 0.0 <= part < float(parts):
            to = r + UNSIGNED(part)
            memory[to] = memory[to] + memory[a + i] if code == SEGMENT_SUM else max(memory[to], memory[a + i])


@inlined
def nearest(memory, r, a, b, n, m):
    for j in range(m):
        memory[r + j] = abs(memory[a] - memory[b + j])
    for i in range(UNSIGNED(1), n):
        for j in range(m):
            memory[r + j] = min(memory[r + j], abs(memory[a + i] - memory[b + j]))

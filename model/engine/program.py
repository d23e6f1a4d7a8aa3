"""What the machine executes: instructions over the memory of one row, and the numbers that all rows share.

An instruction is a row of `WIDTH` integers: its code, where the result goes, its operands, sizes. An address >= 0 is a
place in the row's own memory; a negative one, -1 - place, is a place among the constants that all rows share. All
values are float64: whole numbers up to 2^53 and truth values are exact in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from model.engine.matmul import Packed

WIDTH = 13  # integers of an instruction
SORT_NOTES = 128  # elements: two for each halving of what is sorted


class Code(IntEnum):
    """What an instruction does; r is the result, a, b, c are operands, n is a number of elements."""

    COPY = 0  # r, a, n, stride: elements of a that lie `stride` apart
    COLLECT = 1  # r, list, n: elements at the addresses from `list` on in the table of addresses
    SELECT = 2  # r, c, a, b, outer, inner, distances of c, a, b: a where c is true, else b
    GATHER = 3  # r, a, index, parts, before, size, inner, count: along an axis of `size`, `count` indices a part
    GATHER_PLAN = 4  # r, part, index, width: a row of a plan, beyond its end the last
    BATCH_MATMUL = 5  # r, a, b, batch, m, k, n
    SOFTMAX = 6  # r, a, rows, n
    SORT = 7  # r, a, rows, n: the largest first; `SORT_NOTES` more elements behind r are written
    CUMSUM = 8  # r, a, outer, axis, inner; so are those down to ARGMAX
    CUMPROD = 9
    SUM = 10
    LARGEST = 11
    LEAST = 12
    ARGMAX = 13
    SEGMENT_SUM = 16  # r, a, index, n, parts: elements of a that have one index together; so is the next
    SEGMENT_LARGEST = 17
    NEAREST = 18  # r, a, b, n, m: of each of m elements of b, how far it is to the nearest of n elements of a
    # barriers: carried out for all rows at once
    MATMUL = 14  # r, a, matrix, m: m vectors of every row
    STACK = 15  # r, a: one step of the recurrent stack
    # of one operand: r, a, n
    NEG = 20
    ABS = 21
    NOT = 22
    TRUNC = 23
    EXP = 24
    LOG = 25
    LOG1P = 26
    SIGMOID = 27
    TANH = 28
    SQUARE = 29
    RSQRT = 30
    ERFC = 31
    SIN = 32
    COS = 33
    # of two: r, a, b, outer, inner, distances of a and b (of each, from one outer to the next, then within: 0 or 1)
    ADD = 40
    SUB = 41
    MUL = 42
    DIV = 43
    MAX = 44
    MIN = 45
    FLOORDIV = 46
    FLOORMOD = 47
    EQ = 48
    NE = 49
    LT = 50
    LE = 51
    AND = 52
    OR = 53


BARRIERS = (Code.MATMUL, Code.STACK)


@dataclass(frozen=True)
class Place:
    """Where a part of a row's memory lies: `size` elements from `at` on."""

    at: int
    size: int


@dataclass(frozen=True)
class Program:
    """One step of one piece.

    Attributes:
        code: int64 (instructions, WIDTH).
        barriers: indices of the instructions that are carried out for all rows at once, and the end, int64.
        addresses: the table that COLLECT reads, int64.
        constants: float64.
        matrices: of MATMUL, by number.
        inputs: where each input lies, by name; the machine's caller fills them.
        outputs: where each output lies after a step, by name.
        size: of a row's memory.
    """

    code: NDArray[np.int64]
    barriers: NDArray[np.int64]
    addresses: NDArray[np.int64]
    constants: NDArray[np.float64]
    matrices: tuple[Packed, ...]
    inputs: dict[str, Place]
    outputs: dict[str, Place]
    size: int
    plan_parts: tuple[str, ...] = field(default=())

"""The numbers of instructions as plain numbers, which numba wants, and where operands lie.

Places and sizes are unsigned: an index that might be negative would be checked in every turn of a loop, and no vectors
be made of it.
"""

# ruff: noqa: ANN001, ANN201 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from model.engine import program
from model.engine.compiling import inlined

COPY, COLLECT, SELECT, GATHER, GATHER_PLAN, BATCH_MATMUL, SOFTMAX, SORT = range(8)
CUMSUM, CUMPROD, SUM, LARGEST, LEAST, ARGMAX, MATMUL, STACK, SEGMENT_SUM, SEGMENT_LARGEST, NEAREST = range(8, 19)
NEG, ABS, NOT, TRUNC, EXP, LOG, LOG1P, SIGMOID, TANH, SQUARE, RSQRT, ERFC, SIN, COS = range(20, 34)
ADD, SUB, MUL, DIV, MAX, MIN, FLOORDIV, FLOORMOD, EQ, NE, LT, LE, AND, OR = range(40, 54)
if any(globals()[code.name] != code for code in program.Code):
    raise RuntimeError("the machine and the program number their instructions differently")

UNSIGNED = np.uint64


@inlined
def place(address, base):
    """The place in memory of an address of the row whose memory begins at `base`."""
    return UNSIGNED(base + address if address >= 0 else -1 - address)

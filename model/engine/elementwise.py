"""Instructions on elements: each of one operand, pairs of two, one of two by a third; see `program.Code`."""

# ruff: noqa: ANN001, ANN201, ANN202, C901, D103, PLR0913 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from model.engine.arithmetic import exp64
from model.engine.codes import (
    ABS,
    ADD,
    AND,
    COS,
    DIV,
    EQ,
    ERFC,
    EXP,
    FLOORDIV,
    FLOORMOD,
    LE,
    LOG,
    LOG1P,
    LT,
    MAX,
    MIN,
    MUL,
    NE,
    NEG,
    NOT,
    OR,
    RSQRT,
    SIGMOID,
    SIN,
    SQUARE,
    SUB,
    TANH,
    TRUNC,
)  # fmt: skip
from model.engine.compiling import inlined, named


@inlined
def unary(code, memory, r, a, n):
    if code == NEG:
        for i in range(n):
            memory[r + i] = -memory[a + i]
    elif code == ABS:
        for i in range(n):
            memory[r + i] = abs(memory[a + i])
    elif code == NOT:
        for i in range(n):
            memory[r + i] = 1.0 - memory[a + i]
    elif code == TRUNC:
        for i in range(n):
            memory[r + i] = np.trunc(memory[a + i])
    elif code == EXP:
        for i in range(n):
            memory[r + i] = exp64(memory[a + i])
    elif code == LOG:
        for i in range(n):
            memory[r + i] = math.log(memory[a + i]) if memory[a + i] > 0 else -np.inf
    elif code == LOG1P:
        for i in range(n):
            memory[r + i] = math.log1p(memory[a + i])
    else:
        curve(code, memory, r, a, n)


@inlined
def curve(code, memory, r, a, n):
    if code == SIGMOID:
        for i in range(n):
            memory[r + i] = 1.0 / (1.0 + exp64(-memory[a + i]))
    elif code == TANH:
        for i in range(n):
            memory[r + i] = 1.0 - 2.0 / (exp64(2.0 * memory[a + i]) + 1.0)
    elif code == SQUARE:
        for i in range(n):
            memory[r + i] = memory[a + i] * memory[a + i]
    elif code == RSQRT:
        for i in range(n):
            memory[r + i] = 1.0 / math.sqrt(memory[a + i])
    elif code == ERFC:
        for i in range(n):
            memory[r + i] = math.erfc(memory[a + i])
    elif code == SIN:
        for i in range(n):
            memory[r + i] = math.sin(memory[a + i])
    elif code == COS:
        for i in range(n):
            memory[r + i] = math.cos(memory[a + i])


def _of_pairs(name: str, operation: Callable[[float, float], float]) -> Callable[..., None]:
    """A loop over pairs of elements; an operand that stays where it is (distance 0) is read once, before the loop."""
    of_two = inlined(named(operation, f"{name}_of_two"))

    def loop(memory, r, a, b, n, near_a, near_b):
        if near_a == 0 and near_b == 0:
            value = of_two(memory[a], memory[b])
            for i in range(n):
                memory[r + i] = value
        elif near_b == 0:
            right = memory[b]
            for i in range(n):
                memory[r + i] = of_two(memory[a + i], right)
        elif near_a == 0:
            left = memory[a]
            for i in range(n):
                memory[r + i] = of_two(left, memory[b + i])
        else:
            for i in range(n):
                memory[r + i] = of_two(memory[a + i], memory[b + i])

    return inlined(named(loop, f"{name}_of_pairs"))


add, _sub = _of_pairs("add", lambda x, y: x + y), _of_pairs("sub", lambda x, y: x - y)
_mul, _div = _of_pairs("mul", lambda x, y: x * y), _of_pairs("div", lambda x, y: x / y)
largest = _of_pairs("largest", lambda x, y: x if x > y else y)
least = _of_pairs("least", lambda x, y: x if x < y else y)
_floordiv = _of_pairs("floordiv", lambda x, y: np.floor(x / y))
_floormod = _of_pairs("floormod", lambda x, y: x - y * np.floor(x / y))
_eq = _of_pairs("eq", lambda x, y: 1.0 if x == y else 0.0)
_ne = _of_pairs("ne", lambda x, y: 1.0 if x != y else 0.0)
_lt = _of_pairs("lt", lambda x, y: 1.0 if x < y else 0.0)
_le = _of_pairs("le", lambda x, y: 1.0 if x <= y else 0.0)


@inlined
def binary(code, memory, r, a, b, n, near_a, near_b):
    if code == ADD:
        add(memory, r, a, b, n, near_a, near_b)
    elif code == SUB:
        _sub(memory, r, a, b, n, near_a, near_b)
    elif code in (MUL, AND):
        _mul(memory, r, a, b, n, near_a, near_b)
    elif code == DIV:
        _div(memory, r, a, b, n, near_a, near_b)
    elif code in (MAX, OR):
        largest(memory, r, a, b, n, near_a, near_b)
    elif code == MIN:
        least(memory, r, a, b, n, near_a, near_b)
    elif code == FLOORDIV:
        _floordiv(memory, r, a, b, n, near_a, near_b)
    elif code == FLOORMOD:
        _floormod(memory, r, a, b, n, near_a, near_b)
    elif code == EQ:
        _eq(memory, r, a, b, n, near_a, near_b)
    elif code == NE:
        _ne(memory, r, a, b, n, near_a, near_b)
    elif code == LT:
        _lt(memory, r, a, b, n, near_a, near_b)
    elif code == LE:
        _le(memory, r, a, b, n, near_a, near_b)


@inlined
def select(memory, r, a, b, c, outer, inner, far, near):
    """`far` and `near` are distances of the condition, of what is chosen and of the other."""
    for o in range(outer):
        to, one, two, three = r + o * inner, a + o * far[0], b + o * far[1], c + o * far[2]
        if near[0] == 0:
            if memory[one] != 0.0:
                _repeated(memory, to, two, inner, near[1])
            else:
                _repeated(memory, to, three, inner, near[2])
        elif near[1] == 0 and near[2] == 0:
            chosen, other = memory[two], memory[three]
            for i in range(inner):
                memory[to + i] = chosen if memory[one + i] != 0.0 else other
        elif near[1] == 0:
            chosen = memory[two]
            for i in range(inner):
                memory[to + i] = chosen if memory[one + i] != 0.0 else memory[three + i]
        elif near[2] == 0:
            other = memory[three]
            for i in range(inner):
                memory[to + i] = memory[two + i] if memory[one + i] != 0.0 else other
        else:
            for i in range(inner):
                chosen, other = memory[two + i], memory[three + i]
                memory[to + i] = chosen if memory[one + i] != 0.0 else other


@inlined
def _repeated(memory, r, a, n, near):
    if near == 0:
        value = memory[a]
        for i in range(n):
            memory[r + i] = value
    else:
        for i in range(n):
            memory[r + i] = memory[a + i]

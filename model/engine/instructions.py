"""What single instructions do to the memory of one row: see `program.Code` for their operands.

Places and sizes are unsigned: an index that might be negative would be checked in every turn of a loop, and no vectors
be made of it.
"""

# ruff: noqa: ANN001, ANN201, C901, D103, PLR0913 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from model.engine import program
from model.engine.arithmetic import exp64
from model.engine.compiling import inlined

# plain numbers, as numba wants them
COPY, COLLECT, SELECT, GATHER, GATHER_PLAN, BATCH_MATMUL, SOFTMAX, SORT = range(8)
CUMSUM, CUMPROD, SUM, LARGEST, LEAST, ARGMAX, MATMUL, STACK = range(8, 16)
NEG, ABS, NOT, TRUNC, EXP, LOG, LOG1P, SIGMOID, TANH, SQUARE, RSQRT, ERFC, SIN, COS = range(20, 34)
ADD, SUB, MUL, DIV, MAX, MIN, FLOORDIV, FLOORMOD, EQ, NE, LT, LE, AND, OR = range(40, 54)
if any(globals()[code.name] != code for code in program.Code):
    raise RuntimeError("the instructions and the program number their instructions differently")


UNSIGNED = np.uint64


@inlined
def place(address, base):
    """The place in memory of an address of the row whose memory begins at `base`."""
    return UNSIGNED(base + address if address >= 0 else -1 - address)


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


@inlined
def binary(code, memory, r, a, b, n, sa, sb):
    if code == ADD:
        for i in range(n):
            memory[r + i] = memory[a + i * sa] + memory[b + i * sb]
    elif code == SUB:
        for i in range(n):
            memory[r + i] = memory[a + i * sa] - memory[b + i * sb]
    elif code == MUL:
        for i in range(n):
            memory[r + i] = memory[a + i * sa] * memory[b + i * sb]
    elif code == DIV:
        for i in range(n):
            memory[r + i] = memory[a + i * sa] / memory[b + i * sb]
    elif code == MAX:
        for i in range(n):
            memory[r + i] = max(memory[a + i * sa], memory[b + i * sb])
    elif code == MIN:
        for i in range(n):
            memory[r + i] = min(memory[a + i * sa], memory[b + i * sb])
    elif code == FLOORDIV:
        for i in range(n):
            memory[r + i] = np.floor(memory[a + i * sa] / memory[b + i * sb])
    elif code == FLOORMOD:
        for i in range(n):
            memory[r + i] = memory[a + i * sa] - memory[b + i * sb] * np.floor(memory[a + i * sa] / memory[b + i * sb])
    else:
        compare(code, memory, r, a, b, n, sa, sb)


@inlined
def compare(code, memory, r, a, b, n, sa, sb):
    if code == EQ:
        for i in range(n):
            memory[r + i] = 1.0 if memory[a + i * sa] == memory[b + i * sb] else 0.0
    elif code == NE:
        for i in range(n):
            memory[r + i] = 1.0 if memory[a + i * sa] != memory[b + i * sb] else 0.0
    elif code == LT:
        for i in range(n):
            memory[r + i] = 1.0 if memory[a + i * sa] < memory[b + i * sb] else 0.0
    elif code == LE:
        for i in range(n):
            memory[r + i] = 1.0 if memory[a + i * sa] <= memory[b + i * sb] else 0.0
    elif code == AND:
        for i in range(n):
            memory[r + i] = memory[a + i * sa] * memory[b + i * sb]
    elif code == OR:
        for i in range(n):
            memory[r + i] = max(memory[a + i * sa], memory[b + i * sb])


@inlined
def select(memory, r, a, b, c, outer, inner, distances):
    far = (UNSIGNED(distances[0]), UNSIGNED(distances[2]), UNSIGNED(distances[4]))
    near = (UNSIGNED(distances[1]), UNSIGNED(distances[3]), UNSIGNED(distances[5]))
    for o in range(outer):
        to, one, two, three = r + o * inner, a + o * far[0], b + o * far[1], c + o * far[2]
        for i in range(inner):
            chosen, other = memory[two + i * near[1]], memory[three + i * near[2]]
            memory[to + i] = chosen if memory[one + i * near[0]] != 0.0 else other


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


@inlined
def reduced(code, memory, r, a, outer, axis, inner):
    for o in range(outer):
        to, first = r + o * inner, a + o * axis * inner
        for j in range(inner):
            memory[to + j] = 0.0 if code == SUM else memory[first + j]
        for i in range(axis):
            source = first + i * inner
            if code == SUM:
                for j in range(inner):
                    memory[to + j] += memory[source + j]
            elif code == LEAST:
                for j in range(inner):
                    memory[to + j] = min(memory[to + j], memory[source + j])
            else:
                for j in range(inner):
                    memory[to + j] = max(memory[to + j], memory[source + j])


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
        largest, total = memory[first], 0.0
        for i in range(n):
            largest = max(largest, memory[first + i])
        for i in range(n):
            memory[to + i] = exp64(memory[first + i] - largest)
        for i in range(n):
            total += memory[to + i]
        for i in range(n):
            memory[to + i] /= total


@inlined
def sort(memory, r, a, rows, n):
    for row in range(rows):
        ordered = np.sort(memory[a + row * n : a + (row + UNSIGNED(1)) * n])
        for i in range(n):
            memory[r + row * n + i] = ordered[n - UNSIGNED(1) - i]


@inlined
def batch_matmul(memory, r, a, b, batch, m, k, n):
    for one in range(batch):
        for i in range(m):
            to, left = r + (one * m + i) * n, a + (one * m + i) * k
            for j in range(n):
                memory[to + j] = 0.0
            for term in range(k):
                factor, right = memory[left + term], b + (one * k + term) * n
                for j in range(n):
                    memory[to + j] += factor * memory[right + j]


@inlined
def gather(memory, r, a, index, parts, before, size, inner, count):
    last = float(size) - 1.0
    for part in range(parts):
        for o in range(before):
            for c in range(count):
                where = UNSIGNED(min(max(memory[index + part * count + c], 0.0), last))
                source = a + (((part * before + o) * size) + where) * inner
                to = r + (((part * before + o) * count) + c) * inner
                for i in range(inner):
                    memory[to + i] = memory[source + i]


@inlined
def gather_plan(memory, r, row, width, plan, first, rows):
    source = UNSIGNED(first) + UNSIGNED(min(max(row, 0.0), float(rows) - 1.0)) * width
    for i in range(width):
        memory[r + i] = plan[source + i]

"""What single instructions do to the memory of one row: see `program.Code` for their operands."""

# ruff: noqa: ANN001, ANN201, C901, D103, PLR0913 (numba infers types; one function a kind)

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


@inlined
def place(address, base):
    """The place in memory of an address of the row whose memory begins at `base`."""
    return base + address if address >= 0 else -1 - address


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
    elif code == SIGMOID:
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
            left, right = memory[a + i * sa], memory[b + i * sb]
            memory[r + i] = left - right * np.floor(left / right)
    elif code == EQ:
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
def running(code, memory, r, a, outer, axis, inner):
    for o in range(outer):
        for j in range(inner):
            at = o * axis * inner + j
            running = memory[a + at]
            memory[r + at] = running
            for i in range(1, axis):
                value = memory[a + at + i * inner]
                running = running + value if code == CUMSUM else running * value
                memory[r + at + i * inner] = running


@inlined
def reduced(code, memory, r, a, outer, axis, inner):
    for o in range(outer):
        to, first = r + o * inner, a + o * axis * inner
        for j in range(inner):
            memory[to + j] = memory[first + j]
        for i in range(1, axis):
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
            best, where = memory[first], 0
            for i in range(1, axis):
                if memory[first + i * inner] > best:
                    best, where = memory[first + i * inner], i
            memory[r + o * inner + j] = where


@inlined
def softmax(memory, r, a, rows, n):
    for row in range(rows):
        first, to = a + row * n, r + row * n
        largest = memory[first]
        for i in range(1, n):
            largest = max(largest, memory[first + i])
        for i in range(n):
            memory[to + i] = exp64(memory[first + i] - largest)
        total = 0.0
        for i in range(n):
            total += memory[to + i]
        for i in range(n):
            memory[to + i] /= total


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
    for part in range(parts):
        for o in range(before):
            for c in range(count):
                place = min(max(int(memory[index + part * count + c]), 0), size - 1)
                source = a + (((part * before + o) * size) + place) * inner
                to = r + (((part * before + o) * count) + c) * inner
                for i in range(inner):
                    memory[to + i] = memory[source + i]

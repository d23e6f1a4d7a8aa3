"""Instructions that bring elements elsewhere: by an index, in order; and products of a row's own numbers."""

# ruff: noqa: ANN001, ANN201, D103, PLR0913 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from model.engine.codes import UNSIGNED
from model.engine.compiling import inlined

FEW = UNSIGNED(16)  # numbers that are sorted by insertion


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


@inlined
def sort(memory, r, a, rows, n):
    """Quicksort (Hoare 1962), the larger part put off; what is put off is noted behind the result."""
    notes = r + rows * n
    for row in range(rows):
        first = r + row * n
        for i in range(n):
            memory[first + i] = memory[a + row * n + i]
        noted, low, high = UNSIGNED(0), first, first + n  # of what is to be sorted, the end not included
        while True:
            while high - low > FEW:
                i = split(memory, low, high)
                far = high - i > i - low
                memory[notes + noted] = float(i if far else low)
                memory[notes + noted + UNSIGNED(1)] = float(high if far else i)
                noted += UNSIGNED(2)
                low, high = (low, i) if far else (i, high)
            insertion(memory, low, high)
            if noted == 0:
                break
            noted -= UNSIGNED(2)
            low, high = UNSIGNED(memory[notes + noted]), UNSIGNED(memory[notes + noted + UNSIGNED(1)])


@inlined
def split(memory, low, high):
    """Bring the larger numbers before the smaller; where the smaller begin. Neither part is empty."""
    one, two, three = memory[low], memory[low + (high - low) // UNSIGNED(2)], memory[high - UNSIGNED(1)]
    middle = max(min(one, two), min(max(one, two), three))
    i, j = low, high - UNSIGNED(1)
    while True:
        while memory[i] > middle:
            i += UNSIGNED(1)
        while memory[j] < middle:
            j -= UNSIGNED(1)
        if i >= j:
            return max(i, low + UNSIGNED(1))
        memory[i], memory[j] = memory[j], memory[i]
        i += UNSIGNED(1)
        j -= UNSIGNED(1)


@inlined
def insertion(memory, low, high):
    for place in range(low + UNSIGNED(1), high):
        value, i = memory[place], UNSIGNED(place)
        while i > low and memory[i - UNSIGNED(1)] < value:
            memory[i] = memory[i - UNSIGNED(1)]
            i -= UNSIGNED(1)
        memory[i] = value


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

"""One class out of logits, decided by a uniform number: temperature, top-k, top-p and min-p."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from model.arithmetic import exp64
from model.compiling import inlined, kept

BITS, SCRAMBLE, STRIDE = 1 << 24, 10_368_889, 7_158_278  # what a float32 in [0, 1) holds; an odd factor, and even steps


@inlined
def draw_class(logits, size, uniform, temperature, top_k, top_p, min_p, probabilities):  # noqa: ANN001, ANN201, PLR0913
    """The drawn class.

    Args:
        logits: float32, the first `size` of them.
        size: how many classes.
        uniform: in [0, 1), what decides.
        temperature, top_k, top_p, min_p: see `SamplingParameters`.
        probabilities: float64, scratch for `size` numbers.
    """
    largest = logits[0]
    for i in range(1, size):
        largest = max(largest, logits[i])
    for i in range(size):
        probabilities[i] = exp64((np.float64(logits[i]) - largest) / temperature)
    total = 0.0
    for i in range(size):
        total += probabilities[i]
    for i in range(size):
        probabilities[i] /= total
    least = max(_least_kept(probabilities, size, top_k, top_p), min_p / total)  # the likeliest has 1 / total
    kept = 0.0
    for i in range(size):
        kept += probabilities[i] if probabilities[i] >= least else 0.0
    so_far, drawn = 0.0, 0
    for i in range(size):
        if probabilities[i] >= least:
            so_far += probabilities[i]
            drawn = i
            if so_far > uniform * kept:
                break
    return drawn


@inlined
def _least_kept(probabilities, size, top_k, top_p):  # noqa: ANN001, ANN202
    """The least probability among the `top_k` likeliest classes, 0 for all, that reach `top_p` together."""
    if top_k == 0 and top_p >= 1.0:
        return 0.0
    least, before, rank = 2.0, 0.0, 0  # `before`: the probability of all likelier classes
    while rank < size and before < top_p and (rank < top_k or top_k == 0):
        likeliest, count = 0.0, 0
        for i in range(size):
            likeliest = max(likeliest, probabilities[i] if probabilities[i] < least else 0.0)
        for i in range(size):
            count += 1 if probabilities[i] == likeliest else 0
        least, before, rank = likeliest, before + likeliest * count, rank + count
        if likeliest == 0.0:
            break
    return least


@inlined
def another(uniform, tries):  # noqa: ANN001, ANN201
    """The number itself for 0 tries, else one of its own for each number of them: both in [0, 1), float32.

    The 24 bits of the number times an odd factor: what was low, and has decided nothing yet, becomes high.
    """
    if tries == 0:
        return uniform
    bits = np.int64(uniform * np.float32(BITS)) * (SCRAMBLE + tries * STRIDE) % BITS
    return np.float32(bits) / np.float32(BITS)


@kept
def draw_one(logits, uniform, temperature, top_k, top_p, min_p, probabilities):  # noqa: ANN001, ANN201
    """As `draw_class`, for callers in Python."""
    return draw_class(logits, len(logits), uniform, temperature, top_k, top_p, min_p, probabilities)

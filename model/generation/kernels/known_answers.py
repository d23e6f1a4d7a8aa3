"""Known answers: what compiled code gives for a known input is compared with plain numpy when an engine is made.

A processor or a cache whose machine code is wrong then stops the load, and draws no wrong notes.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import LARGEST, WIDEST
from model.compiling import folder, kept
from model.errors import EngineError
from model.generation.kernels.products import PANEL, multiply_add, pack, padded_size, rounded

INPUTS, OUTPUTS = 70, 100  # neither fills its last group or panel


@kept
def product(x, weights, outputs, q, y):  # noqa: ANN001, ANN201
    """y[:outputs] = x @ packed weights; `q` is scratch."""
    multiply_add(q, rounded(x, len(x), q), weights, 0, len(x), outputs, y)


def expected(x: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """x @ weights, with x and each column of weights in whole numbers on a scale of its own."""
    of_x, of_columns = np.abs(x).max() / np.float64(WIDEST), np.abs(weights).max(axis=0) / np.float64(LARGEST)
    return np.rint(x / of_x) @ np.rint(weights / of_columns) * of_x * of_columns


@cache
def check() -> None:
    """Compare; once in a process.

    Raises:
        EngineError: the answers are not the known ones.
    """
    random = np.random.default_rng(1)
    x = random.standard_normal(INPUTS).astype(np.float32)
    weights = random.standard_normal((INPUTS, OUTPUTS)).astype(np.float32)
    y = np.zeros(-(-OUTPUTS // PANEL) * PANEL, dtype=np.float32)
    product(x, pack(weights).data, OUTPUTS, np.zeros(padded_size(INPUTS), dtype=np.uint8), y)
    if not np.allclose(y[:OUTPUTS], expected(x, weights), rtol=1e-4, atol=1e-4):
        raise EngineError(
            f"The compiled code of the engine computes wrong numbers. Delete the folder {folder()} and start again."
        )

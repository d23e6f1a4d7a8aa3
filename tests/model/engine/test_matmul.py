"""Products with packed weights: right, and each row's the same bits in any company."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from model.engine.matmul import PANEL, multiply_add, pack


@njit
def product(x, stride, data, inputs, outputs, y, width, rows):
    multiply_add(x, stride, data, 0, inputs, outputs, y, width, rows)


def multiplied(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """x (rows, inputs) @ weights (inputs, outputs), by the kernels."""
    packed = pack(weights)
    width = packed.panels * PANEL
    y = np.zeros((len(x), width), dtype=np.float32)
    product(x.reshape(-1), x.shape[1], packed.data, *weights.shape, y.reshape(-1), width, len(x))
    return y[:, : weights.shape[1]]


@pytest.mark.parametrize("shape", [(1, 1), (7, 63), (40, 64), (129, 65), (300, 200)])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 13])
def test_a_product_is_that_of_the_weights_in_float16(shape: tuple[int, int], rows: int):
    rng = np.random.default_rng(rows)
    weights = rng.standard_normal(shape).astype(np.float32)
    x = rng.standard_normal((rows, shape[0])).astype(np.float32)
    expected = x.astype(np.float64) @ weights.astype(np.float16).astype(np.float64)
    np.testing.assert_allclose(multiplied(x, weights), expected, rtol=1e-4, atol=1e-4)


def test_a_row_is_the_same_to_the_last_bit_alone_and_anywhere_in_any_company():
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((513, 130)).astype(np.float32)
    x = rng.standard_normal((32, 513)).astype(np.float32)
    alone = np.concatenate([multiplied(row[None], weights) for row in x])
    for count in range(2, 33):
        order = rng.permutation(32)[:count]
        np.testing.assert_array_equal(multiplied(x[order], weights), alone[order])

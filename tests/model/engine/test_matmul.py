"""Products in whole numbers: right, and each row's the same bits in any company and on every processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from llvmlite import binding
from numba import njit

from model.engine import matmul
from model.engine.kernels import ANYWHERE, GROUP, PANEL, WAY, WAYS, Way, kernel
from model.engine.matmul import multiply_add, pack, rounded
from model.network.rounding import product

KNOWN = binding.get_host_cpu_features()
HERE = {feature: way for feature, way in WAYS.items() if KNOWN.get(feature)} | {"anywhere": ANYWHERE}


@njit
def as_bytes(x, inputs, q, scales, stride):
    for row in range(len(scales)):
        scales[row] = rounded(x, row * inputs, inputs, q, row * stride)


@njit
def multiply(q, scales, data, inputs, outputs, y, width):
    multiply_add(q, scales, data, 0, inputs, outputs, y, width, len(scales))


def bytes_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of x as the kernels read them, flat, and their scales."""
    stride = -(-x.shape[1] // GROUP) * GROUP
    q, scales = np.zeros(len(x) * stride, dtype=np.uint8), np.zeros(len(x), dtype=np.float32)
    as_bytes(x.reshape(-1), x.shape[1], q, scales, stride)
    return q, scales


def multiplied(x: np.ndarray, weights: np.ndarray, by: Callable[..., None] = multiply) -> np.ndarray:
    """x (rows, inputs) @ weights (inputs, outputs)."""
    packed = pack(weights)
    width = packed.panels * PANEL
    y = np.zeros((len(x), width), dtype=np.float32)
    by(*bytes_of(x), packed.data, *weights.shape, y.reshape(-1), width)
    return y[:, : weights.shape[1]]


@pytest.mark.parametrize("shape", [(1, 1), (7, 63), (40, 64), (129, 65), (300, 200)])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 13])
def test_a_product_is_that_of_the_rounded_numbers(shape: tuple[int, int], rows: int):
    rng = np.random.default_rng(rows)
    weights = rng.standard_normal(shape).astype(np.float32)
    x = rng.standard_normal((rows, shape[0])).astype(np.float32)
    found = multiplied(x, weights)
    np.testing.assert_allclose(found, np.asarray(product(x, weights)), rtol=1e-5, atol=1e-5)
    # and that is near the product itself: each term is off by half a step of 127 at most, on either side
    exact = x.astype(np.float64) @ weights
    worst = shape[0] * np.abs(x).max() * np.abs(weights).max() / 120
    assert np.abs(found - exact).max() <= worst


def test_rows_and_columns_of_nothing_are_nothing_and_large_ones_do_not_disturb_small_ones():
    x = np.array([[0, 0, 0, 0, 0], [1e-38, 0, 0, 0, 0], [1e20, -1e20, 0, 0, 1e20], [1e-9, 0, 0, -1e-9, 0]], np.float32)
    weights = np.zeros((5, 3), dtype=np.float32)
    weights[:, 1], weights[:, 2] = [1, 2, 3, 4, 5], [1e-9, 0, 0, 0, 1e-9]
    found = multiplied(x, weights)
    np.testing.assert_array_equal(found[:2], 0)
    np.testing.assert_array_equal(found[:, 0], 0)
    np.testing.assert_allclose(found[2, 1:], [4e20, 2e11], rtol=0.02)
    np.testing.assert_allclose(found[3, 1:], [-3e-9, 1e-18], rtol=0.02)


def test_a_row_is_the_same_to_the_last_bit_alone_and_anywhere_in_any_company():
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((513, 130)).astype(np.float32)
    x = rng.standard_normal((32, 513)).astype(np.float32)
    alone = np.concatenate([multiplied(row[None], weights) for row in x])
    for count in range(2, 33):
        order = rng.permutation(32)[:count]
        np.testing.assert_array_equal(multiplied(x[order], weights), alone[order])


@pytest.mark.parametrize("way", HERE.values(), ids=HERE)
def test_every_way_of_multiplying_gives_the_same_bits(way: Way):
    # Given the kernels as they would be written for another processor
    rows = way.most_rows
    inner = matmul.inlined(kernel(rows, way))

    @njit
    def by_another(q, scales, data, inputs, outputs, y, width):
        stride = (inputs + GROUP - 1) // GROUP * GROUP
        for panel in range(width // PANEL):
            at = panel * (8 * PANEL + stride * PANEL)
            inner(q, 0, stride, scales, 0, data, at, stride // GROUP, y, panel * PANEL, width)

    rng = np.random.default_rng(1)
    for inputs, outputs in ((3, 5), (130, 64), (700, 200)):
        x, weights = rng.standard_normal((rows, inputs)), rng.standard_normal((inputs, outputs))
        x[0], weights[:, 0] = 100, 100  # sums as large as they get
        x, weights = x.astype(np.float32), weights.astype(np.float32)
        np.testing.assert_array_equal(multiplied(x, weights, by_another), multiplied(x, weights))


def test_the_fastest_way_that_this_processor_knows_is_taken():
    assert WAY is next(iter(HERE.values()))

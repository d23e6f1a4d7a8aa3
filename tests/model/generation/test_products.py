"""Products in whole numbers: right, and the same bits on every processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from llvmlite import binding
from numba import njit

from model.errors import EngineError
from model.generation.kernels import instructions, known_answers
from model.generation.kernels.instructions import ANYWHERE, PANEL, WAYS, Way, multiply_panel
from model.generation.kernels.products import pack, padded_size
from model.network.quantized import product

KNOWN = binding.get_host_cpu_features()
HERE = {feature: way for feature, way in WAYS.items() if KNOWN.get(feature)} | {"anywhere": ANYWHERE}


def multiplied(x: np.ndarray, weights: np.ndarray, by: Callable[..., None] = known_answers.product) -> np.ndarray:
    """x (inputs,) @ weights (inputs, outputs)."""
    packed = pack(weights)
    y = np.zeros(packed.panels * PANEL, dtype=np.float32)
    by(x, packed.data, weights.shape[1], np.zeros(padded_size(len(x)), dtype=np.uint8), y)
    return y[: weights.shape[1]]


@pytest.mark.parametrize("shape", [(1, 1), (7, 63), (40, 64), (129, 65), (300, 200)])
def test_a_product_is_that_of_the_rounded_numbers(shape: tuple[int, int]):
    rng = np.random.default_rng(1)
    weights, x = rng.standard_normal(shape).astype(np.float32), rng.standard_normal(shape[0]).astype(np.float32)
    found = multiplied(x, weights)
    np.testing.assert_allclose(found, np.asarray(product(x[None], weights))[0], rtol=1e-5, atol=1e-5)
    # and that is near the product itself: each term is off by half a step of 127 at most, on either side
    exact = x.astype(np.float64) @ weights
    worst = shape[0] * np.abs(x).max() * np.abs(weights).max() / 120
    assert np.abs(found - exact).max() <= worst


def test_rows_and_columns_of_nothing_are_nothing_and_large_numbers_do_not_disturb():
    weights = np.zeros((5, 3), dtype=np.float32)
    weights[:, 1], weights[:, 2] = [1, 2, 3, 4, 5], [1e-9, 0, 0, 0, 1e-9]
    nothing, tiny, large, small = (
        multiplied(np.array(row, np.float32), weights)
        for row in ([0] * 5, [1e-38, 0, 0, 0, 0], [1e20, -1e20, 0, 0, 1e20], [1e-9, 0, 0, -1e-9, 0])
    )
    assert not nothing.any()
    assert not tiny.any()
    assert large[0] == small[0] == 0
    np.testing.assert_allclose(large[1:], [4e20, 2e11], rtol=0.02)
    np.testing.assert_allclose(small[1:], [-3e-9, 1e-18], rtol=0.02)


@pytest.mark.parametrize("way", HERE.values(), ids=HERE)
def test_every_way_of_multiplying_gives_the_same_bits(way: Way, monkeypatch: pytest.MonkeyPatch):
    # Given the innermost loop as it is written for another processor
    monkeypatch.setattr(instructions, "way_of_this_processor", lambda: way)

    @njit
    def panel(q, scale, w, groups, y):
        multiply_panel(q, 0, scale, w, 0, groups, y, 0)

    rng = np.random.default_rng(1)
    for inputs in (3, 130, 700):
        groups = -(-inputs // 4)
        q = np.full(groups * 4, 128, dtype=np.uint8)
        q[:inputs] = rng.integers(0, 256, inputs)
        whole = rng.integers(-127, 128, (inputs, PANEL))
        whole[0], q[0] = 127, 255  # sums as large as they get, on a scale of exactly one
        y = np.zeros(PANEL, dtype=np.float32)
        panel(q, np.float32(1), pack(whole.astype(np.float32)).data, groups, y)
        np.testing.assert_array_equal(y, (q[:inputs].astype(np.int64) - 128) @ whole)


def test_wrong_answers_stop_the_load(monkeypatch: pytest.MonkeyPatch):
    right = known_answers.expected
    monkeypatch.setattr(known_answers, "expected", lambda *given: right(*given) + 1)
    known_answers.check.cache_clear()
    with pytest.raises(EngineError, match="Delete the folder"):
        known_answers.check()
    known_answers.check.cache_clear()

"""exp, sigmoid and tanh as vectors: as exact as they say, over all that float32 and float64 hold."""

from __future__ import annotations

import numpy as np
from numba import njit

from model.arithmetic import exp32, exp64, sigmoid32, tanh32


@njit
def of_each(function, values, results):
    for place in range(len(values)):
        results[place] = function(values[place])


def applied(function, values: np.ndarray) -> np.ndarray:
    results = np.zeros_like(values)
    of_each(function, values, results)
    return results


def test_exponentials_are_exact_to_what_they_promise():
    values = np.linspace(-86, 88, 100_001).astype(np.float32)
    exact = np.exp(values.astype(np.float64))
    assert np.abs(applied(exp32, values) / exact - 1).max() < 3e-7
    values = np.linspace(-700, 700, 100_001)
    assert np.abs(applied(exp64, values) / np.exp(values) - 1).max() < 1e-11


def test_far_out_nothing_overflows():
    assert applied(exp64, np.array([-1e9, -709.0, 0.0])).tolist() == [0.0, 0.0, 1.0]
    far = np.array([-1e30, -200, 200, 1e30], dtype=np.float32)
    assert applied(tanh32, far).tolist() == [-1, -1, 1, 1]
    np.testing.assert_allclose(applied(sigmoid32, far), [0, 0, 1, 1], atol=1e-30)


def test_sigmoid_and_tanh_are_exact_to_what_they_promise():
    values = np.linspace(-30, 30, 100_001).astype(np.float32)
    exact = values.astype(np.float64)
    assert np.abs(applied(tanh32, values) - np.tanh(exact)).max() < 3e-7
    assert np.abs(applied(sigmoid32, values) - 1 / (1 + np.exp(-exact))).max() < 3e-7

"""Drawing one class: the distribution, what `top_k`, `top_p` and `min_p` keep, and the limits of the temperature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from model.generation.options import DRAW_FROM_ALL
from model.generation.sampler import another, draw_one

LOGITS = np.log(np.array([0.1, 0.4, 0.05, 0.25, 0.2], dtype=np.float32))


def drawn(
    logits: np.ndarray,
    uniforms: np.ndarray,
    temperature: float = 1.0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    top_k: int = DRAW_FROM_ALL,
) -> np.ndarray:
    """The class each of `uniforms` chooses from `logits` (classes,)."""
    scratch, values = np.zeros(len(logits)), logits.astype(np.float32)
    parameters = float(temperature), top_k, float(top_p), float(min_p)
    return np.array([draw_one(values, float(uniform), *parameters, scratch) for uniform in uniforms])


def grid(rows: int = 10_000) -> np.ndarray:
    """Uniform numbers that cover [0, 1) evenly: what is counted is exact to one row."""
    return (np.arange(rows) + 0.5) / rows


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_classes_come_as_often_as_the_softmax_says(temperature: float):
    expected = np.exp(LOGITS / temperature) / np.exp(LOGITS / temperature).sum()
    shares = np.bincount(drawn(LOGITS, grid(), temperature), minlength=5) / 10_000
    np.testing.assert_allclose(shares, expected, atol=3e-4)


def test_random_numbers_give_the_distribution_as_well():
    # Given 20,000 random draws, Pearson's statistic for four degrees of constraints
    uniforms = np.random.default_rng(0).random(20_000, dtype=np.float32)
    counts = np.bincount(drawn(LOGITS, uniforms), minlength=5)
    expected = np.exp(LOGITS) * 20_000
    # Then it is below what chance exceeds once in a thousand times
    assert ((counts - expected) ** 2 / expected).sum() < 18.5


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(1.0, {0, 1, 2, 3, 4}), (0.94, {0, 1, 3, 4}), (0.84, {1, 3, 4}), (0.5, {1, 3}), (0.39, {1}), (0.0001, {1})],
)
def test_top_p_keeps_the_likeliest_classes_that_together_reach_it(top_p: float, kept: set[int]):
    assert set(drawn(LOGITS, grid(), top_p=top_p).tolist()) == kept


@pytest.mark.parametrize(
    ("min_p", "kept"), [(0.0, {0, 1, 2, 3, 4}), (0.2, {0, 1, 3, 4}), (0.45, {1, 3, 4}), (0.6, {1, 3}), (1.0, {1})]
)
def test_min_p_drops_classes_less_likely_than_its_share_of_the_likeliest(min_p: float, kept: set[int]):
    assert set(drawn(LOGITS, grid(), min_p=min_p).tolist()) == kept


@pytest.mark.parametrize(
    ("top_k", "kept"), [(0, {0, 1, 2, 3, 4}), (1, {1}), (2, {1, 3}), (4, {0, 1, 3, 4}), (9, {0, 1, 2, 3, 4})]
)
def test_top_k_keeps_that_many_of_the_likeliest_classes(top_k: int, kept: set[int]):
    assert set(drawn(LOGITS, grid(), top_k=top_k).tolist()) == kept


@given(
    st.lists(st.integers(-300, 300), min_size=2, max_size=40, unique=True), st.floats(0, 1, exclude_max=True, width=32)
)
@settings(deadline=None, max_examples=50)
def test_a_top_k_of_one_is_the_likeliest_class(logits: list[int], uniform: float):
    values = np.array(logits) / 10
    assert drawn(values, np.array([uniform]), temperature=2.0, top_k=1).tolist() == [int(np.argmax(values))]


def test_what_is_kept_keeps_its_proportions():
    shares = np.bincount(drawn(LOGITS, grid(), top_p=0.5), minlength=5) / 10_000
    np.testing.assert_allclose(shares[[1, 3]], [0.4 / 0.65, 0.25 / 0.65], atol=3e-4)


def test_a_low_temperature_chooses_the_likeliest_whatever_the_number():
    assert set(drawn(LOGITS, grid(), temperature=0.01).tolist()) == {1}


@given(
    st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=40),
    st.floats(0, 1, exclude_max=True, width=32),
    st.floats(0.125, 2, width=32),
    st.floats(0.125, 1, width=32),
)
@settings(deadline=None, max_examples=100)
def test_a_refused_class_is_never_drawn(logits: list[float], uniform: float, temperature: float, top_p: float):
    refused = np.arange(len(logits)) % 3 == 2
    values = np.where(refused, -1e9, logits)
    chosen = int(drawn(values, np.array([uniform]), temperature, top_p)[0])
    assert 0 <= chosen < len(logits)
    assert not refused[chosen]


@pytest.mark.parametrize("uniform", [0.0, 0.5, 0.99999994])
def test_a_class_that_is_certain_is_drawn_by_every_number(uniform: float):
    logits = np.full(128, -1e9)
    logits[77] = 3.0
    assert drawn(logits, np.array([uniform])).tolist() == [77]


def test_equally_likely_classes_are_all_kept():
    assert set(drawn(np.zeros(8), grid(), top_p=0.3).tolist()) == set(range(8))


@njit
def _anothers(uniforms, tries, out):
    for i in range(len(uniforms)):
        out[i] = another(uniforms[i], tries)


def test_a_step_drawn_anew_has_numbers_of_its_own_that_are_as_evenly_spread():
    uniforms = np.random.default_rng(1).random(20_000, dtype=np.float32)
    out = np.zeros((3, len(uniforms)), dtype=np.float32)
    for tries in range(3):
        _anothers(uniforms, tries, out[tries])
    assert out[0].tolist() == uniforms.tolist()
    assert out.min() >= 0
    assert out.max() < 1
    for again in out[1:]:
        assert np.histogram(again, bins=10, range=(0, 1))[0] == pytest.approx(2_000, rel=0.1)
        # What was drawn before says nothing about what is drawn now
        assert abs(np.corrcoef(uniforms, again)[0, 1]) < 0.03
        assert np.histogram(again[uniforms < 0.1], bins=5, range=(0, 1))[0] == pytest.approx(400, rel=0.25)

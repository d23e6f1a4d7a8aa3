"""Buckets: every integer has one class, classes rise, and a class knows its width."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from model.representation.buckets import EXACT, LARGEST, LOWEST, SIZE, WIDTHS, class_of

VALUES = st.integers(0, LARGEST)


@njit
def bucket_of(value):
    return class_of(value, EXACT)


def test_there_are_256_buckets_that_hold_every_value_up_to_the_largest_once():
    assert SIZE == 256
    assert WIDTHS.min() >= 1
    assert WIDTHS.sum() == LARGEST + 1
    np.testing.assert_array_equal(LOWEST[1:], LOWEST[:-1] + WIDTHS[:-1])


@settings(deadline=None)  # the first call compiles
@given(VALUES)
def test_a_value_lies_within_its_bucket(value: int):
    bucket = bucket_of(value)
    assert LOWEST[bucket] <= value < LOWEST[bucket] + WIDTHS[bucket]


@settings(deadline=None)  # the first call compiles
@given(VALUES, VALUES)
def test_a_larger_value_never_has_a_smaller_class(one: int, other: int):
    low, high = sorted((one, other))
    assert bucket_of(low) <= bucket_of(high)


def test_values_up_to_more_than_a_second_are_exact():
    assert [bucket_of(value) for value in range(EXACT)] == list(range(EXACT))


def test_a_bucket_is_at_most_a_sixteenth_of_what_it_holds():
    assert (np.maximum(1, LOWEST / 16) >= WIDTHS).all()


@settings(deadline=None)  # the first call compiles
@given(st.integers(LARGEST + 1, 2**31 - 1))
def test_what_is_too_large_falls_into_the_last_bucket(value: int):
    assert bucket_of(value) == SIZE - 1

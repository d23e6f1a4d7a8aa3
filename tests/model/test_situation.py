"""The situation: what a network may look at, the same on numpy and on Keras, and never against a real step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from model.representation.arrays import NUMPY

from model.piece import Piece
from model.representation import Performance
from model.representation.buckets import LOWEST, SIZE, WIDTHS, bucket_of
from model.representation.performance import DURATION, LONG_AGO, PENDING_ENDS, PITCH, SHIFT, VELOCITY
from tests.model.made_pieces import pieces, steps_of

PERFORMANCE = Performance()
PARTS = ("input", "shift", "pitch", "duration")
relaxed = settings(deadline=None, max_examples=60)


def traced(steps: np.ndarray) -> tuple[dict, dict]:
    """The situation before each step of one piece, and once its shift has passed; arrays (1, notes, ...)."""
    before, _ = PERFORMANCE.trace(steps[None], PERFORMANCE.situation(1, NUMPY))
    return before, PERFORMANCE.elapse(before, steps[None, :, SHIFT], NUMPY)


def as_step(row: np.ndarray) -> dict[str, np.ndarray]:
    return {field.name: row[None, index] for index, field in enumerate(PERFORMANCE.fields)}


def test_the_situation_tells_what_sounds_and_for_how_long():
    # Given a C of one second, 250 ms later an E of half a second
    situation = PERFORMANCE.situation(1, NUMPY)
    for row in np.array([[0, 60, 16, 100], [25, 64, 16, 50]], dtype=np.int32):
        situation = PERFORMANCE.advance(situation, as_step(row), NUMPY)
    # Then the C has 750 ms to go, the E all of its own
    assert situation["remaining"][0, [60, 62, 64]].tolist() == [75, 0, 50]
    assert situation["age"][0, [60, 62, 64]].tolist() == [25, LONG_AGO, 0]
    assert situation["pitch"].tolist() == [64]
    # And once 600 ms have passed the E is silent and any pitch may come
    later = PERFORMANCE.elapse(situation, np.array([60], dtype=np.int32), NUMPY)
    assert later["remaining"][0, [60, 64]].tolist() == [15, 0]
    assert PERFORMANCE.pending_ends(later, NUMPY).tolist() == [[15, 0, 0, 0]]
    assert np.flatnonzero(~PERFORMANCE.allowed("pitch", later, NUMPY)[0]).tolist() == [60]


def test_within_a_chord_only_higher_pitches_follow():
    situation = PERFORMANCE.situation(1, NUMPY)
    situation = PERFORMANCE.advance(situation, as_step(np.array([0, 60, 16, 100], dtype=np.int32)), NUMPY)
    together = PERFORMANCE.elapse(situation, np.array([0], dtype=np.int32), NUMPY)
    assert np.flatnonzero(PERFORMANCE.allowed("pitch", together, NUMPY)[0]).tolist() == list(range(61, 128))


def test_pending_ends_are_the_latest_distinct_ones_longest_first():
    situation = PERFORMANCE.situation(1, NUMPY)
    situation["remaining"][0, 40:48] = [9, 3, 9, 7, 1, 5, 2, 0]
    assert PERFORMANCE.pending_ends(situation, NUMPY).tolist() == [[9, 7, 5, 3]]


@given(pieces())
@relaxed
def test_a_real_step_is_never_refused(piece: Piece):
    steps = PERFORMANCE.encode(piece)
    if not len(steps):
        return
    before, later = traced(steps)
    classes = PERFORMANCE.classes(steps[None], before, NUMPY)
    for index, field in enumerate(PERFORMANCE.fields):
        assert ((classes[..., index] >= 0) & (classes[..., index] < field.size)).all()
        allowed = PERFORMANCE.allowed(field.name, before if index == SHIFT else later, NUMPY)
        if allowed is not None:
            assert np.take_along_axis(allowed, classes[..., index, None], axis=-1).all(), field.name


@given(pieces(), st.floats(0, 1, exclude_max=True, width=32))
@relaxed
def test_the_raw_value_of_a_class_lies_in_its_bucket_or_meets_the_end_it_points_at(piece: Piece, uniform: float):
    steps = PERFORMANCE.encode(piece)
    if not len(steps):
        return
    before, later = traced(steps)
    classes = PERFORMANCE.classes(steps[None], before, NUMPY)[0]
    flat = {name: value[0] for name, value in later.items()}
    uniforms = np.full(len(steps), uniform, dtype=np.float32)
    raw = [PERFORMANCE.raw(index, classes[:, index], uniforms, flat, NUMPY) for index in range(4)]
    np.testing.assert_array_equal(raw[PITCH], steps[:, PITCH])
    np.testing.assert_array_equal(raw[VELOCITY], steps[:, VELOCITY])
    np.testing.assert_array_equal(bucket_of(raw[SHIFT]), classes[:, SHIFT])
    pointing = classes[:, DURATION] >= SIZE
    np.testing.assert_array_equal(raw[DURATION][pointing], steps[pointing, DURATION])
    np.testing.assert_array_equal(bucket_of(raw[DURATION][~pointing]), classes[~pointing, DURATION])


def test_the_residual_is_the_logarithm_of_how_many_values_share_the_classes():
    classes = np.array([[5, 60, 16, 200], [255, 60, 16, SIZE + 1], [PERFORMANCE.end_class, 0, 0, 1]], dtype=np.int32)
    expected = [np.log(WIDTHS[200]), np.log(WIDTHS[255]), 0]
    np.testing.assert_allclose(PERFORMANCE.residual_nats(classes), expected, rtol=1e-6)


def test_a_duration_that_meets_a_pending_end_points_at_it():
    # Given a C of one second and, 250 ms later, an E that ends with it
    steps = np.array([[0, 60, 16, 100], [25, 64, 16, 75]], dtype=np.int32)
    classes = PERFORMANCE.classes(steps[None], traced(steps)[0], NUMPY)
    assert classes[0].tolist() == [[0, 60, 16, 100], [25, 64, 16, SIZE]]


@pytest.mark.parametrize("seed", range(3))
def test_numpy_and_keras_agree_on_every_part_of_the_situation(seed: int):
    rng = np.random.default_rng(seed)
    batch = np.stack([steps_of(rng, 60)[:40] for _ in range(3)])  # (pieces, notes, fields)
    here, there = PERFORMANCE.situation(3, NUMPY), PERFORMANCE.situation(3, ops)
    for position in range(batch.shape[1]):
        step = {field.name: batch[:, position, index] for index, field in enumerate(PERFORMANCE.fields)}
        assert_same(here, there)
        later = PERFORMANCE.elapse(here, step["shift"], NUMPY)
        other = PERFORMANCE.elapse(there, ops.convert_to_tensor(step["shift"]), ops)
        assert_same(later, other)
        assert_same_views(later, other, rng)
        here = PERFORMANCE.advance(here, step, NUMPY)
        there = PERFORMANCE.advance(there, {name: ops.convert_to_tensor(value) for name, value in step.items()}, ops)


def assert_same(here: dict, there: dict) -> None:
    for name, value in here.items():
        other = ops.convert_to_numpy(there[name])
        assert other.dtype == value.dtype, name
        np.testing.assert_array_equal(other, value, err_msg=name)


def assert_same_views(here: dict, there: dict, rng: np.random.Generator) -> None:
    np.testing.assert_array_equal(
        ops.convert_to_numpy(PERFORMANCE.pending_ends(there, ops)), PERFORMANCE.pending_ends(here, NUMPY)
    )
    for part in PARTS:
        context = PERFORMANCE.context(part, here, NUMPY)
        assert context.shape == (3, PERFORMANCE.context_sizes[part])
        np.testing.assert_allclose(
            ops.convert_to_numpy(PERFORMANCE.context(part, there, ops)), context, rtol=1e-5, atol=1e-6
        )
    for name in ("pitch", "duration"):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(PERFORMANCE.allowed(name, there, ops)), PERFORMANCE.allowed(name, here, NUMPY)
        )
    uniform = rng.random(3, dtype=np.float32)
    for index, size in ((SHIFT, SIZE), (DURATION, SIZE + PENDING_ENDS)):
        drawn = rng.integers(0, size, 3).astype(np.int32)
        raw = PERFORMANCE.raw(index, ops.convert_to_tensor(drawn), ops.convert_to_tensor(uniform), there, ops)
        np.testing.assert_array_equal(ops.convert_to_numpy(raw), PERFORMANCE.raw(index, drawn, uniform, here, NUMPY))


def test_no_uniform_number_leaves_the_bucket():
    assert (LOWEST + (np.float32(0.99999994) * WIDTHS.astype(np.float32)).astype(np.int32) < LOWEST + WIDTHS).all()

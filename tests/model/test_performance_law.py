"""The law of `performance`: what a network may look at, what can follow, and that no real step is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.piece import Piece
from model.representation import Performance
from model.representation.buckets import LOWEST, SIZE, WIDTHS
from model.representation.performance import DURATION, PITCH, SHIFT, VELOCITY
from model.representation.performance_law import HIGHEST_KEY, LONG_AGO, LOWEST_KEY
from tests.model.made_pieces import pieces
from tests.model.moments import Moment

PERFORMANCE = Performance()
NAMES = [field.name for field in PERFORMANCE.fields]
CONTROLS = np.zeros(PERFORMANCE.controls.width, dtype=np.float32)
relaxed = settings(deadline=None, max_examples=60)


def test_the_state_tells_what_sounds_and_for_how_long():
    # Given a C of one second, 250 ms later an E of half a second
    moment = Moment(PERFORMANCE).after(np.array([[0, 60, 16, 100], [25, 64, 16, 50]]))
    # Then the C has 750 ms to go, the E all of its own
    assert moment["remaining"][[60, 62, 64]].tolist() == [75, 0, 50]
    assert moment["age"][[60, 62, 64]].tolist() == [25, LONG_AGO, 0]
    assert moment["pitch"] == 64
    # And once 600 ms have passed the E is silent and any other pitch may come
    later = moment.knowing(shift=60)
    assert later["remaining"][[60, 64]].tolist() == [15, 0]
    assert np.flatnonzero(~later.allowed("pitch")).tolist() == [60]
    # And a duration may point at the one end there is
    assert np.flatnonzero(later.allowed("duration")[SIZE:]).tolist() == [0]


def test_what_the_network_sees_is_what_a_table_says():
    # Given a C of one second that was struck 250 ms ago
    seen = Moment(PERFORMANCE).after(np.array([[0, 60, 16, 100]])).knowing(shift=25)
    keys, ends = seen.seen("pitch"), seen.seen("duration")
    assert keys[60] == pytest.approx(np.log(76) / 6)
    assert keys[128 + 60] == pytest.approx(np.exp(-25 / 50))
    assert keys[256 + 60] == pytest.approx(np.exp(-25 / 400))
    assert keys[:384].sum() == pytest.approx(keys[[60, 188, 316]].sum())
    assert ends[:12] == pytest.approx(
        [np.log(76) / 6, 0, 0, 0, np.exp(-75 / 20), 1, 1, 1, np.exp(-75 / 100), 1, 1, 1], abs=1e-6
    )
    # And whether and how near the end is known stands last, after what is asked
    assert Moment(PERFORMANCE).seen("velocity").tolist() == [0.0] * PERFORMANCE.context_sizes["velocity"]
    near = Moment(PERFORMANCE, left=50).seen("velocity")[len(CONTROLS) :]
    assert near == pytest.approx([1, 0, *np.exp(-50 / np.array(PERFORMANCE.left_fades))], abs=1e-6)
    assert Moment(PERFORMANCE, left=0).seen("velocity")[len(CONTROLS) :].tolist() == [1.0] * 7


def test_within_a_chord_only_higher_pitches_follow():
    together = Moment(PERFORMANCE).after(np.array([[0, 60, 16, 100]])).knowing(shift=0)
    assert np.flatnonzero(together.allowed("pitch")).tolist() == list(range(61, 128))


def test_pending_ends_are_the_latest_distinct_ones_longest_first():
    moment = Moment(PERFORMANCE)
    moment.states["remaining"][0, 40:48] = [9, 3, 9, 7, 1, 5, 2, 0]
    assert [moment.raw("duration", SIZE + rank) for rank in range(4)] == [9, 7, 5, 3]


@given(pieces())
@relaxed
def test_a_real_step_is_never_refused(piece: Piece):
    steps = PERFORMANCE.encode(piece)
    trace = PERFORMANCE.trace(steps, PERFORMANCE.new_states(), CONTROLS)
    at = 0
    for index, field in enumerate(PERFORMANCE.fields):
        classes, allowed = trace.classes[:, index], trace.allowed[:, at : at + field.size]
        assert ((classes >= 0) & (classes < field.size)).all()
        assert np.take_along_axis(allowed, classes[:, None], axis=1).all(), field.name
        at += field.size


@given(pieces(), st.floats(0, 1, exclude_max=True, width=32))
@settings(deadline=None, max_examples=20)
def test_the_raw_value_of_a_class_lies_in_its_bucket_or_meets_the_end_it_points_at(piece: Piece, uniform: float):
    moment = Moment(PERFORMANCE)
    for step in PERFORMANCE.encode(piece)[:40]:
        classes = moment.classes(step)
        later = moment.knowing(shift=step[SHIFT])
        raw = [moment.raw("shift", classes[SHIFT], uniform)]
        raw += [later.raw(name, classes[index + 1], uniform) for index, name in enumerate(NAMES[1:])]
        assert raw[PITCH] == step[PITCH]
        assert raw[VELOCITY] == step[VELOCITY]
        assert LOWEST[classes[SHIFT]] <= raw[SHIFT] < LOWEST[classes[SHIFT]] + WIDTHS[classes[SHIFT]]
        if classes[DURATION] >= SIZE:
            assert raw[DURATION] == step[DURATION]
        else:
            assert 0 <= raw[DURATION] - LOWEST[classes[DURATION]] < WIDTHS[classes[DURATION]]
        moment.after(step)


def test_saying_exact_values_costs_the_logarithm_of_how_many_share_the_classes():
    classes = np.array([[5, 60, 16, 200], [255, 60, 16, SIZE + 1], [PERFORMANCE.end_class, 0, 0, 1]], dtype=np.int32)
    expected = [np.log(WIDTHS[200]), np.log(WIDTHS[255]), 0]
    np.testing.assert_allclose(PERFORMANCE.quantisation_nats(classes), expected, rtol=1e-6)


def test_a_duration_that_meets_a_pending_end_points_at_it():
    # Given a C of one second and, 250 ms later, an E that ends with it
    moment = Moment(PERFORMANCE)
    assert moment.classes([0, 60, 16, 100]) == [0, 60, 16, 100]
    assert moment.after(np.array([[0, 60, 16, 100]])).classes([25, 64, 16, 75]) == [25, 64, 16, SIZE]


def test_composing_begins_at_once_and_stays_on_the_keyboard():
    start = Moment(PERFORMANCE)
    assert np.flatnonzero(start.drawable("shift")).tolist() == [0]
    assert np.flatnonzero(start.drawable("pitch")).tolist() == list(range(LOWEST_KEY, HIGHEST_KEY + 1))
    # And above the highest key a chord does not go on, nor does a piece end before it was asked to
    high = Moment(PERFORMANCE).after(np.array([[0, HIGHEST_KEY, 16, 100]]))
    assert not high.drawable("shift")[[0, PERFORMANCE.end_class]].any()
    assert high.drawable("shift")[1]


def test_no_wait_goes_beyond_the_last_onset_and_the_end_comes_there():
    moment = Moment(PERFORMANCE, left=50).after(np.array([[0, 60, 16, 100]]))
    assert np.flatnonzero(moment.drawable("shift")).tolist() == list(range(51))
    last = Moment(PERFORMANCE, left=0).after(np.array([[0, 60, 16, 100]]))
    assert np.flatnonzero(last.drawable("shift")).tolist() == [0, PERFORMANCE.end_class]

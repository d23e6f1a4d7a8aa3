"""The pulse: notes come a beat after others, the beat being counted from what was just played."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.representation import Performance, representation_of
from model.sampling.pulse import STRENGTH, Beat, Pulse, Pulsing

PERFORMANCE = Performance()
HALF_SECOND = Beat(0.5, np.array([0.0, 0.5, 1.0, 1.3]))  # a beat of half a second, the last note 0.2 s before the next


@pytest.fixture(scope="module")
def pulsing() -> Pulsing:
    return Pulsing(PERFORMANCE)


def towards(pulsing: Pulsing, pulse: Pulse) -> np.ndarray:
    """Logits for each class of the wait, (classes,); a class is a wait in 10 ms up to 127."""
    return ops.convert_to_numpy(pulsing.towards(pulse))[0]


def test_where_there_is_no_beat_nothing_leans(pulsing: Pulsing):
    pulse = pulsing.start(1)
    for _ in range(40):
        pulse = pulsing.heard(pulse, np.array([[25, 60, 16, 10]], dtype=np.int32))
    assert not towards(pulsing, pulse).any()


def test_a_wait_is_likelier_if_it_ends_a_beat_after_an_onset(pulsing: Pulsing):
    logits = towards(pulsing, pulsing.start(1, HALF_SECOND))
    assert logits[[20, 50]] == pytest.approx([STRENGTH, STRENGTH])  # after the note at 1.0, after that at 1.3
    assert logits[[10, 35, 90]] == pytest.approx([0.0, 0.0, 0.0], abs=0.01)
    assert STRENGTH / 2 < logits[22] < STRENGTH  # hands are not exact
    assert not logits[:4].any()  # notes of a chord are struck together, whatever the beat
    assert logits[PERFORMANCE.end_class] == 0


def test_the_beat_is_counted_from_what_was_just_played(pulsing: Pulsing):
    # Given a note that came a little late
    pulse = pulsing.heard(pulsing.start(1, HALF_SECOND), np.array([[24, 60, 16, 10]], dtype=np.int32))
    # Then the next beat is as late
    assert towards(pulsing, pulse)[50] == pytest.approx(STRENGTH)


def test_a_short_seed_is_remembered_as_far_as_it_goes(pulsing: Pulsing):
    one, many = (pulsing.start(2, Beat(0.5, np.arange(count) * 0.1))["ages"] for count in (1, 100))
    assert one.shape == many.shape == (2, 32)
    assert (one[:, -1] == 0).all()
    assert (one[:, :-1] > 1e5).all()
    np.testing.assert_allclose(many[0, -3:], [20, 10, 0], atol=1e-3)


@pytest.mark.parametrize("name", ["voices", "score", "events"])
def test_it_does_nothing_where_time_is_not_free_or_steps_are_no_notes(name: str):
    pulsing = Pulsing(representation_of(name))
    assert not pulsing.can_lean
    assert not pulsing.start(1, HALF_SECOND)["beat"].any()

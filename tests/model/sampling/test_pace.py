"""The pace: where notes come too fast waits get longer, where too slowly shorter, and chords stay together."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.representation import Performance, representation_of
from model.sampling.pace import STEEPEST, STRENGTH, Pace, Pacing

PERFORMANCE = Performance()


@pytest.fixture(scope="module")
def pacing() -> Pacing:
    return Pacing(PERFORMANCE)


def after(pacing: Pacing, notes_per_s: float | None, wait: int, notes: int = 200) -> Pace:
    """What is remembered after so many notes, each `wait` steps of 10 ms after the one before."""
    pace = pacing.start(1, notes_per_s)
    for _ in range(notes):
        pace = pacing.heard(pace, np.array([[wait, 60, 16, 10]], dtype=np.int32))
    return pace


def towards(pacing: Pacing, pace: Pace) -> np.ndarray:
    """Logits for each class of the wait, (classes,)."""
    return ops.convert_to_numpy(pacing.towards(pace))[0]


def test_where_none_is_asked_nothing_leans(pacing: Pacing):
    assert not towards(pacing, after(pacing, None, wait=1)).any()


def test_a_piece_at_its_pace_is_left_alone(pacing: Pacing):
    assert not towards(pacing, pacing.start(1, 10.0)).any()
    assert np.abs(towards(pacing, after(pacing, 10.0, wait=10))).max() < 0.3


@pytest.mark.parametrize(("wait", "sign"), [(5, 1), (20, -1)])
def test_too_many_notes_make_longer_waits_likelier_and_too_few_shorter_ones(pacing: Pacing, wait: int, sign: int):
    logits = sign * towards(pacing, after(pacing, 10.0, wait))
    assert (np.diff(logits[:200]) > 0).all()
    # Notes struck together, and the end, are not touched
    assert logits[0] == logits[PERFORMANCE.end_class] == 0


def test_what_does_not_yield_is_pushed_harder_but_not_without_end(pacing: Pacing):
    pushes = [towards(pacing, after(pacing, 10.0, wait=5, notes=notes))[10] for notes in (50, 200, 800, 3200)]
    assert pushes == sorted(pushes)
    limit = (STEEPEST + STRENGTH * np.log(2)) * np.log1p(0.1 * 10)
    assert pushes[-1] == pytest.approx(limit, rel=0.05)


@pytest.mark.parametrize("name", ["voices", "score", "events"])
def test_it_does_nothing_where_time_is_not_free_or_steps_are_no_notes(name: str):
    pacing = Pacing(representation_of(name))
    assert not pacing.can_lean
    assert not pacing.start(1, 10.0)["rate"].any()

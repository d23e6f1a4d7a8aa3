"""The situation of `score`: the same however it is reached, the same on numpy and Keras, never against a real step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from model.representation.arrays import NUMPY
from model.representation.meters import position_features

from model.controls import FAMILIES, METERS, Controls
from model.piece import Piece
from model.representation import Score, grid
from model.representation.base import Representation
from model.representation.engraving import DRUMS, FIRST_PROGRAM, INSTRUMENT, METER, PITCH, SHIFT, TEMPO
from tests.model.test_score import FLUTE, VIOLIN, piece_of, scores

SCORE = Score(("waltz", "march"))
relaxed = settings(deadline=None, max_examples=40)


def moments(steps: np.ndarray) -> list[tuple[str, int, dict]]:
    """Name and index of each field with the situation in which it is drawn, for all steps; arrays (1, steps, ...)."""
    situation, _ = SCORE.trace(steps[None], SCORE.situation(1, NUMPY))
    found = []
    for index, field in enumerate(SCORE.fields):
        found.append((field.name, index, situation))
        later = SCORE.elapse if index == 0 else None
        value = steps[None, :, index]
        situation = later(situation, value, NUMPY) if later else SCORE.noted(situation, index, value, NUMPY)
    return found


@given(scores())
@relaxed
def test_no_real_step_is_ever_refused(piece: Piece):
    check_nothing_refused(SCORE.encode(piece))


def check_nothing_refused(steps: np.ndarray) -> None:
    """Every class of every step is among those that can follow."""
    before, _ = SCORE.trace(steps[None], SCORE.situation(1, NUMPY))
    classes = SCORE.classes(steps[None], before, NUMPY)
    for name, index, situation in moments(steps):
        allowed = SCORE.allowed(name, situation, NUMPY)
        size = (1, len(steps), SCORE.fields[index].size)
        taken = np.take_along_axis(np.broadcast_to(allowed, size), classes[..., index : index + 1], axis=-1)
        assert taken.all(), name


@given(scores(), st.integers(3, 40), st.integers(1, 40))
@relaxed
def test_no_step_of_a_short_piece_out_of_a_long_one_is_refused(piece: Piece, first: int, last: int):
    steps = SCORE.encode(piece)
    if first + last <= len(steps):
        check_nothing_refused(SCORE.excerpt(steps, first, last))


@given(scores())
@relaxed
def test_many_steps_at_once_lead_where_step_by_step_leads(piece: Piece):
    steps = SCORE.encode(piece)[None]
    situation = SCORE.situation(1, NUMPY)
    situation["left"][:] = 300
    half = steps.shape[1] // 2
    for part in (steps[:, :half], steps[:, half:]):
        if not part.shape[1]:
            continue
        before, after = SCORE.trace(part, situation)
        singly, last = Representation.trace(SCORE, part, situation)
        for name in singly:
            assert before[name].dtype == singly[name].dtype
            assert before[name].tolist() == singly[name].tolist(), name
            assert after[name].tolist() == last[name].tolist(), name
        situation = after


def test_keras_and_numpy_see_the_same():
    rows = [(120 * place, 240, 50 + place, 64, place % 3) for place in range(12)]
    steps = SCORE.encode(piece_of(*rows))
    for name, _, situation in moments(steps):
        tensors = {key: ops.convert_to_tensor(value) for key, value in situation.items()}
        seen = SCORE.context(name, situation, NUMPY)
        assert seen.shape == (1, len(steps), SCORE.context_sizes[name])
        np.testing.assert_allclose(ops.convert_to_numpy(SCORE.context(name, tensors, ops)), seen, atol=1e-5)
        refused = ops.convert_to_numpy(SCORE.allowed(name, tensors, ops))
        assert refused.tolist() == SCORE.allowed(name, situation, NUMPY).tolist()
    situation = SCORE.situation(2, ops)
    for step in np.repeat(steps[:5, None], 2, axis=1):
        values = {field.name: ops.convert_to_tensor(step[:, index]) for index, field in enumerate(SCORE.fields)}
        situation = SCORE.advance(situation, values, ops)
    _, after = SCORE.trace(steps[None, :5], SCORE.situation(1, NUMPY))
    for name, value in after.items():
        assert ops.convert_to_numpy(situation[name])[:1].tolist() == value.tolist(), name


def test_a_piece_can_only_begin_with_a_meter_and_a_tempo():
    situation = SCORE.situation(1, NUMPY)
    assert np.flatnonzero(SCORE.allowed("shift", situation, NUMPY)[0]).tolist() == [0]
    assert np.flatnonzero(SCORE.allowed("instrument", situation, NUMPY)[0]).tolist() == [METER]
    situation = SCORE.advance(situation, {f.name: np.zeros(1, dtype=np.int32) for f in SCORE.fields}, NUMPY)
    assert np.flatnonzero(SCORE.allowed("instrument", situation, NUMPY)[0]).tolist() == [TEMPO]


def test_drums_and_changes_have_no_length_and_an_instrument_does_not_strike_a_key_it_holds():
    steps = SCORE.encode(piece_of((0, 960, 60, 64, 0), (0, 960, 60, 64, 1)))
    _, situation = SCORE.trace(steps[None], SCORE.situation(1, NUMPY))
    later = SCORE.elapse(situation, np.array([12], dtype=np.int32), NUMPY)
    for player, lengths in ((DRUMS, [0]), (TEMPO, [0]), (FLUTE, list(range(1, grid.SIZE)))):
        known = SCORE.noted(later, INSTRUMENT, np.array([player], dtype=np.int32), NUMPY)
        assert np.flatnonzero(SCORE.allowed("duration", known, NUMPY)[0]).tolist() == lengths
    known = SCORE.noted(later, INSTRUMENT, np.array([FLUTE], dtype=np.int32), NUMPY)
    assert np.flatnonzero(~SCORE.allowed("pitch", known, NUMPY)[0]).tolist() == [60]


def test_the_place_in_the_bar_is_told_from_the_latest_meter():
    waltz = np.array([grid.meter_class(3, 4)], dtype=np.int32)
    at = [position_features(np.array([ticks], dtype=np.int32), waltz, NUMPY) for ticks in (0, 24, 72, 8 * 72)]
    assert not np.array_equal(at[0], at[1])
    assert not np.array_equal(at[0], at[2])  # another bar of the phrase
    assert np.array_equal(at[0], at[3])  # eight bars later


def test_what_is_measured_is_what_could_have_been_asked():
    rows = [(240 * place, 240, 60 + (0, 4, 7, 5, 9, 12, 7, 11)[place % 8], 64, place % 2) for place in range(300)]
    steps = SCORE.encode(piece_of(*rows, meter=(3, 4), bpm=80))
    vectors = SCORE.measured(steps, "waltz")
    assert vectors.shape == (3, SCORE.controls.width)
    parts = {name: vectors[:, part] for name, part in SCORE.controls.slices.items()}
    assert parts["style"].tolist() == [[1, 0]] * 3
    assert parts["meter"].argmax(axis=1).tolist() == [METERS.index("3/4")] * 3
    asked = SCORE.controls.vector(Controls(key="C major", tempo_bpm=80))
    assert parts["key"][0].tolist() == asked[SCORE.controls.slices["key"]].tolist()
    np.testing.assert_allclose(parts["tempo"][0], asked[SCORE.controls.slices["tempo"]], atol=0.1)
    played = [name for name, plays in zip(FAMILIES, parts["instruments"][0], strict=True) if plays]
    assert played == ["strings", "pipe"]
    assert parts["density"].argmax(axis=1).tolist() == [0, 0, 0]


def test_only_instruments_that_were_asked_for_are_drawn():
    steps = SCORE.encode(piece_of((0, 480, 60, 64, 0)))
    _, situation = SCORE.trace(steps[None], SCORE.situation(1, NUMPY))
    free = SCORE.drawn_from(INSTRUMENT, situation, NUMPY)
    assert np.flatnonzero(~free[0]).tolist() == [METER, TEMPO]
    situation["controls"] = SCORE.controls.vector(Controls(instruments=("strings", "drums")))[None]
    wanted = np.flatnonzero(SCORE.drawn_from(INSTRUMENT, situation, NUMPY)[0])
    assert wanted.tolist() == [*range(FIRST_PROGRAM + 40, FIRST_PROGRAM + 48), DRUMS]
    assert VIOLIN in wanted


def test_an_ensemble_of_six_takes_no_one_else_in():
    steps = SCORE.encode(piece_of((0, 480, 60, 64, 0)))
    _, situation = SCORE.trace(steps[None], SCORE.situation(1, NUMPY))
    for player in range(FIRST_PROGRAM, FIRST_PROGRAM + 5):  # beside the flute
        situation["latest"][:, player] = 60
    drawn = np.flatnonzero(SCORE.drawn_from(INSTRUMENT, situation, NUMPY)[0])
    assert drawn.tolist() == [*range(FIRST_PROGRAM, FIRST_PROGRAM + 5), FLUTE]


@pytest.mark.parametrize(("bpm", "longest"), [(60, 84), (120, 168), (30, 42)])
def test_no_silence_is_drawn_that_sounds_like_the_end(bpm: float, longest: int):
    steps = SCORE.encode(piece_of((0, 480, 60, 64, 0), bpm=bpm))
    _, situation = SCORE.trace(steps[None], SCORE.situation(1, NUMPY))
    waits = SCORE.waits()[SCORE.openings(situation, NUMPY)[0]]
    assert waits.max() == pytest.approx(longest, rel=0.03)


def test_a_long_wait_is_drawn_on_an_eighth():
    drawn = np.arange(grid.SIZE, dtype=np.int32)
    waits = SCORE.raw(SHIFT, drawn, np.full(grid.SIZE, 0.9, dtype=np.float32), {}, NUMPY)
    assert waits.tolist() == grid.LOWEST.tolist()
    assert SCORE.raw(PITCH, drawn, drawn, {}, NUMPY) is drawn

"""The law of `score`: what can follow, who may play, and that no real step is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.controls import FAMILIES, METERS, Controls
from model.piece import Piece
from model.representation import Score, grid
from model.representation.engraving import DRUMS, FIRST_PROGRAM, METER, TEMPO
from model.representation.score_law import POSITION
from tests.model.moments import Moment
from tests.model.test_score import FLUTE, VIOLIN, piece_of, scores

SCORE = Score(("waltz", "march"))
CONTROLS = np.zeros(SCORE.controls.width, dtype=np.float32)
relaxed = settings(deadline=None, max_examples=40)


def refused(steps: np.ndarray) -> list[str]:
    """The fields of which a class is not among those that can follow."""
    trace = SCORE.trace(steps, SCORE.new_states(), CONTROLS)
    found, at = [], 0
    for index, field in enumerate(SCORE.fields):
        allowed = trace.allowed[:, at : at + field.size]
        if not np.take_along_axis(allowed, trace.classes[:, index, None], axis=1).all():
            found.append(field.name)
        at += field.size
    return found


@given(scores())
@relaxed
def test_no_real_step_is_ever_refused(piece: Piece):
    assert not refused(SCORE.encode(piece))


@given(scores(), st.integers(3, 40), st.integers(1, 40))
@relaxed
def test_no_step_of_a_short_piece_out_of_a_long_one_is_refused(piece: Piece, first: int, last: int):
    steps = SCORE.encode(piece)
    if first + last <= len(steps):
        assert not refused(SCORE.excerpt(steps, first, last))


@given(scores())
@relaxed
def test_two_windows_lead_where_one_leads(piece: Piece):
    steps = SCORE.encode(piece)
    half, whole, parts = len(steps) // 2, SCORE.new_states(300), SCORE.new_states(300)
    together = SCORE.trace(steps, whole, CONTROLS)
    apart = [SCORE.trace(part, parts, CONTROLS) for part in (steps[:half], steps[half:])]
    np.testing.assert_array_equal(np.concatenate([part.features for part in apart]), together.features)
    assert whole[0].tobytes() == parts[0].tobytes()


def test_a_piece_can_only_begin_with_a_meter_and_a_tempo():
    moment = Moment(SCORE)
    assert np.flatnonzero(moment.allowed("shift")).tolist() == [0]
    assert np.flatnonzero(moment.allowed("instrument")).tolist() == [METER]
    assert np.flatnonzero(moment.after(np.zeros((1, 5))).allowed("instrument")).tolist() == [TEMPO]


def test_drums_and_changes_have_no_length_and_an_instrument_does_not_strike_a_key_it_holds():
    moment = Moment(SCORE).after(SCORE.encode(piece_of((0, 960, 60, 64, 0), (0, 960, 60, 64, 1))))
    for player, lengths in ((DRUMS, [0]), (TEMPO, [0]), (FLUTE, list(range(1, grid.SIZE)))):
        assert np.flatnonzero(moment.knowing(shift=12, instrument=player).allowed("duration")).tolist() == lengths
    assert np.flatnonzero(~moment.knowing(shift=12, instrument=FLUTE).allowed("pitch")).tolist() == [60]


def test_the_place_in_the_bar_is_told_from_the_latest_meter():
    opening = SCORE.encode(piece_of((0, 480, 60, 64, 0), meter=(3, 4)))
    after = Moment(SCORE).after(opening)
    at = [after.knowing(shift=ticks).seen("velocity")[:POSITION] for ticks in (0, 24, 72, 8 * 72)]
    assert not np.array_equal(at[0], at[1])
    assert not np.array_equal(at[0], at[2])  # another bar of the phrase
    assert np.array_equal(at[0], at[3])  # eight bars later


def test_what_the_network_sees_is_what_a_table_says():
    # Given a flute's C of a quarter, struck half a quarter ago in the first bar of 3/4
    seen = Moment(SCORE).after(SCORE.encode(piece_of((0, 480, 60, 64, 0), meter=(3, 4)))).knowing(shift=12)
    place = seen.seen("velocity")[:POSITION]
    ones = [12, 24 + 0, 32 + 2, 48 + 0]  # of the quarter, quarters since and until a bar line, bar of the phrase
    assert place[ones].tolist() == [1.0] * 4
    assert place[40:44] == pytest.approx(np.sin(2 * np.pi * np.arange(1, 5) / 6), abs=1e-5)
    assert place[44:48] == pytest.approx(np.cos(2 * np.pi * np.arange(1, 5) / 6), abs=1e-5)
    assert place[56:] == pytest.approx([0, 0.75, np.log(0.75)], abs=1e-5)
    keys = seen.seen("input")[POSITION:]
    assert keys[60] == pytest.approx(np.log(13) / 6)
    assert keys[128 + 60 :: 128][:3] == pytest.approx(np.exp(-12 / np.array([1, 24, 192])), abs=1e-5)
    ends = seen.seen("duration")[POSITION : POSITION + 5]
    assert ends == pytest.approx([np.log(13) / 6, np.log(13) / 6, np.exp(-0.5), np.exp(-0.5), 0], abs=1e-5)


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
    free = Moment(SCORE).after(steps).knowing(shift=12)
    assert np.flatnonzero(~free.drawable("instrument")).tolist() == [METER, TEMPO]
    asked = SCORE.controls.vector(Controls(instruments=("strings", "drums")))
    wanted = np.flatnonzero(Moment(SCORE, controls=asked).after(steps).knowing(shift=12).drawable("instrument"))
    assert wanted.tolist() == [*range(FIRST_PROGRAM + 40, FIRST_PROGRAM + 48), DRUMS]
    assert VIOLIN in wanted


def test_an_ensemble_of_six_takes_no_one_else_in():
    moment = Moment(SCORE).after(SCORE.encode(piece_of((0, 480, 60, 64, 0)))).knowing(shift=12)
    moment.states["latest"][0, FIRST_PROGRAM : FIRST_PROGRAM + 5] = 60  # beside the flute
    drawn = np.flatnonzero(moment.drawable("instrument"))
    assert drawn.tolist() == [*range(FIRST_PROGRAM, FIRST_PROGRAM + 5), FLUTE]


def test_no_pitch_is_drawn_off_the_range_of_its_instrument():
    moment = Moment(SCORE).after(SCORE.encode(piece_of((0, 480, 60, 64, 0))))
    drawn = np.flatnonzero(moment.knowing(shift=12, instrument=VIOLIN).drawable("pitch"))
    assert drawn.tolist() == list(range(55, 106))
    assert moment.knowing(shift=12, instrument=DRUMS).drawable("pitch").all()


@pytest.mark.parametrize(("bpm", "longest"), [(60, 84), (120, 168), (30, 42)])
def test_no_silence_is_drawn_that_sounds_like_the_end(bpm: float, longest: int):
    moment = Moment(SCORE).after(SCORE.encode(piece_of((0, 480, 60, 64, 0), bpm=bpm)))
    assert SCORE.waits()[moment.drawable("shift")].max() == pytest.approx(longest, rel=0.03)


def test_a_long_wait_is_drawn_on_an_eighth():
    moment = Moment(SCORE)
    assert [moment.raw("shift", drawn, 0.9) for drawn in range(grid.SIZE)] == grid.LOWEST.tolist()
    assert moment.raw("pitch", 99, 0.9) == 99

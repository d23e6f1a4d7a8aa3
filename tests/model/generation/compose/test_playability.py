"""What is drawn can be played: on the keys there are, by two hands, with as many notes as can sound."""

from __future__ import annotations

import numpy as np
import pytest

from model.generation import ComposeOptions, Composer, SamplingParameters
from model.generation.processors import HANDFUL, HANDFUL_S
from model.instruments import HIGHEST_PITCH, LOWEST_PITCH, MOST_SOUNDING
from model.piece import Piece

WILD = SamplingParameters(temperature=2.0, top_p=1.0)  # all that is not forbidden comes


@pytest.fixture(scope="module")
def wild(pianist: Composer) -> list[Piece]:
    """Pieces by a network that has learnt nothing."""
    wishes = [(None, ComposeOptions(length_s=30, random_seed=number, sampling=WILD)) for number in range(6)]
    return [made.piece for _, made in pianist.compose_all(wishes)]


def test_no_pitch_lies_off_the_keyboard(wild: list[Piece]):
    pitches = np.concatenate([piece.notes["pitch"] for piece in wild])
    assert (pitches.min(), pitches.max()) >= (LOWEST_PITCH[0], 0)
    assert pitches.max() <= HIGHEST_PITCH[0]
    assert len(np.unique(pitches)) > 70  # and all of it is used


def test_two_hands_could_strike_it(wild: list[Piece]):
    for piece in wild:
        onsets = piece.onsets_s
        in_reach = np.searchsorted(onsets, onsets + HANDFUL_S - 1e-6) - np.arange(len(onsets))
        assert in_reach.max() <= HANDFUL


def test_no_more_notes_sound_than_the_instrument_can_hold(wild: list[Piece]):
    for piece in wild:
        onsets, ends = piece.notes["onset"], piece.notes["onset"] + piece.notes["duration"]
        assert max(int(((onsets <= tick) & (ends > tick)).sum()) for tick in onsets) <= MOST_SOUNDING[0]


def test_a_taste_that_asks_for_nothing_is_that_of_the_representation_and_one_that_asks_is_kept():
    from model.representation import Performance, Score

    usual = ComposeOptions().sampling_for(Performance())
    assert usual.temperatures["duration"] == 1.15
    assert set(usual.top_ps.values()) == {0.98}
    assert set(ComposeOptions().sampling_for(Score()).top_ps.values()) == {0.95}
    bold = ComposeOptions(
        sampling=SamplingParameters(temperature=0.5, top_p=0.7, temperatures={"pitch": 0.9})
    ).sampling_for(Performance())
    assert (bold.temperatures["duration"], bold.temperatures["shift"], bold.temperatures["pitch"]) == (0.575, 0.5, 0.9)
    assert set(bold.top_ps.values()) == {0.7}

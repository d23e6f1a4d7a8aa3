"""How a variation keeps to the pitches of its seed: the strength is the share of them that stays in any case."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from model.generation.plan import HELD, NEAR_SEMITONES, NEVER, SILENT, clear_of_given, lean, woven
from model.generation.processors import rules_of
from model.generation.step import PIECE
from model.network.note_network import REFUSED
from model.representation import representation_of
from model.representation.engraving import FIRST_PROGRAM

PITCHES, GIVEN = 88, 40
SCORE, PIANO, FLUTE = representation_of("score"), FIRST_PROGRAM, FIRST_PROGRAM + 73
SHIFT, INSTRUMENT, PITCH, DURATION = range(4)
CLASH = 2.0


@njit
def leant(logits, given, barred, highest, strength):
    lean(logits, len(logits), given, barred, highest, strength)


def chances(strength: float, logits: np.ndarray | None = None, barred: int = -1, highest: int = NEVER) -> np.ndarray:
    """The probability of each pitch, (PITCHES,)."""
    logits = np.zeros(PITCHES, np.float32) if logits is None else logits.copy()
    leant(logits, GIVEN, barred, highest, strength)
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.7, 1.0])
def test_the_given_pitch_is_kept_as_often_as_the_strength_says_and_by_chance_beside(strength):
    chance = chances(strength)
    assert chance.sum() == pytest.approx(1)
    assert strength <= chance[GIVEN] <= strength + (1 - strength) * 0.5
    assert strength < 1 or chance[GIVEN] == pytest.approx(1)


def test_a_network_that_is_sure_of_another_pitch_still_keeps_the_share():
    logits = np.zeros(PITCHES, np.float32)
    logits[GIVEN + 3] = 50
    assert chances(0.6, logits)[[GIVEN, GIVEN + 3]] == pytest.approx([0.6, 0.4], abs=1e-3)


def test_what_is_drawn_instead_lies_near():
    chance = chances(0.2)
    far = np.abs(np.arange(PITCHES) - GIVEN) > NEAR_SEMITONES
    assert chance[far].max() == 0
    assert np.all(chance[GIVEN - NEAR_SEMITONES : GIVEN + NEAR_SEMITONES + 1] > 0)


def test_a_pitch_that_may_not_be_is_not_forced():
    chance = chances(0.9, barred=GIVEN)
    assert chance[GIVEN] == 0
    assert chance[GIVEN + 1] > 0
    assert chances(0.9, highest=-1)[GIVEN:].max() == 0


def test_where_no_near_pitch_is_allowed_the_given_one_comes_before_all_others():
    assert chances(0.5, np.full(PITCHES, REFUSED, np.float32)).argmax() == GIVEN


@njit
def _cleared(states, plan, rules, pieces, field, logits):
    clear_of_given(states[0], plan, rules, pieces[0], field, logits)


def cleared(
    field: int, *raw: int, melody: tuple[tuple[int, int, int], ...], now: int = 0, above: float = 0.0
) -> np.ndarray:
    """What a field of a note loses, whose values so far are `raw`, beside notes (onset, pitch, ticks) of a flute."""
    onsets = np.array([onset for onset, _, _ in melody], dtype=np.int64)
    notes = np.array([(0, FLUTE, pitch, ticks, 16) for _, pitch, ticks in melody], dtype=np.int32)
    piece, rules = np.zeros(1, dtype=PIECE), rules_of(SCORE)
    piece["raw"][0, : len(raw)], piece["now"] = raw, now
    piece["woven"] = int(np.sum(onsets <= now))
    logits = np.zeros(int(rules.sizes[field]), dtype=np.float32)
    plan = woven(onsets, notes, 24, FLUTE, CLASH)._replace(above=above)
    _cleared(SCORE.new_states(-1), plan, rules, piece, field, logits)
    return -logits


def test_a_pitch_a_semitone_from_a_given_note_that_sounds_gets_unlikelier_in_every_octave():
    lost = cleared(PITCH, 12, PIANO, melody=((0, 60, 48),))
    assert set(np.flatnonzero(lost) % 12) == {11, 1}
    assert lost[[47, 49, 59, 61, 71]] == pytest.approx(CLASH)


def test_a_given_note_that_is_over_counts_for_nothing_and_one_to_come_for_less_the_later_it_comes():
    at_once, soon, late, over = (
        cleared(PITCH, 0, PIANO, melody=((onset, 60, 12),), now=24)[61] for onset in (24, 30, 42, 0)
    )
    assert at_once == pytest.approx(CLASH)
    assert at_once > soon > late > 0 == over
    assert not cleared(PITCH, 0, PIANO, melody=((48, 60, 12),), now=24).any()


def test_pitches_above_the_given_notes_that_sound_or_come_next_get_unlikelier():
    lost = cleared(PITCH, 0, PIANO, melody=((0, 60, 24), (12, 64, 12), (48, 72, 12)), above=1.5)
    assert (lost[[66, 70, 82]] == 1.5).all()
    assert not lost[[50, 57, 62, 64]].any()


def test_a_note_ends_before_a_given_one_a_semitone_away_begins():
    # Given a held C, then a D flat two quarters later and a B after that
    melody = ((0, 72, 48), (48, 61, 24), (72, 71, 24))
    # When a C is drawn beside them, or an E
    c, e = (cleared(DURATION, 0, PIANO, pitch, melody=melody) for pitch in (60, 64))
    # Then the C is not to last beyond the two quarters, and the E may
    assert not c[:49].any()
    assert (c[49:] == HELD * CLASH).all()
    assert not e.any()


def test_behind_its_last_given_note_the_lead_is_silent():
    assert cleared(INSTRUMENT, 0, melody=((0, 60, 24),), now=0)[FLUTE] == SILENT
    assert not cleared(INSTRUMENT, 0, melody=((0, 60, 24), (24, 62, 24)), now=0).any()

"""How a variation keeps to the pitches of its seed: the strength is the share of them that stays in any case."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from model.generation.plan import NEAR_SEMITONES, NEVER, lean
from model.network.note_network import REFUSED

PITCHES, GIVEN = 88, 40


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

"""Pieces drawn side by side are those that they are alone."""

from __future__ import annotations

import numpy as np
import pytest

from model.controls import Controls
from model.errors import RequestError
from model.generation import ComposeOptions, Composer
from model.representation import Performance
from tests.model.made_pieces import scales

SEED = Performance().decode(scales(1, 24)[0])


def test_pieces_side_by_side_are_those_that_they_are_alone(composer: Composer):
    # Given seven wishes of different lengths, some with a seed or a key, and three places
    wishes = [
        (None, ComposeOptions(length_s=6.0, random_seed=1)),
        (SEED, ComposeOptions(length_s=9.0, random_seed=2)),
        (None, ComposeOptions(length_s=5.0, random_seed=3, controls=Controls(key="D minor"))),
        (SEED, ComposeOptions(length_s=5.0, random_seed=4, include_seed=False)),
        *((None, ComposeOptions(length_s=7.0, random_seed=seed)) for seed in (5, 6, 7)),
    ]
    # When they are composed side by side
    together = dict(composer.compose_all(wishes, slots=3))
    # Then each is there once, and as it is alone
    assert sorted(together) == list(range(7))
    for place, (seed, options) in enumerate(wishes):
        alone = composer.compose(seed, options)
        np.testing.assert_array_equal(together[place].piece.notes, alone.piece.notes)
        assert (together[place].ended, together[place].seed_s) == (alone.ended, alone.seed_s)


def test_more_places_than_pieces_are_no_matter(composer: Composer):
    assert [place for place, _ in composer.compose_all([(None, ComposeOptions(length_s=5.0))], slots=8)] == [0]
    assert list(composer.compose_all([])) == []


def test_a_wish_out_of_range_is_refused(composer: Composer):
    with pytest.raises(RequestError, match="between 5 and 300 seconds"):
        list(composer.compose_all([(None, ComposeOptions(length_s=1.0))]))

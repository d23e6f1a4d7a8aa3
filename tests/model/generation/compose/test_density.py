"""How dense a piece is: as asked, as its seed, or drawn for its random seed from what real music has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.analysis.metrics import note_density
from model.bundles.priors import Priors
from model.controls import DENSITIES, Controls
from model.generation import ComposeOptions, Composer
from model.generation.conditions import asked_rate, at_rate, drawn_rate, rate_of
from model.representation import Performance, representation_of
from model.representation.measuring import MIDDLES, NOTES_PER_SECOND

PRIORS = Priors(notes_per_s=(2.0, 4.0, 8.0, 16.0))


@pytest.fixture(scope="module")
def versed(pianist: Composer) -> Composer:
    """A pianist who knows how dense music usually is, and nothing else."""
    return Composer(replace(pianist.bundle, priors=PRIORS))


def test_the_middle_of_a_density_has_that_density():
    assert [int(np.searchsorted(NOTES_PER_SECOND, rate)) for rate in MIDDLES] == list(range(DENSITIES))
    assert [at_rate(Controls(), asked_rate(Controls(density=level))).density for level in range(1, 6)] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_what_is_asked_for_is_not_drawn():
    options = ComposeOptions(random_seed=1, controls=Controls(density=2))
    assert drawn_rate(options, PRIORS) == MIDDLES[1]
    assert drawn_rate(ComposeOptions(random_seed=1), None) is None
    assert at_rate(Controls(), None) == Controls()


def test_random_seeds_draw_densities_as_often_as_real_music_has_them():
    drawn = np.array([drawn_rate(ComposeOptions(random_seed=seed), PRIORS) for seed in range(400)])
    np.testing.assert_allclose(np.quantile(drawn, [0.125, 0.375, 0.625, 0.875]), PRIORS.notes_per_s, rtol=0.15)
    assert drawn[7] == drawn_rate(ComposeOptions(random_seed=7), PRIORS)


def test_the_same_random_seed_gives_the_same_piece_and_others_are_sparser_or_denser(versed: Composer):
    wishes = [(None, ComposeOptions(length_s=40, random_seed=seed)) for seed in (*range(12), 0)]
    made = dict(versed.compose_all(wishes))
    # Given what was drawn for each
    drawn = np.array([drawn_rate(options, PRIORS) for _, options in wishes])
    found = np.array([note_density(made[place].piece) for place in range(len(wishes))])
    # Then the piece is as dense, and the same random seed gives the same
    np.testing.assert_array_equal(made[0].piece.notes, made[12].piece.notes)
    assert np.corrcoef(np.log(drawn), np.log(found))[0, 1] > 0.9
    # And nobody is told of a wish that was not theirs
    assert made[0].controls == Controls()


def test_a_density_that_is_asked_for_is_found(pianist: Composer):
    wishes = [
        (None, ComposeOptions(length_s=40, random_seed=3, controls=Controls(density=level))) for level in (1, 3, 5)
    ]
    made = dict(pianist.compose_all(wishes))
    sparse, medium, dense = (note_density(made[place].piece) for place in range(3))
    assert sparse < medium < dense
    assert dense > 3 * sparse


def test_a_seed_sets_the_pace_by_its_last_notes():
    performance = Performance()
    steps = np.tile(np.array([[50, 60, 16, 5]], dtype=np.int32), (300, 1))
    steps[150:, 0] = 10
    assert rate_of(performance, steps) == pytest.approx(10.0)
    assert rate_of(performance, steps[:1]) is None
    assert rate_of(representation_of("score"), np.zeros((10, 5), dtype=np.int32)) is None


def test_a_continuation_goes_on_at_the_pace_of_its_seed(pianist: Composer):
    # Given a network that knows nothing of paces, and a slow and a quick seed
    found = []
    for wait in (40, 8):
        steps = np.array([[wait, 48 + note % 24, 16, 10] for note in range(200)], dtype=np.int32)
        seed = pianist.representation.decode(steps)
        options = ComposeOptions(length_s=40, random_seed=2, include_seed=False)
        found.append(note_density(pianist.compose(seed, options).piece))
    # Then what follows is slow and quick
    assert found[0] == pytest.approx(2.5, rel=0.5)
    assert found[1] > 2 * found[0]

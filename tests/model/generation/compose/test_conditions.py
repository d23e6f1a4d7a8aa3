"""What nobody asked for is drawn for the random seed: a key, a style, who plays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from model.bundles import BundleStore
from model.bundles.priors import Ensemble, Player, Priors
from model.controls import Controls
from model.generation import ComposeOptions, Composer, processors
from model.generation.conditions import ResolvedControls, resolve_controls
from model.generation.processors import Playing
from model.keys import KEYS, keys_of
from tests.model.generation.compose.conftest import untaught

TOGETHER = 0.4


def ensemble(style: str, players: dict[int, float], share: float, voices: float) -> Ensemble:
    """One that is so much of the training set's music."""
    return Ensemble(
        style=style, players=tuple(Player(program=one, share=part) for one, part in players.items()), share=share,
        voices=voices, together=TOGETHER,
    )  # fmt: skip


QUARTET = ensemble("quartet", {40: 0.5, 41: 0.25, 42: 0.25}, 0.3, 3.5)
BAND = ensemble("pop", {0: 0.7, 32: 0.3}, 0.1, 4.0)
BIG_BAND = ensemble("pop", {0: 0.5, 32: 0.2, 61: 0.3}, 0.1, 5.0)
TUNE = ensemble("tune", {40: 1.0}, 0.5, 1.0)
PRIORS = Priors(ensembles=(TUNE, QUARTET, BAND, BIG_BAND))


@pytest.fixture(scope="module")
def orchestra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composer]:
    """A composer for several instruments, which has learnt nothing."""
    bundle = untaught(BundleStore(tmp_path_factory.mktemp("orchestra")), "score", ("tune", "quartet", "pop"))
    composer = Composer(replace(bundle, priors=PRIORS))
    yield composer
    composer.close()


def drawn(controls: Controls, priors: Priors | None = PRIORS, seeds: int = 200) -> Counter[Controls]:
    """What wishes become, and for how many random seeds."""
    return Counter(settle(controls, seed, priors).controls for seed in range(seeds))


def settle(controls: Controls, seed: int, priors: Priors | None = PRIORS) -> ResolvedControls:
    """What they become for one."""
    return resolve_controls(ComposeOptions(random_seed=seed, controls=controls), priors)


def test_where_no_key_is_asked_random_seeds_draw_one_that_is_usual():
    usual = Priors(keys=tuple(float(key in ("G major", "E minor")) for key in KEYS))
    drawn = [resolve_controls(ComposeOptions(random_seed=seed), usual).controls.key for seed in range(40)]
    assert set(drawn) == {"G major", "E minor"}
    assert drawn == [resolve_controls(ComposeOptions(random_seed=seed), usual).controls.key for seed in range(40)]
    asked = ComposeOptions(random_seed=1, controls=Controls(key="Bb major"))
    assert resolve_controls(asked, usual).controls == asked.controls
    assert resolve_controls(ComposeOptions(random_seed=1), None) == ResolvedControls(Controls())


def test_a_piece_without_a_wish_is_in_the_key_that_was_drawn_and_says_nothing_of_it(
    pianist: Composer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(processors, "KEY_STRENGTH", 3.0)
    flat = Composer(replace(pianist.bundle, priors=Priors(keys=tuple(float(key == "Ab major") for key in KEYS))))
    made = flat.compose(None, ComposeOptions(length_s=30, random_seed=4))
    assert KEYS[int(keys_of(np.bincount(made.piece.notes["pitch"] % 12, minlength=12)))] == "Ab major"
    assert made.controls == Controls()


def test_who_plays_is_drawn_as_often_as_they_do_and_lines_alone_are_left_out():
    found = drawn(Controls())
    assert set(found) == {Controls(style=one.style, instruments=one.instruments) for one in (QUARTET, BAND, BIG_BAND)}
    assert found[Controls(style="quartet", instruments=("strings",))] == pytest.approx(120, abs=25)


def test_a_style_that_is_asked_for_has_its_own_players_even_if_they_play_alone():
    assert set(drawn(Controls(style="tune"))) == {Controls(style="tune", instruments=("strings",))}
    assert set(drawn(Controls(style="pop"))) == {
        Controls(style="pop", instruments=one.instruments) for one in (BAND, BIG_BAND)
    }


def test_instruments_that_are_asked_for_stay_and_get_a_style_that_has_them():
    assert set(drawn(Controls(instruments=("bass", "piano")))) == {Controls(style="pop", instruments=("bass", "piano"))}
    assert set(drawn(Controls(instruments=("brass",)))) == {Controls(style="pop", instruments=("brass",))}
    assert set(drawn(Controls(instruments=("organ",)))) == {
        Controls(style="pop", instruments=("piano",))  # the keyboard that it knows plays the organ's part
    }


def test_all_that_is_asked_for_stays_as_it_is():
    asked = Controls(style="tune", key="C major", instruments=("brass",))
    assert set(drawn(asked)) == {asked}
    assert set(drawn(Controls(), None)) == set(drawn(Controls(), Priors())) == {Controls()}


def test_music_of_single_lines_only_is_drawn_where_there_is_no_other():
    assert set(drawn(Controls(), Priors(ensembles=(TUNE,)))) == {Controls(style="tune", instruments=("strings",))}


def test_players_are_those_of_the_ensemble_as_far_as_they_are_asked_for():
    assert settle(Controls(style="quartet"), 1).playing == Playing(((40, 0.5), (41, 0.25), (42, 0.25)), TOGETHER)
    assert settle(Controls(instruments=("brass", "piano")), 1).playing == Playing(
        ((61, 0.3333), (0, 0.6667)), pytest.approx(TOGETHER)
    )
    organ = settle(Controls(instruments=("organ",)), 1)
    assert organ.playing is not None
    assert [program for program, _ in organ.playing.players] == [0]
    assert organ.programs == {16: 0}


def test_how_much_comes_together_is_left_open_where_a_density_is_asked_for():
    playing = settle(Controls(style="quartet", density=1), 1).playing
    assert playing is not None
    assert playing.together is None
    assert len(playing.players) == 3


def test_everyone_who_was_drawn_plays_and_nobody_is_told_of_a_wish_that_was_not_theirs(orchestra: Composer):
    wishes = [(None, ComposeOptions(length_s=40, random_seed=seed)) for seed in range(8)]
    made = dict(orchestra.compose_all(wishes))
    for place, (_, options) in enumerate(wishes):
        piece = made[place].piece
        playing = {piece.instruments[index].program for index in np.unique(piece.notes["instrument"])}
        assert playing == {program for program, _ in resolve_controls(options, PRIORS).playing.players}
        assert made[place].controls == Controls()
        assert made[place].remarks == ()

"""What a bundle knows of the music it learnt from: how dense half minutes of it are, its keys, who plays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from model.__main__ import main
from model.bundles import BundleStore
from model.bundles.bundle import PRIORS, unpack, with_artifacts
from model.bundles.priors import MOST_ENSEMBLES, Ensemble, Player, Priors, priors_of
from model.keys import KEYS, profile
from model.midi.writing import write_midi
from model.representation import Performance, representation_of
from model.representation.engraving import DRUMS, FIRST_PROGRAM
from tests.model.conftest import Run

PERFORMANCE = Performance()


def even(notes_per_s: int, seconds: int) -> np.ndarray:
    """Raw steps at one density, int32 (notes, 4)."""
    steps = np.tile(np.array([[100 // notes_per_s, 60, 16, 5]], dtype=np.int32), (notes_per_s * seconds, 1))
    steps[:, 1] += np.arange(len(steps)) % 12
    return steps


def test_half_minutes_are_counted_from_sparse_to_dense():
    priors = priors_of(PERFORMANCE, [even(2, 120), even(20, 120), even(10, 10)])
    assert priors.notes_per_s[0] == pytest.approx(2, abs=0.1)
    assert priors.notes_per_s[-1] == pytest.approx(20, abs=0.1)
    assert list(priors.notes_per_s) == sorted(priors.notes_per_s)  # ten seconds are no half minute


def test_a_chance_draws_a_density_as_often_as_it_is_there():
    priors = Priors(notes_per_s=(1.0, 2.0, 4.0, 8.0))
    assert [priors.density(chance) for chance in (0.0, 0.125, 0.5, 0.875, 1.0)] == [1.0, 1.0, 3.0, 8.0, 8.0]


@pytest.mark.parametrize("name", ["voices", "score", "events"])
def test_music_in_beats_or_in_single_events_has_no_density(name: str):
    representation = representation_of(name)
    steps = np.zeros((100, len(representation.fields)), dtype=np.int32)
    assert priors_of(representation, [steps]).notes_per_s == ()


def test_pieces_that_are_too_short_have_no_density():
    priors = priors_of(PERFORMANCE, [even(10, 20)])
    assert priors.notes_per_s == ()
    assert priors.density(0.5) is None


def test_keys_are_counted_as_training_labels_them():
    # Given three pieces of one length, two in D major and one in A minor
    pieces, rng = [even(10, 30) for _ in range(3)], np.random.default_rng(0)
    for steps, key in zip(pieces, ("D major", "D major", "A minor"), strict=True):
        steps[:, 1] = 60 + rng.choice(12, size=len(steps), p=profile(key) / profile(key).sum(dtype=float))
    priors = priors_of(PERFORMANCE, pieces)
    # Then a chance draws one of them, as often
    drawn = [priors.key(chance) for chance in (0.0, 0.3, 0.34, 0.6, 1.0)]
    assert drawn == ["D major", "D major", "D major", "D major", "A minor"]
    assert Priors().key(0.5) is None


def test_who_plays_together_is_counted_block_by_block():
    # Given a tune for a flute twice as long as a duet for piano and bass, in which a trumpet plays once
    score = representation_of("score", ("tune", "duet"))
    tune = np.zeros((1024, 5), dtype=np.int32)
    tune[:] = 24, FIRST_PROGRAM + 73, 72, 20, 20
    duet = np.zeros((512, 5), dtype=np.int32)
    duet[0::2] = 24, FIRST_PROGRAM + 0, 60, 24, 20
    duet[1::2] = 0, FIRST_PROGRAM + 32, 40, 24, 20
    duet[7, 1] = FIRST_PROGRAM + 56
    # When their priors are measured
    priors = priors_of(score, [tune, duet], ["tune", "duet"])
    # Then each has its share of the music, how much each plays, and how many notes sound at once
    piano, bass = priors.ensembles[1].players
    assert priors.ensembles == (
        Ensemble(style="tune", players=(Player(program=73, share=1),), share=0.66667, voices=0.83, together=0),
        Ensemble(style="duet", players=(piano, bass), share=0.33333, voices=2.0, together=0.5),
    )
    assert (piano.program, piano.family, bass.program, bass.family) == (0, "piano", 32, "bass")
    assert piano.share == pytest.approx(0.5, abs=0.01)
    assert priors.ensembles[1].instruments == ("piano", "bass")
    assert priors_of(score, [tune], ["unheard of"]).ensembles[0].style is None
    assert priors_of(PERFORMANCE, [even(10, 20)]).ensembles == ()


def test_a_program_that_plays_a_good_deal_in_many_rare_ensembles_is_known():
    # Given many duets that are all different, in which a tuba plays now and then, and a tune that is most of the music
    score = representation_of("score")
    pieces = []
    for other in range(40, 56):
        for program in [*range(16), 58]:
            duet = np.zeros((256, 5), dtype=np.int32)
            duet[0::2] = 24, FIRST_PROGRAM + program, 60, 24, 20
            duet[1::2] = 0, FIRST_PROGRAM + other, 40, 24, 20
            pieces += [duet] * (1 if program == 58 else 2)
    # When only the most frequent ensembles are kept, all of them without tuba
    ensembles = priors_of(score, pieces).ensembles
    # Then some with the tuba are kept beside them
    assert len(ensembles) > MOST_ENSEMBLES
    tuba = sum(one.share * player.share for one in ensembles for player in one.players if player.program == 58)
    assert tuba >= 0.001
    assert [one.share for one in ensembles] == sorted((one.share for one in ensembles), reverse=True)


def test_whoever_is_asked_for_plays_a_good_deal_where_there_is_such_an_ensemble():
    def ensemble(bass: float) -> Ensemble:
        players = (Player(program=0, share=1 - bass), Player(program=33, share=bass))
        return Ensemble(players=players, share=bass, voices=2, together=0.5)

    priors = Priors(ensembles=(ensemble(0.05), ensemble(0.3)))
    assert {priors.ensemble(chance, None, ("piano", "bass")) for chance in (0.0, 0.5, 1.0)} == {ensemble(0.3)}
    assert Priors(ensembles=(ensemble(0.05),)).ensemble(0.5, None, ("piano", "bass")) == ensemble(0.05)


def test_drums_are_an_instrument_of_an_ensemble():
    score = representation_of("score")
    beat = np.zeros((256, 5), dtype=np.int32)
    beat[:] = 12, DRUMS, 38, 0, 20
    (drummer,) = priors_of(score, [beat]).ensembles
    assert drummer.instruments == ("drums",)


@pytest.mark.parametrize("player", [{"program": 129, "share": 0.5}, {"program": 3, "share": 0}, {"share": 1}])
def test_players_that_cannot_be_are_refused(player: dict):
    with pytest.raises(ValidationError):
        Ensemble.model_validate({"players": [player], "share": 0.5, "voices": 1, "together": 0})


def test_a_bundle_that_is_given_priors_is_another_version_of_the_same_network(run: Run):
    files = with_artifacts(run.files, priors=Priors(notes_per_s=(3.0, 9.0)))
    bundle, before = unpack(files, "tiny"), unpack(run.files, "tiny")
    assert bundle.priors == Priors(notes_per_s=(3.0, 9.0))
    assert before.priors is None
    assert bundle.version != before.version
    assert all((one == other).all() for one, other in zip(bundle.weights, before.weights, strict=True))


@pytest.mark.parametrize("keys", [(1.0,), (0.0,) * 24, (-1.0, *(1.0,) * 23)])
def test_shares_that_are_not_one_for_each_key_are_refused(keys: tuple[float, ...]):
    with pytest.raises(ValidationError):
        Priors(keys=keys)


def test_publish_measures_them_for_a_bundle_that_has_none(run: Run, tmp_path: Path):
    # Given a bundle without priors and the music it learnt from
    songs, trained = tmp_path / "songs", tmp_path / "trained"
    songs.mkdir()
    for number in range(4):
        steps = even(4 + number, 70)
        steps[:, 1] = 40 + np.random.default_rng(number).permutation(len(steps)) % 40  # no two nearly the same
        (songs / f"{number}.mid").write_bytes(write_midi(PERFORMANCE.decode(steps)))
    trained.mkdir()
    for name, data in run.files.items():
        (trained / name).write_bytes(data)
    # When it is published with them
    arguments = ["publish", str(trained), "--name", "mine", "--store", str(tmp_path / "store")]
    assert main([*arguments, "--learnt-from", str(songs), "--cache", str(tmp_path / "cache")]) == 0
    # Then the published version knows how dense that music is
    bundle = BundleStore(str(tmp_path / "store")).load("mine")
    assert bundle.priors is not None
    assert 3 < min(bundle.priors.notes_per_s) <= max(bundle.priors.notes_per_s) < 8
    # And what it would copy from
    assert bundle.originality() is not None
    # And the file is plain JSON
    stored = tmp_path / "store" / "mine" / bundle.version / PRIORS
    assert set(json.loads(stored.read_text())) == {"notes_per_s", "keys", "ensembles"}


def test_the_shipped_bundles_know_their_own():
    piano, chorale = (BundleStore().load(name).priors for name in ("piano", "chorale"))
    assert piano is not None
    assert chorale is not None
    assert 2 < piano.notes_per_s[0] < 4 < (piano.density(0.5) or 0) < 12 < piano.notes_per_s[-1]
    assert len(piano.keys) == len(chorale.keys) == 24
    assert chorale.notes_per_s == ()
    assert chorale.keys[KEYS.index("G major")] > 0.1 > chorale.keys[KEYS.index("F# major")]

"""What is asked of a piece beside its length: controls, temperatures, a guard against circling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from model.analysis.key_and_tempo import agree, tapped_tempo
from model.controls import Controls
from model.errors import RequestError
from model.generation import ComposeOptions, Composer, Engine, Handle, Request, SamplingParameters, processors, seeds
from model.generation.compose import GUARDED
from model.keys import KEYS, closes, keys_of
from tests.model.made_pieces import scales

LOVED = 60  # the pitch that the obsessed pianist cannot leave


@pytest.fixture(scope="module")
def obsessed(pianist: Composer) -> Composer:
    """A pianist whose network is all but certain of one pitch and of short notes, always."""
    network = pianist.bundle.network()
    for head, loved in ((network.heads[1], LOVED), (network.heads[3], 10)):
        bias = ops.convert_to_numpy(head.to_classes.bias)
        head.to_classes.bias.assign(bias + 40 * (np.arange(len(bias)) == loved))
    return Composer(replace(pianist.bundle, weights=network.get_weights()))


@pytest.fixture
def requests(pianist: Composer, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What the pianist asks of its engine."""
    seen: list[Request] = []
    submit = Engine.submit

    def watched(engine: Engine, request: Request) -> Handle:
        seen.append(request)
        return submit(engine, request)

    monkeypatch.setattr(Engine, "submit", watched)
    return seen


def test_what_is_asked_is_told_to_the_network(pianist: Composer, requests: list[Request]):
    # Given a wish
    controls = Controls(style="waltz", key="E minor", density=2)
    # When it is composed
    composition = pianist.compose(None, ComposeOptions(length_s=30, controls=controls))
    # Then the network was told, and how long the piece is to be
    expected = pianist.representation.controls.vector(controls)
    assert expected.sum() == 3
    (request,) = requests
    np.testing.assert_array_equal(request.state.decoder.conditions.controls, expected)
    assert request.state.left == 2856
    # And the composition tells what it heeded
    assert {*composition.controls.asked, *(one.control for one in composition.missed)} == {"style", "key", "density"}
    assert composition.controls.style == "waltz"
    assert composition.remarks == ()


def test_what_the_model_cannot_be_told_is_said(pianist: Composer):
    wished = Controls(key="E minor", tempo_bpm=96, meter="3/4")
    composition = pianist.compose(None, ComposeOptions(length_s=5, controls=wished))
    assert set(composition.controls.asked) <= {"key"}
    said = {one.control: one.reason for one in composition.missed}
    assert said["tempo_bpm"] == "Tempo ignored: this model plays in free time."
    assert said["meter"] == "Meter ignored: this model plays in free time."


def test_a_style_it_was_not_trained_on_is_refused(pianist: Composer):
    with pytest.raises(RequestError, match=r"'tango' is no style this model knows.*waltz, etude"):
        pianist.compose(None, ComposeOptions(controls=Controls(style="tango")))


@pytest.mark.parametrize("mode", ["vary", "accompany"])
def test_without_a_seed_there_is_nothing_to_vary_or_accompany(pianist: Composer, mode):
    with pytest.raises(RequestError, match=f"nothing to {mode}: send a seed"):
        pianist.compose(None, ComposeOptions(mode=mode))


def test_a_network_that_circles_is_let_out_and_the_member_is_told(obsessed: Composer):
    # Given a network that cannot leave one pitch, and nobody who stops it
    alone = obsessed.compose(None, ComposeOptions(length_s=30, random_seed=1, repetition_penalty=False))
    assert (alone.piece.notes["pitch"] == LOVED).mean() > 0.7
    assert alone.remarks == ()
    # When the guard does
    guarded = obsessed.compose(None, ComposeOptions(length_s=30, random_seed=1))
    # Then no pitch has half of the notes, and a sentence tells
    assert np.bincount(guarded.piece.notes["pitch"]).max() <= len(guarded.piece) / 2
    assert guarded.remarks == (GUARDED,)


def test_the_same_request_gives_the_same_piece_under_the_guard_too(obsessed: Composer):
    options = ComposeOptions(length_s=20, random_seed=5, sampling=SamplingParameters(temperature=0.8, top_k=50))
    pieces = [obsessed.compose(None, options).piece for _ in range(2)]
    np.testing.assert_array_equal(pieces[0].notes, pieces[1].notes)


def test_a_temperature_of_its_own_makes_one_field_safe(pianist: Composer):
    # Given velocities that are to be the likeliest, and pitches that are not
    taste = SamplingParameters(temperature=2.0, top_p=1.0, min_p=0.0, temperatures={"velocity": 0.1})
    wild = SamplingParameters(temperature=2.0, top_p=1.0, min_p=0.0)
    safe, other = (
        pianist.compose(None, ComposeOptions(length_s=60, random_seed=2, sampling=one)).piece.notes
        for one in (taste, wild)
    )
    # Then there are fewer of them than where they are free
    assert len(set(safe["velocity"].tolist())) / len(safe) < len(set(other["velocity"].tolist())) / len(other)


def test_a_continuation_is_asked_to_stay_as_its_seed_is_unless_something_else_is_asked(
    pianist: Composer, requests: list[Request]
):
    # Given a seed in a key of its own
    seed = pianist.representation.decode(scales(1, 60)[0])
    space = pianist.representation.controls
    key = space.vector(Controls(key=seeds.key_of(seed)))[space.slices["key"]]
    # When it is continued with a wish for sparse music and none for a key
    pianist.compose(seed, ComposeOptions(length_s=10, controls=Controls(density=1)))
    # Then the network was asked for the seed's key and for sparse music
    asked = requests[0].state.decoder.conditions.controls
    np.testing.assert_array_equal(asked[space.slices["key"]], key)
    assert asked[space.slices["key"]].sum() == 1
    np.testing.assert_array_equal(
        asked[space.slices["density"]], space.vector(Controls(density=1))[space.slices["density"]]
    )


@pytest.mark.parametrize("key", ["F# minor", "Bb major"])
def test_a_piece_is_in_the_key_that_was_asked_for(pianist: Composer, monkeypatch: pytest.MonkeyPatch, key: str):
    # Given a network that knows nothing of keys, and a lean that is strong
    monkeypatch.setattr(processors, "KEY_STRENGTH", 3.0)
    leaning = Composer(pianist.bundle)
    # When pieces in that key are composed
    wishes = [(None, ComposeOptions(length_s=20, random_seed=seed, controls=Controls(key=key))) for seed in range(8)]
    pieces = [composition.piece for _, composition in leaning.compose_all(wishes)]
    leaning.close()
    # Then it is found by the number of their notes (how long they sound is chance), and the last chord is its tonic's
    struck = np.array([np.bincount(piece.notes["pitch"] % 12, minlength=12) for piece in pieces])
    assert [KEYS[index] for index in keys_of(struck)] == [key] * 8
    last = np.concatenate(
        [piece.notes["pitch"][piece.notes["onset"] == piece.notes["onset"].max()] for piece in pieces]
    )
    assert closes(key)[last].mean() > 0.8


def test_a_continuation_goes_on_in_the_beat_of_its_seed(pianist: Composer, monkeypatch: pytest.MonkeyPatch):
    # Given a seed that goes at 100 to the minute, a network that knows nothing of beats, and a lean that is strong
    steps = np.array([[30, 48 + note % 24, 16 + 8 * (note % 2), 10] for note in range(80)], dtype=np.int32)
    seed = pianist.representation.decode(steps)
    assert tapped_tempo(seed) == pytest.approx(100, rel=0.05)
    monkeypatch.setattr(processors, "BEAT_STRENGTH", 6.0)
    strict = Composer(pianist.bundle)
    # When it is continued
    wishes = [(seed, ComposeOptions(length_s=30, random_seed=number, include_seed=False)) for number in range(4)]
    found = [tapped_tempo(made.piece) for _, made in strict.compose_all(wishes)]
    # Then that is what a listener taps
    assert all(tempo is not None and agree(tempo, 100) for tempo in found)
    # Which without a seed would not be so
    alone = [(None, options) for _, options in wishes]
    assert not all(agree(tapped_tempo(made.piece) or 0.0, 100) for _, made in strict.compose_all(alone))

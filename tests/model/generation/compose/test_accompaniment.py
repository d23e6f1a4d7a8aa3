"""What goes with a melody: its key, room for it, players that go with it, and notes that keep clear of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.bundles import BundleStore
from model.bundles.priors import Ensemble, Player, Priors
from model.controls import Controls
from model.generation import ComposeOptions, Composer, tasks
from model.generation.conditions import ACCOMPANYING_PER_S, Accompaniment, resolve_accompaniment
from model.generation.tasks import MOST_ACCOMPANYING
from model.piece import NOTE, Instrument, Piece, table
from model.representation import Representation
from model.representation.engraving import FIRST_PROGRAM
from tests.model.generation.compose.conftest import untaught

PIANO, GUITAR, VIOLIN, VIOLA, CELLO, FLUTE = 0, 24, 40, 41, 42, 73
TUNE = (60, 64, 67, 64, 60, 67, 72, 71, 69, 67, 65, 64, 62, 67, 60, 60)


def ensemble(style: str, share: float, **players: float) -> Ensemble:
    """One with so much of the music; a player is named as above."""
    programs = {name: int(globals()[name.upper()]) for name in players}
    return Ensemble(
        style=style, players=tuple(Player(program=programs[one], share=part) for one, part in players.items()),
        share=share, voices=4.0, together=0.4,
    )  # fmt: skip


PRIORS = Priors(
    ensembles=(
        ensemble("pop", 0.3, piano=0.7, flute=0.3),
        ensemble("pop", 0.1, guitar=0.7, flute=0.3),
        ensemble("pop", 0.05, guitar=0.6, piano=0.4),
        ensemble("tune", 0.5, violin=1.0),
        ensemble("quartet", 0.2, violin=0.4, viola=0.3, cello=0.3),
    )
)


def melody(program: int, pitches: tuple[int, ...] = TUNE) -> Piece:
    """Two quarters a second, one after the other."""
    notes = [(480 * place, 480, pitch, 80, 0) for place, pitch in enumerate(pitches)]
    return Piece(notes=table(NOTE, notes), instruments=(Instrument(program),), ticks_per_quarter=480)


def accompaniment(seed: Piece, random_seed: int = 0, **asked) -> Accompaniment:
    return resolve_accompaniment(ComposeOptions(random_seed=random_seed, controls=Controls(**asked)), seed, PRIORS)


def test_the_music_around_a_melody_is_in_its_key_and_leaves_it_room():
    # Given a melody in F major, two notes a second
    found = accompaniment(melody(FLUTE, tuple(pitch + 5 for pitch in TUNE)))
    # Then
    assert found.resolved.controls.key == "F major"
    assert found.notes_per_s == pytest.approx(2 + ACCOMPANYING_PER_S)
    playing = found.resolved.playing
    assert playing is not None
    assert playing.lead == FLUTE
    assert dict(playing.players)[FLUTE] == pytest.approx(2 / (2 + ACCOMPANYING_PER_S))
    assert sum(share for _, share in playing.players) == pytest.approx(1)


def test_who_plays_beside_a_melody_plays_beside_its_instrument_in_the_training_set():
    drawn = {frozenset(dict(accompaniment(melody(FLUTE), seed).resolved.playing.players)) for seed in range(40)}
    assert drawn == {frozenset({FLUTE, PIANO}), frozenset({FLUTE, GUITAR})}
    assert accompaniment(melody(FLUTE)).resolved.controls.style == "pop"


def test_a_melody_on_an_instrument_that_accompanies_is_heard_on_one_that_leads():
    # Given that a piano mostly accompanies in the training set
    found = accompaniment(melody(PIANO))
    # Then the melody is heard on the flute, and the piano may go with it
    assert found.heard_as == {PIANO: FLUTE}
    assert found.resolved.playing.lead == FLUTE
    # And a melody on the flute stays there
    assert accompaniment(melody(FLUTE)).heard_as == {}


def test_whoever_is_asked_for_plays_and_nobody_else():
    found = accompaniment(melody(FLUTE), instruments=("piano", "cello"), key="A minor", density=4)
    assert found.resolved.controls.key == "A minor"
    assert found.resolved.controls.density == 4
    assert set(dict(found.resolved.playing.players)) == {FLUTE, PIANO, CELLO}
    # Where the melody's own instrument is asked for, its notes may be drawn, too
    assert accompaniment(melody(FLUTE), instruments=("flute",)).resolved.playing.lead is None


def test_chords_are_no_melody_and_leave_open_who_plays():
    rows = sorted((480 * place, 480, pitch, 80, 0) for place in range(8) for pitch in (60, 64, 67))
    chords = Piece(notes=table(NOTE, rows), instruments=(Instrument(PIANO),), ticks_per_quarter=480)
    found = accompaniment(chords)
    assert found.heard_as == {}
    assert found.resolved.playing is None


def clashes(seed: Piece, added: Piece) -> float:
    """Share of the notes of `seed` that sound together with an added one a semitone off, in whatever octave."""
    spans = [
        (piece.seconds_at(piece.notes["onset"]), piece.seconds_at(piece.notes["onset"] + piece.notes["duration"]))
        for piece in (seed, added)
    ]
    (starts, ends), (other_starts, other_ends) = spans
    met = (starts[:, None] < other_ends) & (ends[:, None] > other_starts)
    apart = np.abs(seed.notes["pitch"][:, None] - added.notes["pitch"]) % 12
    return float(np.mean((met & np.isin(apart, (1, 11))).any(axis=1)))


def test_notes_around_a_melody_seldom_clash_with_it(pianist: Composer):
    # Given a network that has learnt nothing: left alone, it plays all pitches alike
    seed = melody(PIANO)
    # When it plays around a tune
    shares = [
        clashes(
            seed, pianist.compose(seed, ComposeOptions(mode="accompany", random_seed=number, include_seed=False)).piece
        )
        for number in range(4)
    ]
    # Then few notes of the tune meet one a semitone away
    assert np.mean(shares) <= 0.25


def test_beside_a_melody_no_more_notes_sound_at_once_than_a_pianist_holds(pianist: Composer):
    options = ComposeOptions(mode="accompany", random_seed=3, include_seed=False, controls=Controls(density=5))
    notes = pianist.compose(melody(PIANO), options).piece.notes
    ends = notes["onset"] + notes["duration"]
    sounding = [int(np.sum((notes["onset"] <= onset) & (ends > onset))) for onset in notes["onset"]]
    assert max(sounding) <= MOST_ACCOMPANYING


@pytest.mark.parametrize("program", [PIANO, FLUTE])
def test_the_network_hears_the_melody_on_the_instrument_that_the_others_play_beside(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, program: int
):
    # Given a melody of one velocity, which a continuation would hear on the violin that plays alone in training
    bundle = untaught(BundleStore(tmp_path_factory.mktemp("beside")), "score", ("pop", "tune", "quartet"))
    composer = Composer(replace(bundle, priors=PRIORS))
    heard: list[tuple[set[int], int]] = []
    real = tasks.accompaniment

    def listened(representation: Representation, steps: np.ndarray, lead: int):
        heard.append((set(steps[:, 1].tolist()), lead))
        return real(representation, steps, lead)

    monkeypatch.setattr(tasks, "accompaniment", listened)
    # When it is accompanied
    made = composer.compose(melody(program), ComposeOptions(mode="accompany", random_seed=2))
    composer.close()
    # Then the network hears a flute, which plays nothing else, and the file has the melody as it was
    assert heard == [({FIRST_PROGRAM + FLUTE}, FIRST_PROGRAM + FLUTE)]
    programs = {made.piece.instruments[index].program for index in made.piece.notes["instrument"]}
    assert program in programs
    assert programs <= {program, PIANO, GUITAR}

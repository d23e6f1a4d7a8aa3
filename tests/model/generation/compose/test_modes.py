"""Varying and accompanying on the piano: the seed's rhythm and the seed's notes are kept, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from model.generation import ComposeOptions, Composer
from model.generation.conditions import LONGEST_RING_S
from model.generation.tasks import BETWEEN_S
from model.piece import NOTE, Instrument, Piece, table
from model.representation import Performance
from model.representation.performance import DURATION, PITCH, SHIFT, VELOCITY
from tests.model.made_pieces import steps_of

PERFORMANCE = Performance()
FLUTE = Instrument(73, name="flute")
# chords, repeated keys, long notes; on the grid, so that what comes back can be compared exactly
SEED = PERFORMANCE.decode(steps_of(np.random.default_rng(4), 60))
MELODY = Piece(
    notes=table(NOTE, [(500 * i, 450, pitch, 80, 0) for i, pitch in enumerate([72, 74, 76, 77, 79, 77, 76, 74] * 2)]),
    instruments=(FLUTE,),
)


def varied(composer: Composer, strength: float, **options) -> Piece:
    asked = ComposeOptions(mode="vary", strength=strength, include_seed=False, random_seed=1, **options)
    return composer.compose(SEED, asked).piece


def kept(one: Piece, other: Piece) -> float:
    """The share of notes that have the same pitch."""
    return float(np.mean(PERFORMANCE.encode(one)[:, PITCH] == PERFORMANCE.encode(other)[:, PITCH]))


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_variation_keeps_onsets_lengths_and_loudness(pianist: Composer, strength: float):
    given, steps = PERFORMANCE.encode(SEED), PERFORMANCE.encode(varied(pianist, strength))
    for field in (SHIFT, VELOCITY):
        np.testing.assert_array_equal(steps[:, field], given[:, field])
    # a key struck again ends the note before; everything else lasts as it did
    assert (steps[:, DURATION] <= given[:, DURATION]).all()
    assert np.mean(steps[:, DURATION] == given[:, DURATION]) > 0.9


def test_at_full_strength_the_pitches_are_the_seeds_and_below_it_fewer_and_fewer(pianist: Composer):
    shares = [kept(varied(pianist, strength), SEED) for strength in (1.0, 0.7, 0.3, 0.0)]
    assert shares[0] == 1.0
    assert shares[1] > shares[2] > shares[3]
    assert shares[3] < 0.2


def test_a_varied_pitch_stays_within_an_octave_of_the_seeds(pianist: Composer):
    given, steps = PERFORMANCE.encode(SEED), PERFORMANCE.encode(varied(pianist, 0.0))
    assert np.abs(steps[:, PITCH] - given[:, PITCH]).max() <= 12


def test_with_the_seed_in_it_the_variation_comes_after_its_theme(pianist: Composer):
    composition = pianist.compose(SEED, ComposeOptions(mode="vary", random_seed=1))
    piece = composition.piece
    assert composition.ended
    assert composition.seed_s == pytest.approx(SEED.end_s + BETWEEN_S, abs=0.011)
    theme = piece.notes[piece.onsets_s < composition.seed_s - 0.001]
    np.testing.assert_array_equal(theme["pitch"], SEED.notes["pitch"])
    assert len(piece) == 2 * len(SEED)


def test_of_a_long_seed_the_beginning_is_varied_and_that_is_said(pianist: Composer):
    long = Piece(notes=table(NOTE, [(2_000 * i, 1_500, 60 + i % 12, 80, 0) for i in range(100)]))
    composition = pianist.compose(long, ComposeOptions(mode="vary"))
    assert composition.remarks == ("Your seed is long: only its first 150 seconds were taken.",)
    assert composition.composed_notes == 75
    asked = pianist.compose(long, ComposeOptions(mode="vary", length_s=20))
    assert (asked.composed_notes, asked.remarks) == (10, ())


def test_an_accompaniment_leaves_the_melody_as_it_was_sent(pianist: Composer):
    # Given a melody for the flute
    composition = pianist.compose(MELODY, ComposeOptions(mode="accompany", random_seed=3))
    piece = composition.piece
    # Then it is there, note for note, played by the flute
    is_flute = np.array([instrument == FLUTE for instrument in piece.instruments])[piece.notes["instrument"]]
    for name in ("onset", "duration", "pitch", "velocity"):
        np.testing.assert_array_equal(piece.notes[is_flute][name], MELODY.notes[name])
    # And something else is played with it, and ends with it
    assert np.sum(~is_flute) == composition.composed_notes > 0
    assert piece.onsets_s[~is_flute].max() <= MELODY.onsets_s.max()
    assert piece.end_s <= MELODY.end_s + LONGEST_RING_S + 0.01
    assert composition.ended
    assert composition.seed_s == 0


def test_the_accompaniment_alone_is_the_same_without_the_melody(pianist: Composer):
    together = pianist.compose(MELODY, ComposeOptions(mode="accompany", random_seed=3)).piece
    alone = pianist.compose(MELODY, ComposeOptions(mode="accompany", random_seed=3, include_seed=False)).piece
    is_flute = np.array([instrument == FLUTE for instrument in together.instruments])[together.notes["instrument"]]
    np.testing.assert_allclose(alone.onsets_s, together.onsets_s[~is_flute], atol=1e-6)
    np.testing.assert_array_equal(alone.notes["pitch"], together.notes["pitch"][~is_flute])


def test_the_accompaniment_strikes_no_key_that_the_melody_holds(pianist: Composer):
    piece = pianist.compose(MELODY, ComposeOptions(mode="accompany", random_seed=3)).piece
    is_flute = np.array([instrument == FLUTE for instrument in piece.instruments])[piece.notes["instrument"]]
    for note in piece.notes[~is_flute]:
        same = piece.notes[is_flute & (piece.notes["pitch"] == note["pitch"])]
        held = (same["onset"] <= note["onset"]) & (note["onset"] < same["onset"] + same["duration"])
        assert not held.any()


@pytest.mark.parametrize("mode", ["vary", "accompany"])
def test_the_same_request_gives_the_same_piece(pianist: Composer, mode):
    pieces = [pianist.compose(MELODY, ComposeOptions(mode=mode, random_seed=8)).piece for _ in range(2)]
    other = pianist.compose(MELODY, ComposeOptions(mode=mode, random_seed=9, strength=0.1)).piece
    np.testing.assert_array_equal(pieces[0].notes, pieces[1].notes)
    assert not np.array_equal(pieces[0].notes, other.notes)

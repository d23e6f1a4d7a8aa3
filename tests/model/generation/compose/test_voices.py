"""Composing on steps that are time itself: four voices, to the sixteenth, in every mode."""

from __future__ import annotations

import numpy as np
import pytest

from model.generation import ComposeOptions, Composer
from model.piece import NOTE, TEMPO, Instrument, Piece, table
from model.representation import representation_of

VOICES = representation_of("voices")
CHORDS = [[72, 67, 64, 48], [74, 67, 65, 50], [76, 67, 60, 48], [-1, 67, 62, 43], [77, 69, 65, 53], [76, 67, 60, 48]]
GRID = np.repeat(np.array(CHORDS, dtype=np.int32), 4, axis=0)  # quarters
SEED = VOICES.decode(GRID)
# the same melody, alone, twice as fast
MELODY = Piece(
    notes=table(NOTE, [(480 * i, 480, chord[0], 90, 0) for i, chord in enumerate(CHORDS) if chord[0] > 0]),
    instruments=(Instrument(73, name="flute"),),
    ticks_per_quarter=480,
    tempos=table(TEMPO, [(0, 375_000)]),
)


def changes(grid: np.ndarray) -> np.ndarray:
    """Where each voice moves, bool (steps, 4)."""
    return np.diff(grid, axis=0, prepend=-2) != 0


@pytest.mark.parametrize(("asked", "seconds"), [({"length_s": 30}, 30.0), ({"bars": 4}, 12.0)])
def test_from_nothing_it_fills_the_length_to_the_sixteenth(choir: Composer, asked: dict, seconds: float):
    composition = choir.compose(None, ComposeOptions(random_seed=1, **asked))
    assert composition.ended
    assert composition.piece.end_s == pytest.approx(seconds, rel=0.02)  # the last voices may rest


def test_a_chorale_goes_on_where_it_stopped_in_its_tempo(choir: Composer):
    composition = choir.compose(SEED, ComposeOptions(bars=2, random_seed=1))
    piece = composition.piece
    assert composition.seed_s == pytest.approx(SEED.end_s)
    assert [instrument.name for instrument in piece.instruments] == ["Soprano", "Alto", "Tenor", "Bass"]
    np.testing.assert_array_equal(VOICES.encode(piece)[: len(GRID)], GRID)
    assert piece.tempos["quarter_us"].tolist() == [750_000]


def test_a_variation_keeps_the_rhythm_of_every_voice(choir: Composer):
    for strength in (0.0, 1.0):
        options = ComposeOptions(mode="vary", strength=strength, include_seed=False, random_seed=2)
        grid = VOICES.encode(choir.compose(SEED, options).piece)
        np.testing.assert_array_equal(changes(grid), changes(GRID))
        np.testing.assert_array_equal(grid == -1, GRID == -1)
        assert np.array_equal(grid, GRID) == (strength == 1.0)


def test_a_melody_is_harmonised_as_it_was_sent(choir: Composer):
    # Given a flute's melody at 160 quarters a minute
    composition = choir.compose(MELODY, ComposeOptions(mode="accompany", random_seed=3))
    piece = composition.piece
    # Then the flute plays it, and three voices sing beside it
    is_flute = np.array([instrument.name == "flute" for instrument in piece.instruments])[piece.notes["instrument"]]
    for name in ("onset", "duration", "pitch", "velocity"):
        np.testing.assert_array_equal(piece.notes[is_flute][name], MELODY.notes[name])
    used = {piece.instruments[index].name for index in piece.notes["instrument"]}
    assert used <= {"flute", "Alto", "Tenor", "Bass"}
    assert len(used) > 1
    # And they end with it
    assert piece.end_s == pytest.approx(MELODY.end_s, abs=0.05)

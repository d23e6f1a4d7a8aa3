"""Names of notes and chords: music21's, to the letter."""

from __future__ import annotations

import numpy as np
import pytest
from music21 import chord, pitch

from model.errors import RequestError
from model.midi import write_midi
from model.piece import NOTE, Piece, table
from model.representation.chords import NAMES, PITCH_OF, name_of, normal_order, pitch_written, pitches_of
from model.representation.notes import words_in
from model.representation.spelling import PLAIN, Nearest


def test_notes_are_named_as_music21_names_them():
    assert [str(pitch.Pitch(midi=number)) for number in range(128)] == list(NAMES)


@pytest.mark.parametrize("bits", range(1, 4096, 37))
def test_chords_are_in_music21s_normal_order(bits):
    classes = [number for number in range(12) if bits >> number & 1]
    assert list(normal_order(frozenset(classes))) == chord.Chord(classes).normalOrder


def test_a_name_sounds_as_what_it_names():
    for name in ("C4", "E-5", "0.4.7", "11.2.5", "4"):
        assert name_of(pitches_of(name)) == name


@pytest.mark.parametrize("wrong", ["H4", "C44", "12", "0.4.", "", "4.7.x"])
def test_what_is_no_name_is_refused_in_a_sentence(wrong):
    with pytest.raises(RequestError, match="is no note and no chord"):
        pitches_of(wrong)


@pytest.mark.parametrize(
    ("written", "name"), [("c4", "C4"), ("Eb5", "E-5"), ("d#5", "E-5"), ("B-2", "B-2"), ("G♯3", "G#3")]
)
def test_notes_may_be_written_as_people_write_them(written, name):
    assert pitch_written(written) == PITCH_OF[name]


def test_without_chords_in_the_vocabulary_a_chord_becomes_a_note():
    nearest = Nearest(("F#4", "C4"))
    assert nearest.vocabulary[nearest.index_of("0.4.7")] == "C4"


def test_names_are_read_off_a_score_as_music21_reads_them():
    from model.classic.parsing import reduced, sounds_by_music21

    rng = np.random.default_rng(5)
    onsets = np.cumsum(rng.choice([0, 0, 120, 160, 240, 479], 150)) + rng.integers(0, 30, 150)
    rows = zip(
        onsets, rng.choice([100, 240, 250, 900], 150), rng.integers(40, 90, 150), [80] * 150, [0] * 150, strict=True
    )
    piece = Piece(notes=np.sort(table(NOTE, rows)), ticks_per_quarter=480)
    assert PLAIN.spelled(sounds_by_music21(reduced(write_midi(piece)))) == words_in(piece, PLAIN)

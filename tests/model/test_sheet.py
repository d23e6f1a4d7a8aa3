"""Sheets: spelled by key, in bars, within their cap."""

from __future__ import annotations

import re

import numpy as np
import pytest

from model.errors import RequestError
from model.keys import key_of, spelled
from model.pictures.sheet import sheet
from model.piece import NOTE, Instrument, Piece, table

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 11, 12)


@pytest.mark.parametrize(
    ("tonic", "in_key", "names"),
    [
        (61, (-5, False), "D-4 E-4 F4 G-4 A-4 B-4 C5 D-5"),
        (64, (4, False), "E4 F#4 G#4 A4 B4 C#5 D#5 E5"),
        (57, (0, True), "A3 B3 C4 D4 E4 F4 G#4 A4"),
        (60, (-3, True), "C4 D4 E-4 F4 G4 A-4 B4 C5"),
    ],
)
def test_notes_are_spelled_in_the_key_of_the_piece(tonic, in_key, names):
    assert " ".join(spelled(tonic + step, *in_key) for step in (MINOR if in_key[1] else MAJOR)) == names


@pytest.mark.parametrize("tonic", range(60, 72))
def test_a_cadence_gives_its_key_away(tonic):
    degrees = [0, 4, 7, 12, 5, 9, 12, 7, 11, 14, 17, 0, 4, 7, 12]
    rows = [(place * 240, 240, tonic + degree, 80, 0) for place, degree in enumerate(degrees)]
    sharps, is_minor = key_of(table(NOTE, rows))
    assert (sharps - 7 * tonic) % 12 == 0
    assert not is_minor


def test_every_pitch_has_a_name_in_every_key():
    from music21 import pitch

    for sharps in range(-5, 7):
        for is_minor in (False, True):
            for number in range(21, 109):
                assert pitch.Pitch(spelled(number, sharps, is_minor)).midi == number


def test_a_sheet_fills_its_bars_and_says_what_it_leaves_out():
    # Given two hundred bars for a piano, low and high, and a drum
    rows = [(place * 480, 480, pitch, 80, 0) for place in range(800) for pitch in (36, 72)]
    rows.append((0, 240, 38, 80, 1))
    piece = Piece(table(NOTE, rows), (Instrument(name="Piano"), Instrument(is_drum=True)), 480)
    # When a sheet of three bars is written
    made = sheet(piece, "Steps", most_bars=3)
    # Then it has two staves with three bars each, and says the rest
    text = made.musicxml.decode()
    assert len(re.findall(r"<measure ", text)) == 6
    assert text.count("<part ") == 2
    assert set(made.remarks) == {"Drums are left out of the sheet.", "The sheet has the first 3 bars."}


def test_a_sheet_of_drums_is_refused_in_a_sentence():
    piece = Piece(table(NOTE, [(0, 240, 38, 80, 0)]), (Instrument(is_drum=True),), 480)
    with pytest.raises(RequestError, match="needs notes with a pitch"):
        sheet(piece)
    assert np.ndim(key_of(piece.notes[:0])[0]) == 0

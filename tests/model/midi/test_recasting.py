"""Another key or tempo without new notes."""

from __future__ import annotations

import pytest

from model.errors import RequestError
from model.midi import read_midi, write_midi
from model.midi.recasting import at_tempo, transposed
from model.piece import KEY_SIGNATURE, NOTE, TEMPO, Instrument, Piece, table

PIECE = Piece(
    notes=table(NOTE, [(0, 480, 60, 80, 0), (0, 480, 36, 90, 1), (480, 480, 67, 70, 0)]),
    instruments=(Instrument(40), Instrument(is_drum=True)),
    ticks_per_quarter=480,
    tempos=table(TEMPO, [(0, 500_000), (480, 1_000_000)]),
    key_signatures=table(KEY_SIGNATURE, [(0, 0, False)]),
)


def test_transposing_moves_every_pitch_but_the_drums_and_the_key_signature_with_them():
    up = transposed(PIECE, 2)
    assert up.notes["pitch"].tolist() == [36, 62, 69]
    assert up.notes["onset"].tolist() == PIECE.notes["onset"].tolist()
    assert up.key_signatures.tolist() == [(0, 2, False)]
    assert PIECE.notes["pitch"].tolist() == [36, 60, 67]


@pytest.mark.parametrize(("semitones", "sharps"), [(1, -5), (-1, 5), (6, 6), (7, 1), (12, 0), (-5, 1), (3, -3)])
def test_the_new_signature_is_the_usual_one(semitones, sharps):
    assert transposed(PIECE, semitones).key_signatures["sharps"].tolist() == [sharps]


@pytest.mark.parametrize(("semitones", "words"), [(61, "highest"), (-61, "lowest")])
def test_notes_that_would_leave_the_range_of_midi_are_refused(semitones, words):
    with pytest.raises(RequestError, match=f"The {words} notes would leave the range of MIDI"):
        transposed(PIECE, semitones)


def test_a_tempo_scales_the_whole_tempo_map_and_keeps_the_beats():
    fast = at_tempo(PIECE, 1.25)
    assert fast.tempos.tolist() == [(0, 400_000), (480, 800_000)]
    assert fast.notes.tolist() == PIECE.notes.tolist()
    assert fast.end_s == pytest.approx(PIECE.end_s / 1.25)


def test_the_slowest_tempo_still_fits_a_midi_file():
    slow = at_tempo(at_tempo(PIECE, 0.25), 0.25)
    assert read_midi(write_midi(slow)).piece.tempos["quarter_us"].tolist() == [8_000_000, 16_000_000]

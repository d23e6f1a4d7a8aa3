"""What is said of a piece: key with its certainty, tempo, meter, instruments with their ranges, chords."""

from __future__ import annotations

import numpy as np
import pytest

from model.analysis.description import bar_chords, describe_piece, note_name
from model.piece import KEY_SIGNATURE, METER, NOTE, TEMPO, Instrument, Piece, table

PIANO, FLUTE, DRUMS = Instrument(), Instrument(73), Instrument(is_drum=True)
BAR = 1920


def progression(*chords: tuple[int, ...], instrument: Instrument = PIANO, **fields: object) -> Piece:
    """A bar of 4/4 for each chord."""
    rows = [(bar * BAR, BAR - 20, pitch, 80, 0) for bar, chord in enumerate(chords) for pitch in chord]
    return Piece(table(NOTE, rows), (instrument,), 480, **fields)


C, AM, F, G7 = (48, 60, 64, 67), (45, 60, 64, 69), (41, 60, 65, 69), (43, 59, 65, 67, 62)


def test_a_cadence_is_in_a_clear_key_and_its_chords_are_named():
    found = describe_piece(progression(C, F, G7, C, C, F, G7, C), has_beat=True)
    assert (found.key.name, found.key.confidence) == ("C major", "clear")
    assert found.chords == ("C", "F", "G7", "C") * 2
    assert (found.meters, found.bars, found.tempos_bpm) == (("4/4",), 8, (120.0, 120.0))


def test_a_key_that_the_notes_leave_open_is_told_with_the_next_best():
    chromatic = Piece(table(NOTE, [(240 * step, 200, 60 + step % 12, 80, 0) for step in range(48)]))
    found = describe_piece(chromatic, has_beat=True)
    assert found.key.confidence == "unsure"
    assert found.key.other is not None
    assert found.chords == ()


def test_where_two_keys_fit_alike_the_first_and_last_bass_notes_decide():
    """Every note of the white keys as often: C major and A minor fit alike, and the frame tells which it is."""
    scale = [(480 * step, 480, pitch, 80, 0) for step, pitch in enumerate((60, 62, 64, 65, 67, 69, 71) * 4)]
    for tonic, name in ((48, "C major"), (45, "A minor")):
        frame = [(0, 24, tonic, 80, 0), (480 * 28, 24, tonic, 80, 0)]
        key = describe_piece(Piece(table(NOTE, [*scale, *frame])), has_beat=True).key
        assert (key.name, key.confidence) == (name, "likely")


def test_where_two_keys_fit_alike_the_key_signature_decides_too():
    scale = [(480 * step, 480, pitch, 80, 0) for step, pitch in enumerate((62, 64, 65, 67, 69, 60, 71) * 4)]
    for is_minor, name in ((False, "C major"), (True, "A minor")):
        signature = table(KEY_SIGNATURE, [(0, 0, is_minor)])
        key = describe_piece(Piece(table(NOTE, scale), key_signatures=signature), has_beat=True).key
        assert (key.name, key.confidence) == (name, "likely")


def test_chords_are_spelled_in_flats_where_the_key_has_them():
    bb, eb, f7 = (46, 58, 62, 65), (51, 58, 63, 67), (41, 57, 60, 63)
    assert bar_chords(progression(bb, eb, f7, bb))[:2] == ("Bb", "Eb")


def test_a_single_line_and_drums_have_no_chords():
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    line = Piece(table(NOTE, [(480 * step, 470, scale[step % 8], 80, 0) for step in range(32)]), (FLUTE,), 480)
    assert bar_chords(line) == ()
    drums = progression(C, C, C, C, instrument=DRUMS)
    found = describe_piece(drums, has_beat=True)
    assert (found.chords, found.key, found.polyphony) == ((), None, None)
    assert (found.parts[0].is_drum, found.parts[0].low, found.parts[0].high) == (True, None, None)


def test_instruments_come_with_their_ranges_those_with_the_most_notes_first():
    rows = [(0, 480, 60, 80, 0), (0, 480, 72, 80, 1), (480, 480, 84, 80, 1)]
    found = describe_piece(Piece(table(NOTE, rows), (Instrument(), FLUTE, Instrument(40)), 480), has_beat=True)
    told = [(part.name, part.notes, part.low, part.high) for part in found.parts]
    assert told == [("Flute", 2, "C5", "C6"), ("Acoustic Grand Piano", 1, "C4", "C4")]


def test_what_the_file_states_is_told_beside_what_the_notes_say():
    piece = progression(
        C, F, G7, C,
        tempos=table(TEMPO, [(0, 500_000), (BAR, 600_000)]), meters=table(METER, [(0, 4, 4), (BAR, 3, 4)]),
        key_signatures=table(KEY_SIGNATURE, [(0, -2, True)]),
    )  # fmt: skip
    found = describe_piece(piece, has_beat=True)
    assert found.tempos_bpm == (100.0, 120.0)
    assert found.meters == ("4/4", "3/4")
    assert found.signature == "G minor"


def test_a_performance_in_free_time_has_a_tapped_tempo_and_no_bars():
    rng = np.random.default_rng(2)
    onsets = np.cumsum(rng.integers(60, 700, 80))
    found = describe_piece(Piece(table(NOTE, [(int(at), 300, 60 + int(at) % 7, 80, 0) for at in onsets])), False)
    assert (found.bars, found.meters, found.tempos_bpm, found.chords) == (None, (), None, ())
    assert 30 <= found.tapped_bpm <= 300


def test_a_single_note_can_be_described():
    found = describe_piece(Piece(table(NOTE, [(0, 480, 60, 80, 0)])), has_beat=False)
    assert (found.notes, found.density, found.tapped_bpm) == (1, None, None)


@pytest.mark.parametrize(
    ("pitch", "sharps", "name"), [(60, 0, "C4"), (63, -3, "Eb4"), (66, 3, "F#4"), (0, 0, "C-1"), (127, 0, "G9")]
)
def test_pitches_are_named_as_the_key_writes_them(pitch, sharps, name):
    assert note_name(pitch, sharps) == name

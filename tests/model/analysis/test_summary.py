"""What the title of a piece says: read off its notes and maps, silent where they do not tell."""

from __future__ import annotations

import pytest

from model.analysis.summary import PieceSummary, summary_of, title_of
from model.piece import KEY_SIGNATURE, METER, NOTE, TEMPO, Instrument, Piece, table

QUARTER = 480
G_MINOR = (55, 58, 62, 67, 69, 70, 72, 74, 67, 62, 58, 55)  # its chord and its scale
ALL_TWELVE = tuple(range(60, 72))


def piece(pitches=G_MINOR, programs=(0,), bpm=96, meters=((0, 3, 4),), signatures=(), drums=0) -> Piece:
    """`pitches` as quarter notes, once for each of `programs`, with `drums` strokes beside them."""
    instruments = [Instrument(program) for program in programs]
    rows = [
        (place * QUARTER, QUARTER, pitch, 80, number)
        for number in range(len(programs))
        for place, pitch in enumerate(pitches)
    ]
    if drums:
        instruments.append(Instrument(is_drum=True))
        rows += [(place * QUARTER, QUARTER, 36, 80, len(programs)) for place in range(drums)]
    return Piece(
        notes=table(NOTE, rows),
        instruments=tuple(instruments),
        ticks_per_quarter=QUARTER,
        tempos=table(TEMPO, [(0, round(60e6 / bpm))]),
        meters=table(METER, meters),
        key_signatures=table(KEY_SIGNATURE, signatures),
    )


def test_a_piece_with_a_beat_has_a_key_a_tempo_a_meter_and_players():
    assert summary_of(piece(), has_beat=True) == PieceSummary("G minor", 96.0, "3/4", ("piano",))


def test_in_free_time_there_is_no_tempo_and_no_meter():
    assert summary_of(piece(), has_beat=False) == PieceSummary("G minor", None, None, ("piano",))


def test_notes_that_fit_every_key_have_none_and_drums_alone_have_none():
    assert summary_of(piece(ALL_TWELVE), has_beat=True).key is None
    assert summary_of(piece((), (), drums=8), has_beat=True) == PieceSummary(None, 96.0, "3/4", ("drums",))


def test_a_key_signature_decides_between_relative_keys_and_how_the_key_is_spelled():
    # Given notes of the scale of E flat major and C minor alike
    scale = (60, 62, 63, 65, 67, 68, 70, 63, 67)
    stated = [summary_of(piece(scale, signatures=[(0, -3, minor)]), has_beat=True).key for minor in (False, True)]
    assert stated == ["Eb major", "C minor"]
    # And one that does not fit is not believed
    assert summary_of(piece(signatures=[(0, 6, False)]), has_beat=True).key == "G minor"


def test_a_key_that_was_asked_for_and_followed_is_believed():
    assert summary_of(piece(), has_beat=True, key="D minor").key == "D minor"


@pytest.mark.parametrize(
    ("meters", "expected"),
    [
        (((0, 3, 4), (11 * QUARTER, 4, 4)), "3/4"),
        (((0, 3, 4), (6 * QUARTER, 4, 4)), None),
    ],
)
def test_the_meter_is_that_of_most_of_the_piece(meters, expected):
    assert summary_of(piece(meters=meters), has_beat=True).meter == expected


@pytest.mark.parametrize(
    ("programs", "expected"),
    [
        ((40, 41, 42), ("strings",)),
        ((73, 0), ("flute", "piano")),
        ((40,), ("violin",)),
        ((0, 33, 73, 56, 60), ("piano", "bass", "winds", "brass")),
    ],
)
def test_players_are_named_and_many_by_their_families(programs, expected):
    assert summary_of(piece(programs=programs), has_beat=True).instruments == expected


def test_who_plays_a_few_notes_only_is_not_named():
    assert summary_of(piece(G_MINOR * 4, drums=1), has_beat=True).instruments == ("piano",)


@pytest.mark.parametrize(
    ("style", "mode", "words"),
    [
        ("waltz", None, "Waltz in G minor · 96 bpm · 3/4 · strings"),
        ("fiddle-tune", "continue", "Fiddle tune in G minor · 96 bpm · 3/4 · strings"),
        ("pop", None, "Pop-style piece in G minor · 96 bpm · 3/4 · strings"),
        ("drums-funk", None, "Funk drums in G minor · 96 bpm · 3/4 · strings"),
        (None, "vary", "Variation in G minor · 96 bpm · 3/4 · strings"),
        (None, None, "Piece in G minor · 96 bpm · 3/4 · strings"),
    ],
)
def test_a_title_names_the_kind_by_its_style_or_by_what_was_made_of_the_seed(style, mode, words):
    assert title_of(PieceSummary("G minor", 96.0, "3/4", ("strings",)), style, mode) == words


def test_a_title_is_silent_about_what_is_not_known():
    assert title_of(PieceSummary()) == "Piece"
    assert title_of(PieceSummary(tempo_bpm=90, instruments=("drums",)), "drums-funk") == "Funk drums · 90 bpm"
    assert title_of(PieceSummary(instruments=("piano", "flute"))) == "Piece · piano and flute"
    assert title_of(PieceSummary(instruments=("a", "b", "c", "d", "e"))) == "Piece · a, b, c, d and more"

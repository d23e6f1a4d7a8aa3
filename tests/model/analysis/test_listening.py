"""What a listener notices, on pieces small enough to count by hand."""

from __future__ import annotations

import math
from itertools import chain

import pytest

from model.analysis import listening
from model.piece import METER, NOTE, Instrument, Piece, table

PIANO_AND_FLUTE = (Instrument(0), Instrument(73))


def piece(*notes: tuple[float, float, int], instrument: int = 0, meter: tuple[int, int] = (4, 4)) -> Piece:
    """Notes as (onset, length, pitch), in seconds, at 120 bpm: a bar of 4/4 lasts two seconds."""
    rows = [(round(onset * 1000), round(length * 1000), pitch, 64, instrument) for onset, length, pitch in notes]
    return Piece(notes=table(NOTE, rows), instruments=PIANO_AND_FLUTE, meters=table(METER, [(0, *meter)]))


def line(pitches: list[int], step_s: float = 0.5) -> Piece:
    return piece(*((index * step_s, step_s, pitch) for index, pitch in enumerate(pitches)))


def test_silence_is_the_share_of_the_time_between_first_onset_and_last_release_without_a_note():
    assert listening.silence_share(piece((1, 1, 60), (3, 1, 62), (3.5, 1.5, 64))) == pytest.approx(1 / 4)


def test_only_silences_over_half_a_second_are_gaps():
    # Given 4 seconds of onsets with silences of .4 s and 2.6 s
    music = piece((0, 0.5, 60), (0.9, 0.5, 62), (4, 1, 64))
    # Then one of them is a gap: 15 a minute
    assert listening.gaps_per_minute(music) == pytest.approx(15)


def test_a_burst_counts_the_onsets_within_three_tenths_of_a_second():
    assert listening.largest_burst(piece(*((at, 1, 60) for at in (0, 1, 1.1, 1.2, 1.29, 1.31)))) == 4


def test_a_note_that_ends_where_the_next_begins_does_not_sound_with_it():
    assert listening.most_sounding(piece((0, 1, 60), (0, 2, 64), (1, 1, 62))) == 2


def test_a_piano_has_88_keys():
    assert listening.outside_keyboard(piece((0, 1, 20), (1, 1, 21), (2, 1, 108), (3, 1, 109))) == 0.5


def test_the_first_onset_is_told_in_seconds():
    assert listening.first_onset_s(piece((1.25, 1, 60), (2, 1, 62))) == 1.25


def test_a_phrase_that_comes_back_is_told_by_its_4_grams():
    # Given a phrase of five notes, played twice: nine grams with all joints, two of them for the second time
    assert listening.top_line_returns(line([60, 62, 64, 65, 67] * 2)) == pytest.approx(2 / 7)
    assert listening.top_line_returns(line([60, 62, 64, 65, 67, 69, 71])) == 0


def test_the_top_line_is_the_highest_note_of_each_chord():
    melody = [60, 62, 64, 65] * 2
    bass = [(index * 0.5 + 0.02, 0.4, 40 + index) for index in range(8)]
    both = piece(*((index * 0.5, 0.4, pitch) for index, pitch in enumerate(melody)), *bass)
    assert listening.top_line_returns(both) == listening.top_line_returns(line(melody)) == pytest.approx(1 / 5)


@pytest.mark.parametrize(("bass", "ends"), [(48, 1), (52, 0)])
def test_a_piece_ends_on_its_tonic_when_the_last_bass_is_the_tonic(bass: int, ends: int):
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60, 67]
    close = [(6, 1, pitch) for pitch in (bass, 64, 67, 72)]
    music = piece(*((index * 0.5, 0.5, pitch) for index, pitch in enumerate(scale)), *close)
    assert listening.ends_on_tonic(music) == ends


def test_bars_of_the_melody_that_return_are_counted():
    # Given four bars A B A C of four quarter notes at 120 bpm in the flute, above a piano that never repeats
    bars = [[72, 74, 76, 77], [79, 77, 76, 74], [72, 74, 76, 77], [84, 83, 81, 79]]
    flute = piece(*((index * 0.5, 0.5, pitch) for index, pitch in enumerate(chain(*bars))), instrument=1)
    piano = piece(*((index * 0.5, 0.5, 40 + index) for index in range(16)))
    music = piece()
    music = music.with_notes(table(NOTE, [*flute.notes.tolist(), *piano.notes.tolist()]))
    # Then one of the four is a return
    assert listening.melody_bars_returning(music) == 0.25


def test_recall_looks_for_the_most_similar_bar_four_and_more_bars_back():
    bar_a, bar_b = [72, 74, 76, 77], [72, 74, 76, 79]
    music = line([*bar_a, *[60] * 4, *[61] * 4, *[62] * 4, *bar_b])
    # Then the fifth bar shares three of five different notes with the first
    assert listening.best_recall(music) == pytest.approx(3 / 5)


def test_bars_follow_the_meter():
    waltz = [72, 74, 76] * 4
    music = piece(*((index * 0.5, 0.5, pitch) for index, pitch in enumerate(waltz)), meter=(3, 4))
    assert listening.melody_bars_returning(music) == 0.75


def test_phrases_of_the_seed_are_found_in_its_continuation():
    seed = line([60, 62, 64, 65, 67])
    assert listening.seed_reuse(seed, line([60, 62, 64, 65, 67])) == 1
    assert listening.seed_reuse(seed, line([60, 62, 64, 65, 60])) == 0.5
    assert listening.seed_reuse(seed, line([61, 63, 65, 66, 68])) == 0


def test_a_clash_is_a_semitone_in_any_octave_between_notes_that_sound_together():
    melody = piece((0, 1, 72), (1, 1, 74), (2, 1, 76), (3, 1, 77))
    accompaniment = piece((0, 1, 60), (1, 1, 61), (2.5, 0.5, 63), (4, 1, 76))
    # Then D over C#, and E over E flat, clash; C over C does not, and E after F does not sound with it
    assert listening.semitone_clashes(melody, accompaniment) == 0.5


def test_a_piece_without_notes_has_no_figures():
    assert all(math.isnan(measure(Piece())) for name, measure in listening.LISTENING.items() if name != "most_sounding")
    assert listening.most_sounding(Piece()) == 0

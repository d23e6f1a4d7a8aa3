"""Figures of one piece, computed by hand on pieces of a few notes; and two sets of figures compared."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.analysis import metrics
from model.analysis.key_and_tempo import agree, found_keys, mapped_tempo, tapped_tempo, tempo_of
from model.analysis.metrics import counted, failures
from model.errors import DataError
from model.evaluation.distributions import compare, overlap
from model.keys import KEYS, key_index
from model.piece import METER, NOTE, TEMPO, Instrument, Piece, bar_starts, cut, excerpts, table

TICKS = 500  # to a quarter of half a second: one tick is a millisecond
C_MAJOR = (60, 62, 64, 65, 67, 69, 71, 72)


def piece_of(pitches: list[int], every_ms: int = 250, length_ms: int = 250) -> Piece:
    """Even notes, one after another."""
    return Piece(
        notes=table(NOTE, [(index * every_ms, length_ms, pitch, 64, 0) for index, pitch in enumerate(pitches)])
    )


def some_music(seed: int, notes: int = 200, tonic: int = 0) -> Piece:
    """A random walk in a major scale that dwells on its triad: nothing is wrong with it."""
    rng = np.random.default_rng(seed)
    degrees = np.clip(14 + np.cumsum(rng.integers(-2, 3, notes)), 0, 27)
    degrees = np.where(rng.random(notes) < 0.4, degrees // 7 * 7 + np.array([0, 2, 4])[degrees % 3], degrees)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    return piece_of((36 + tonic + degrees // 7 * 12 + scale[degrees % 7]).tolist())


def test_entropy_is_that_of_the_pitch_classes():
    assert metrics.pitch_class_entropy(piece_of([60, 72, 61, 73])) == pytest.approx(1.0)
    assert metrics.pitch_class_entropy(piece_of([60, 72])) == 0
    assert metrics.pitch_class_entropy(piece_of(list(range(60, 72)))) == pytest.approx(math.log2(12))


def test_the_best_scale_holds_most_notes():
    assert metrics.scale_consistency(piece_of(list(C_MAJOR))) == 1
    assert metrics.scale_consistency(piece_of([*C_MAJOR, 61, 63])) == pytest.approx(0.8)


def test_groove_is_one_less_the_sixteenths_at_which_neighbouring_bars_differ():
    # Given two bars of four quarters: quarters, then the first two of them only
    notes = table(NOTE, [(beat * TICKS, 100, 60, 64, 0) for beat in (0, 1, 2, 3, 4, 5)])
    # Then two of sixteen places differ
    assert metrics.groove(Piece(notes=notes)) == pytest.approx(1 - 2 / 16)


def test_density_and_polyphony():
    chord = Piece(notes=table(NOTE, [(0, 2_000, 60, 64, 0), (0, 1_000, 64, 64, 0), (4_000, 1_000, 67, 64, 0)]))
    assert metrics.note_density(chord) == pytest.approx(3 / 4)
    assert metrics.polyphony(chord) == pytest.approx(4 / 3)  # four seconds of notes in three that sound


def test_runs_of_eight_notes_that_came_before_are_counted():
    line = [60, 62, 64, 65, 67, 69, 71, 72, 74]
    assert metrics.repeated_runs(piece_of(line)) == 0
    assert metrics.repeated_runs(piece_of(line + line)) == pytest.approx(2 / 11)
    assert math.isnan(metrics.repeated_runs(piece_of(line[:7])))


def test_a_chord_is_told_from_the_lowest_note_up_however_it_was_struck():
    rows = [(20, 100, 60, 64, 0), (0, 100, 64, 64, 0), (10, 100, 67, 64, 0), (300, 100, 50, 64, 0)]
    assert metrics.pitch_line(Piece(notes=table(NOTE, rows))).tolist() == [60, 64, 67, 50]


def test_drums_have_no_pitch():
    instruments = (Instrument(is_drum=True), Instrument())
    drums = Piece(notes=table(NOTE, [(0, 100, 36, 64, 0), (500, 100, 60, 64, 1)]), instruments=instruments)
    assert metrics.pitch_line(drums).tolist() == [60]
    assert metrics.pitch_range(drums) == 0


@pytest.mark.parametrize("name", metrics.METRICS)
def test_a_piece_without_notes_has_no_figures(name):
    assert math.isnan(metrics.METRICS[name](Piece()))


def test_all_metrics_have_a_unit():
    assert metrics.UNITS.keys() == metrics.METRICS.keys()


@pytest.mark.parametrize(
    ("piece", "wrong"),
    [
        (piece_of([60, 60, 62] * 20), ["one_pitch", "loop", "few_pitches"]),
        (piece_of(list(range(40, 60)) + [60, 61, 62, 63] * 8), []),
        (piece_of(list(range(40, 60)) + [60, 61, 62, 63] * 9), ["loop"]),
        (piece_of(list(range(40, 60)) + [60] * 8), []),
        (piece_of(list(range(40, 60)) + [60] * 9), ["loop"]),
        (piece_of(list(range(40, 51)) * 2), ["few_pitches"]),
        (piece_of(list(range(40, 60)), every_ms=4_300), ["silence"]),
        (piece_of(list(range(40, 60)), every_ms=4_200), []),
        (some_music(1), []),
    ],
)
def test_failures_are_found_where_they_are_and_nowhere_else(piece, wrong):
    assert failures(piece) == wrong


def test_silence_before_the_first_note_counts():
    notes = piece_of(list(range(40, 60))).notes
    notes["onset"] += 4_100
    assert failures(Piece(notes=notes)) == ["silence"]


def test_failures_are_counted_over_a_set():
    counts = counted([some_music(1), piece_of([60] * 40), piece_of([60, 61] * 40)])
    assert counts == {"one_pitch": 1, "loop": 2, "silence": 0, "few_pitches": 2, "any": 2}


def test_the_same_set_overlaps_wholly_and_a_far_one_not_at_all():
    values = np.random.default_rng(0).normal(size=300)
    assert overlap(values, values) == pytest.approx(1, abs=0.001)
    assert overlap(values, values + 100) == pytest.approx(0, abs=0.001)
    # Two normal distributions two standard deviations apart share 2 * Phi(-1)
    assert overlap(values, np.random.default_rng(1).normal(2, size=300)) == pytest.approx(0.317, abs=0.06)


def test_a_comparison_says_how_far_the_means_are_apart_in_real_deviations():
    real, composed = np.array([1.0, 3.0, np.nan]), np.array([4.0, 6.0])
    comparison = compare(composed, real)
    assert comparison is not None
    assert (comparison.real_mean, comparison.composed_mean) == (2, 5)
    assert comparison.off_by == pytest.approx(3 / math.sqrt(2))
    assert compare(np.array([np.nan, 1.0]), real) is None


def test_an_excerpt_begins_at_a_bar_line_and_ends_its_notes():
    # Given a piece in 3/4 at 60 quarters a minute: bars of three seconds
    maps = {"tempos": table(TEMPO, [(0, 1_000_000)]), "meters": table(METER, [(0, 3, 4)])}
    notes = table(NOTE, [(quarter * TICKS, 4 * TICKS, 40 + quarter, 64, 0) for quarter in range(36)])
    piece = Piece(notes=notes, **maps)
    assert (np.diff(bar_starts(piece)) == 3 * TICKS).all()
    # When it is cut into parts of ten seconds
    parts = excerpts([piece], 10.0, most=99)
    # Then each starts at the first bar line after the one before
    assert [part.start_s for part in parts] == [0, 12, 24]
    assert [part.piece.notes["pitch"][0] for part in parts] == [40, 52, 64]
    assert all(part.piece.end_s == pytest.approx(10) for part in parts)
    assert len(excerpts([piece], 10.0, most=2)) == 2
    with pytest.raises(DataError, match="lasts 60 seconds"):
        excerpts([piece], 60.0, most=2)


def test_a_cut_moves_the_tempo_map_with_the_notes():
    tempos = table(TEMPO, [(0, 500_000), (2_000, 1_000_000)])
    part = cut(Piece(notes=piece_of([60] * 20).notes, tempos=tempos), 1.0, 2.0)
    assert part.tempos.tolist() == [(0, 500_000), (1_000, 1_000_000)]
    assert part.onsets_s.tolist() == [0, 0.25, 0.5, 0.75, 1.0, 1.5]


@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_scale_is_found(tonic):
    major = [tonic + pitch for pitch in (60, 64, 67, 62, 65, 69, 60, 71, 67, 60)]
    assert KEYS[found_keys([piece_of(major)])[0]] == KEYS[tonic]


def test_a_piece_without_pitches_has_no_key():
    assert found_keys([Piece(), piece_of([60, 64, 67])]).tolist() == [-1, key_index("C major")]


@pytest.mark.parametrize("bpm", [60.0, 92.0, 120.0, 150.0])
def test_a_steady_pulse_is_tapped(bpm):
    piece = piece_of([60 + index % 5 for index in range(64)], every_ms=round(60_000 / bpm))
    tapped = tapped_tempo(piece)
    assert tapped is not None
    assert agree(tapped, bpm)
    assert tempo_of(piece) == tapped
    assert tapped_tempo(piece_of([60, 62])) is None


def test_a_tempo_map_is_believed():
    piece = Piece(notes=piece_of([60] * 20).notes, tempos=table(TEMPO, [(0, 400_000)]))
    assert tempo_of(piece) == mapped_tempo(piece) == pytest.approx(150)
    assert agree(150, 75)
    assert agree(100, 107)
    assert not agree(100, 110)

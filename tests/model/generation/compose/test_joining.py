"""Seed and new music as one piece: the seed as it was, the new music after it, whatever the seed looks like."""

from __future__ import annotations

import numpy as np
import pytest

from model.generation.joining import OWN_INSTRUMENT, SplicePoint, alone
from model.generation.joining import continued as joined
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import BEND, CONTROL, NOTE, PEDAL, TEMPO, Instrument, Piece, table

PIANO, DRUMS = Instrument(), Instrument(is_drum=True)
LENGTH_S, RING_S, LONGEST_S = 20.0, 1.0, 300.0
# new music: half a second after the seed's last onset, then every 100 ms, 20 s long
NEW = Piece(notes=table(NOTE, [(500 + 100 * i, 90, 60 + i % 12, 64, 0) for i in range(195)]))


def seed_of(*rows: tuple[int, int, int, int, int], instruments: tuple[Instrument, ...] = (PIANO,), **maps) -> Piece:
    """A seed in ticks of a millisecond."""
    return Piece(notes=table(NOTE, rows), instruments=instruments, **maps)


def continued(seed: Piece) -> tuple[Piece, float, tuple[str, ...]]:
    """The seed and the new music after its last onset."""
    return joined(seed, NEW, SplicePoint(int(seed.notes["onset"].max())), LENGTH_S, RING_S, LONGEST_S)


def struck(piece: Piece) -> list[tuple[float, int, int, Instrument]]:
    """Every note as second, pitch, velocity and who plays it."""
    rows = zip(piece.onsets_s, piece.notes, strict=True)
    return [
        (round(float(second), 4), int(note["pitch"]), int(note["velocity"]), piece.instruments[note["instrument"]])
        for second, note in rows
    ]


SEEDS = {
    "melody": seed_of(*[(i * 250, 200, 60 + i, 80, 0) for i in range(16)]),
    "one note": seed_of((0, 400, 60, 80, 0)),
    "a note of twenty minutes": seed_of((0, 1_200_000, 40, 80, 0)),
    "a melody above a note of twenty minutes": seed_of((0, 1_200_000, 40, 80, 0), (500, 100, 70, 80, 0)),
    "drums after the melody": seed_of(
        (0, 400, 60, 80, 0), *[(i * 500, 100, 38, 80, 1) for i in range(200)], instruments=(PIANO, DRUMS)
    ),
    "ticks of 700 milliseconds": seed_of(
        *[(i, 1, 60 + i, 80, 0) for i in range(8)], ticks_per_quarter=24, tempos=table(TEMPO, [(0, 16_777_215)])
    ),
}


@pytest.mark.parametrize("name", SEEDS)
def test_every_note_of_the_seed_is_struck_as_it_was_and_the_new_music_comes_after_it(name):
    # Given
    seed = SEEDS[name]
    # When
    piece, seed_s, remarks = continued(seed)
    # Then
    last_s = float(seed.onsets_s.max())
    old, new = piece.notes[piece.onsets_s < seed_s], piece.onsets_s[piece.onsets_s >= seed_s]
    assert struck(piece.with_notes(old)) == struck(seed)
    assert seed_s == pytest.approx(last_s + 0.5, abs=0.01)
    assert len(new) == len(NEW)
    assert new.max() == pytest.approx(last_s + 0.5 + 19.4, abs=0.01)
    assert piece.end_s <= last_s + LENGTH_S + RING_S + 0.01
    assert remarks == ()
    # And a file of it is read back note for note
    assert len(read_midi(write_midi(piece), MidiLimits.for_data()).piece) == len(piece)


@pytest.mark.parametrize(
    "seed",
    [
        seed_of(*[(i * 500, 400, 50 + i % 30, 80, 0) for i in range(3000)]),
        seed_of((0, 400, 60, 80, 0), (1_200_000, 400, 62, 80, 0)),
        seed_of((0, 400, 60, 80, 0), (1_200_000, 400, 38, 80, 1), instruments=(PIANO, DRUMS)),
        seed_of((0, 400, 60, 80, 0), *[(i * 500, 9, 38, 80, 1) for i in range(3000)], instruments=(PIANO, DRUMS)),
    ],
    ids=["steady", "two notes far apart", "a drum long after", "drums go on"],
)
def test_of_a_long_seed_the_end_is_kept_and_that_is_said(seed):
    piece, seed_s, remarks = continued(seed)
    assert remarks == ("Your seed is long: only its last 280 seconds are in the file.",)
    assert seed_s <= 281
    assert piece.end_s <= LONGEST_S + RING_S + 0.01
    assert piece.notes["onset"].min() == 0


def test_new_notes_keep_their_time_where_the_seeds_ticks_are_coarse():
    # Given a seed whose ticks last 700 ms
    seed = SEEDS["ticks of 700 milliseconds"]
    # When it is continued
    piece, seed_s, _ = continued(seed)
    # Then the new notes are where they were composed, to half a step
    new = piece.onsets_s[piece.onsets_s >= seed_s] - seed_s
    assert np.allclose(new, NEW.onsets_s - 0.5, atol=0.005)


def test_without_the_seed_the_new_music_begins_at_once():
    piece = alone(NEW, LENGTH_S, RING_S, in_beats=False)
    assert (len(piece), piece.notes["onset"].min()) == (len(NEW), 0)


def test_a_pedal_left_down_does_not_blur_the_new_music():
    seed = seed_of((0, 400, 60, 80, 0), pedals=table(PEDAL, [(0, 600_000, 0)]))
    piece, seed_s, _ = continued(seed)
    assert piece.pedals.tolist() == [(0, round(seed_s * 1000), 0)]


def test_a_bend_and_a_fade_at_the_seeds_end_are_over_when_the_new_music_begins():
    seed = seed_of(
        (0, 400, 60, 80, 0), (500, 400, 62, 80, 0),
        controls=table(CONTROL, [(0, 7, 100, 0), (0, 11, 127, 0), (600, 11, 0, 0)]),
        bends=table(BEND, [(600, 4096, 2, 0)]),
    )  # fmt: skip
    piece, seed_s, _ = continued(seed)
    begins = round(seed_s * 1000)
    assert piece.controls.tolist() == [*seed.controls.tolist(), (begins, 11, 127, 0)]
    assert piece.bends.tolist() == [(600, 4096, 2, 0), (begins, 0, 2, 0)]


def test_the_only_instrument_of_the_seed_goes_on_playing():
    violin = Instrument(40, name="Violin")
    piece, *_ = continued(seed_of((0, 400, 60, 80, 0), instruments=(violin,)))
    assert piece.instruments == (violin,)


def test_several_instruments_are_joined_by_one_of_our_own_once_however_often_it_is_continued():
    duo = (Instrument(40), Instrument(42))
    seed = seed_of((0, 400, 60, 80, 0), (0, 400, 48, 80, 1), instruments=duo)
    once, *_ = continued(seed)
    assert once.instruments == (*duo, OWN_INSTRUMENT)
    again = read_midi(write_midi(once)).piece
    twice, *_ = continued(again)
    assert twice.instruments == (*duo, OWN_INSTRUMENT)


def test_new_drums_are_played_by_drums_even_where_as_many_pitched_instruments_play_in_the_seed():
    # Given a seed of a guitar, a bass and drums, and music of a bass and drums after it
    guitar, bass = Instrument(27), Instrument(33)
    rows = [(i * 250, 200, 64 - 24 * (i % 2), 80, i % 2) for i in range(8)] + [
        (i * 250, 50, 38, 80, 2) for i in range(8)
    ]
    seed = seed_of(*sorted(rows), instruments=(guitar, bass, DRUMS))
    new = Piece(
        notes=table(
            NOTE,
            sorted(
                [(500 + 250 * i, 200, 40, 80, 0) for i in range(40)]
                + [(500 + 250 * i, 50, 42, 80, 1) for i in range(40)]
            ),
        ),
        instruments=(bass, DRUMS),
    )
    # When both are joined
    piece, seed_s, _ = joined(seed, new, SplicePoint(1750), LENGTH_S, RING_S, LONGEST_S)
    # Then the bass goes on as the bass and the drums as the drums
    played = {(pitch, who) for second, pitch, _, who in struck(piece) if second >= seed_s}
    assert played == {(40, bass), (42, DRUMS)}


def test_who_has_the_program_of_one_of_the_seeds_plays_on_there_whatever_the_pitches():
    violin, cello = Instrument(40), Instrument(42)
    seed = seed_of((0, 200, 76, 80, 0), (0, 200, 48, 80, 1), (250, 200, 74, 80, 0), instruments=(violin, cello))
    new = Piece(notes=table(NOTE, [(500, 200, 50, 80, 0), (500, 200, 60, 80, 1)]), instruments=(violin, cello))
    piece, seed_s, _ = joined(seed, new, SplicePoint(250), LENGTH_S, RING_S, LONGEST_S)
    assert {(pitch, who) for second, pitch, _, who in struck(piece) if second >= seed_s} == {(50, violin), (60, cello)}


@pytest.mark.parametrize(("held_ms", "ends_s"), [(500, 20 + RING_S), (90, 19.09)])
def test_in_free_time_the_last_chord_rings_unless_it_is_staccato(held_ms: int, ends_s: float):
    rows = [(500 * beat, 400, 60, 64, 0) for beat in range(38)] + [
        (19_000, held_ms, pitch, 64, 0) for pitch in (48, 64)
    ]
    piece = alone(seed_of(*rows), LENGTH_S, RING_S, in_beats=False)
    assert piece.end_s == pytest.approx(ends_s, abs=0.01)
    assert piece.offsets_s[-2:] == pytest.approx([ends_s] * 2, abs=0.01)
    assert piece.offsets_s[:-2].max() < 19.1  # what came before it is as long as it was

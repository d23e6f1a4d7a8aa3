"""The performance representation: a bijection up to its stated quantisation, in one canonical order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.midi.repairs import cut_overlaps
from model.piece import NOTE, PEDAL, Instrument, Piece, table
from model.representation import Performance
from model.representation.buckets import LARGEST, SIZE
from model.representation.events import NOTE_OFF, SET_VELOCITY, TIME_SHIFT, events_of
from model.representation.performance import DURATION, HIGHEST_KEY, LOWEST_KEY, PITCH, SHIFT, VELOCITY
from tests.model.made_pieces import pieces
from tests.model.moments import Moment

PERFORMANCE = Performance()
relaxed = settings(deadline=None, max_examples=150)


def encoded(*rows: tuple[int, int, int, int], pedals: tuple = ()) -> list[list[int]]:
    """Steps of a piano piece of (onset ms, duration ms, pitch, velocity) rows and (onset ms, duration ms) pedals."""
    notes = table(NOTE, [(*row, 0) for row in rows])
    piece = Piece(notes=notes, pedals=table(PEDAL, [(*pedal, 0) for pedal in pedals]))
    return PERFORMANCE.encode(piece).tolist()


def performance_of(events: np.ndarray) -> np.ndarray:
    """The steps, int32 (notes, 4), whose events these are; the inverse of `events_of`."""
    now, velocity = 0, 0
    started: dict[int, tuple[int, int]] = {}  # pitch: onset, velocity
    notes: list[tuple[int, int, int, int]] = []  # onset, pitch, velocity, duration
    for event in events.tolist():
        if event >= SET_VELOCITY:
            velocity = event - SET_VELOCITY
        elif event >= TIME_SHIFT:
            now += event - TIME_SHIFT + 1
        elif event >= NOTE_OFF:
            onset, loudness = started.pop(event - NOTE_OFF)
            notes.append((onset, event - NOTE_OFF, loudness, now - onset))
        else:
            started[event] = (now, velocity)
    steps = np.array(sorted(notes), dtype=np.int32).reshape(-1, 4)
    steps[:, 0] = np.diff(steps[:, 0], prepend=steps[:1, 0])
    return steps


def test_steps_are_shift_pitch_velocity_bin_and_duration_in_ten_milliseconds():
    assert encoded((0, 500, 60, 64), (250, 100, 64, 127)) == [[0, 60, 16, 50], [25, 64, 31, 10]]


def test_silence_before_the_first_note_is_left_out():
    assert encoded((9_000, 500, 60, 64)) == [[0, 60, 16, 50]]


def test_the_pedal_becomes_duration_until_it_rises_or_the_key_is_struck_again():
    steps = encoded((0, 100, 60, 64), (100, 100, 62, 64), (500, 100, 60, 64), pedals=((50, 950),))
    assert [step[DURATION] for step in steps] == [50, 90, 50]


def test_of_two_notes_on_one_key_at_one_moment_the_loudest_and_longest_stays():
    assert encoded((0, 500, 60, 40), (2, 100, 60, 100)) == [[0, 60, 25, 50]]


def test_drums_are_left_out():
    piece = Piece(notes=table(NOTE, [(0, 100, 40, 90, 0)]), instruments=(Instrument(is_drum=True),))
    steps = PERFORMANCE.encode(piece)
    assert steps.shape == (0, 4)
    assert steps.dtype == np.int32


def test_silences_and_notes_longer_than_the_largest_bucket_are_cut():
    steps = encoded((0, 400_000, 60, 64), (900_000, 100, 62, 64))
    assert steps == [[0, 60, 16, LARGEST], [LARGEST, 62, 16, 10]]


@given(pieces())
@relaxed
def test_what_was_decoded_encodes_to_the_same_steps(piece: Piece):
    steps = PERFORMANCE.encode(piece)
    np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(steps)), steps)


SEPARATE = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(1, 5_000), st.integers(0, 127), st.integers(1, 127)),
    min_size=1,
    max_size=40,
    unique_by=lambda row: (round(row[0] / 10), row[2]),  # no two notes on one key in one 10 ms step
)


@given(SEPARATE)
@relaxed
def test_no_note_is_lost_or_moved_by_more_than_a_step(rows: list[tuple[int, int, int, int]]):
    # Given a piece as `read_midi` hands it on: no key is struck while it sounds
    piece = Piece(notes=cut_overlaps(table(NOTE, [(*row, 0) for row in rows]))[0])
    # When it goes through steps
    decoded = PERFORMANCE.decode(PERFORMANCE.encode(piece))
    # Then key by key its notes are there, to 10 ms and 4 of 127 velocities
    want, have = (np.sort(some.notes, order=["pitch", "onset"]) for some in (piece, decoded))
    np.testing.assert_array_equal(have["pitch"], want["pitch"])
    assert np.abs(have["onset"] - (want["onset"] - want["onset"].min())).max() <= 10
    assert np.abs(have["duration"] - want["duration"]).max() <= 10
    assert np.abs(have["velocity"] - want["velocity"]).max() <= 2


@given(pieces())
@relaxed
def test_steps_are_in_canonical_order(piece: Piece):
    steps = PERFORMANCE.encode(piece)
    if not len(steps):
        return
    assert steps[0, SHIFT] == 0
    assert steps.min() >= 0
    assert steps[:, DURATION].min() >= 1
    assert steps[:, [SHIFT, DURATION]].max() <= LARGEST
    assert steps[:, VELOCITY].max() < 32
    in_chord = steps[1:, SHIFT] == 0
    assert (np.diff(steps[:, PITCH])[in_chord] > 0).all()
    onsets = np.cumsum(steps[:, SHIFT].astype(np.int64))
    for pitch in np.unique(steps[:, PITCH]):  # a key is silent when it is struck
        mine = steps[:, PITCH] == pitch
        assert (onsets[mine][1:] >= (onsets + steps[:, DURATION])[mine][:-1]).all()


@given(pieces())
@relaxed
def test_a_performance_and_its_388_events_say_the_same(piece: Piece):
    steps = PERFORMANCE.encode(piece)
    events = events_of(steps)
    assert ((events >= 0) & (events < 388)).all()
    np.testing.assert_array_equal(performance_of(events), steps)
    np.testing.assert_array_equal(events_of(performance_of(events)), events)


def test_the_events_of_two_notes_spelt_out():
    # Given middle C for 1.5 s, and an E in between, of another loudness
    steps = PERFORMANCE.encode(Piece(notes=table(NOTE, [(0, 1_500, 60, 64, 0), (1_010, 90, 64, 100, 0)])))
    # Then: velocity 16, C on, 1 s + 10 ms, velocity 25, E on, 90 ms, E off, 400 ms, C off
    assert events_of(steps).tolist() == [356 + 16, 60, 355, 256, 356 + 25, 64, 256 + 8, 128 + 64, 256 + 39, 128 + 60]


@given(pieces(), st.integers(-40, 40))
@relaxed
def test_transposed_music_stays_on_the_piano_or_where_it_was(piece: Piece, semitones: int):
    steps = PERFORMANCE.encode(piece)
    moved = PERFORMANCE.transposed(steps, semitones)
    np.testing.assert_array_equal(np.delete(moved, PITCH, axis=1), np.delete(steps, PITCH, axis=1))
    if np.array_equal(moved, steps):
        return
    assert LOWEST_KEY <= moved[:, PITCH].min() <= moved[:, PITCH].max() <= HIGHEST_KEY
    np.testing.assert_array_equal(moved[:, PITCH] - steps[:, PITCH], semitones)
    np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(moved)), moved)


def test_composing_draws_neither_the_end_nor_a_wait_of_more_than_four_seconds():
    drawable = PERFORMANCE.drawable()
    assert drawable.shape == (SIZE + 1,)
    assert drawable[:128].all()
    assert not drawable[PERFORMANCE.end_class]
    classes = np.flatnonzero(drawable)
    longest = max(Moment(PERFORMANCE).raw("shift", drawn, 0.9999) for drawn in classes.tolist())
    assert 300 < longest <= 400

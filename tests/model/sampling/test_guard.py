"""The repetition guard: a network that loops is let out of its loop, music that does not loop is left alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from keras import ops

from model.analysis.failures import has_loop
from model.piece import NOTE, Piece, table
from model.representation import Performance, representation_of
from model.sampling.drawing import draw
from model.sampling.guard import (
    AGAINST_NARROW,
    CROWDED,
    LARGEST_SHARE,
    MOST_AGAINST_NARROW,
    NARROW_AFTER,
    NEVER,
    NEVER_AFTER,
    WATCHED,
    Guard,
    Watch,
)

PERFORMANCE = Performance()


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard(PERFORMANCE)


def heard(guard: Guard, pitches: list[int], wait: int = 20) -> Watch:
    """What is remembered after notes of these pitches, each `wait` after the one before."""
    watch = guard.start(1)
    for pitch in pitches:
        watch = guard.heard(watch, np.array([[wait, pitch, 16, 10]], dtype=np.int32), np.array([False]))
    return watch


def against(guard: Guard, pitches: list[int], wait: int = 20) -> np.ndarray:
    """What is taken from the logits of the pitches that may follow, (128,)."""
    return taken(guard, heard(guard, pitches, wait), wait)


def taken(guard: Guard, watch: Watch, wait: int) -> np.ndarray:
    """What is taken from the logits of the pitches that may come after `wait`, (128,)."""
    return ops.convert_to_numpy(guard.against(watch, np.array([wait], dtype=np.int32)))[0]


def looped(guard: Guard, tune: list[int], notes: int) -> list[int]:
    """What a network that wants to repeat `tune` for ever plays under the guard."""
    watch, played = guard.start(1), []
    one = [np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.int32), np.ones(1, np.float32), np.zeros(1, np.float32)]
    rng = np.random.default_rng(0)
    for index in range(notes):
        logits = np.full((1, 128), -2.0, dtype=np.float32)
        logits[0, tune[index % len(tune)]] = 20.0
        drawn = draw(logits - guard.against(watch, np.array([20], np.int32)), rng.random(1, dtype=np.float32), *one)
        played.append(int(drawn[0]))
        watch = guard.heard(watch, np.array([[20, played[-1], 16, 10]], dtype=np.int32), np.array([False]))
    return played


def chords_looped(guard: Guard | None, chord: list[int], chords: int) -> Piece:
    """What a network that wants to strike `chord` for ever plays, its notes in any order, 10 ms apart.

    Under a guard that bars one of them it strikes another, a tritone and an octave away.
    """
    rng, rows, now = np.random.default_rng(1), [], 0
    watch = guard.start(1) if guard else {}
    for _ in range(chords):
        for place, pitch in enumerate(rng.permutation(chord).tolist()):
            wait = 1 if place else 12
            struck, now = pitch, now + wait
            if guard:
                struck += 18 * (taken(guard, watch, wait)[pitch] >= NEVER)
                watch = guard.heard(watch, np.array([[wait, struck, 16, 5]], dtype=np.int32), np.array([False]))
            rows.append((10 * now, 50, struck, 80, 0))
    return Piece(notes=table(NOTE, sorted(rows)))


def longest_loop(pitches: list[int], period: int) -> int:
    """How often the most repeated run of `period` notes comes in a row."""
    longest = run = 0
    for before, after in zip(pitches, pitches[period:], strict=False):
        run = run + 1 if before == after else 0
        longest = max(longest, run)
    return longest // period + 1


@pytest.mark.parametrize("tune", [[60], [60, 64], [60, 64, 67], [60, 67, 64, 67], [60, 62, 64, 65]])
def test_a_network_that_loops_is_let_out_of_its_loop(guard: Guard, tune: list[int]):
    # Given a network that is all but certain of going round
    played = looped(guard, tune, 200)
    # Then no loop of up to four notes is heard more often than is borne
    assert [longest_loop(played, period) <= NEVER_AFTER for period in (1, 2, 3, 4)] == [True] * 4
    # And no pitch has half of the notes
    assert max(played.count(pitch) for pitch in set(played)) <= 100


def test_without_a_guard_the_same_network_loops_for_ever():
    assert longest_loop([60, 64] * 100, 2) == 100


@pytest.mark.parametrize(("repeats", "is_hindered"), [(4, False), (5, True), (8, True)])
def test_a_few_repeats_are_music_and_many_get_less_and_less_likely(guard: Guard, repeats: int, is_hindered: bool):
    taken = against(guard, [60, 64, 67] * repeats)
    assert (taken[60] > 0) == is_hindered
    assert taken[62] == 0
    assert (taken[60] >= NEVER) == (repeats >= NEVER_AFTER)


def test_the_longer_a_loop_lasts_the_less_likely_it_goes_on(guard: Guard):
    taken = [against(guard, [60, 64, 67, 72] * repeats)[60] for repeats in (5, 6, 7, 8)]
    assert all(fewer < more for fewer, more in pairwise(taken))


def test_a_scale_is_left_alone(guard: Guard):
    assert against(guard, [48 + note % 24 for note in range(100)]).max() == 0


def test_a_pitch_that_outweighs_all_others_gets_less_likely_and_in_the_end_impossible(guard: Guard):
    often = [60, 62, 60, 65, 64, 60, 69, 60, 72, 74]  # two notes in five
    assert 0 < against(guard, often * 4)[60] < NEVER
    assert against(guard, ([60] * 3 + [62, 64, 60, 65]) * 6)[60] >= NEVER
    assert LARGEST_SHARE < 0.5


@pytest.mark.parametrize("chord", [[48, 60], [48, 52, 55], [48, 52, 55, 60]])
def test_a_chord_that_is_struck_for_ever_is_a_loop_whatever_the_order_of_its_notes(guard: Guard, chord: list[int]):
    # Given a loop as the report finds it, of chords whose notes come in any order and not quite at the same time
    assert has_loop(chords_looped(None, chord, 12))
    # Then under the guard there is none
    assert not has_loop(chords_looped(guard, chord, 60))


def test_of_a_chord_that_has_begun_only_what_the_loop_still_lacks_is_hindered(guard: Guard):
    # Given a chord that was struck as often as is borne, and its highest note once more
    watch = guard.start(1)
    for wait, pitch in [(20, 60), (1, 64), (0, 67)] * NEVER_AFTER + [(20, 67)]:
        watch = guard.heard(watch, np.array([[wait, pitch, 16, 10]], dtype=np.int32), np.array([False]))
    # Then its lowest may not join it, and may come on its own
    assert taken(guard, watch, wait=1)[60] >= NEVER
    assert taken(guard, watch, wait=1)[62] == 0
    assert taken(guard, watch, wait=20)[60] < NEVER


def test_a_chord_is_remembered_from_its_lowest_note_up(guard: Guard):
    watch = guard.start(1)
    for wait, pitch in [(20, 50), (20, 67), (1, 60), (2, 64), (20, 40)]:
        watch = guard.heard(watch, np.array([[wait, pitch, 16, 10]], dtype=np.int32), np.array([False]))
    assert np.asarray(watch["pitches"])[0, -5:].tolist() == [50, 60, 64, 67, 40]


def test_a_few_notes_do_not_outweigh_anything(guard: Guard):
    assert against(guard, [60, 60, 62]).max() == 0


def test_a_piece_of_few_pitches_is_led_to_others_until_it_has_enough(guard: Guard):
    narrow = [60, 62, 64, 65, 67, 69, 67, 65, 64, 62, 65]
    # Given a short tune, a longer one of the same pitches, and one that went on to six more
    short, long = (against(guard, (narrow * 8)[:notes]) for notes in (NARROW_AFTER, NARROW_AFTER + 20))
    wide = against(guard, [*narrow * 4, 71, 72, 74, 76, 77, 79])
    # Then only in the second those it has had are less likely than others
    assert not short.any()
    assert set(np.flatnonzero(long)) == set(narrow)
    assert long[60] == pytest.approx(20 * AGAINST_NARROW)
    assert not wide.any()
    # And never by so much that none of them could come
    assert against(guard, (narrow * 40)[:400]).max() < 3 * MOST_AGAINST_NARROW


def test_it_forgets_what_is_long_past(guard: Guard):
    recent = [48 + note % 24 for note in range(WATCHED)]
    np.testing.assert_array_equal(against(guard, [60, 64] * 20 + recent), against(guard, recent))


def test_time_that_hardly_moves_is_noticed(guard: Guard):
    chord = [48 + note % 24 for note in range(CROWDED)]
    assert bool(guard.is_crowded(heard(guard, chord, wait=1))[0])
    assert not bool(guard.is_crowded(heard(guard, chord, wait=10))[0])
    assert not bool(guard.is_crowded(heard(guard, chord[:-1], wait=0))[0])


def test_drum_strokes_are_not_heard_as_pitches():
    # Given a guard for several instruments, and a beat of one drum beside a melody
    score = representation_of("score")
    guard = Guard(score)
    watch = guard.start(1)
    for note in range(WATCHED):
        for instrument, pitch in ((2, 48 + note % 24), (130, 42)):
            watch = guard.heard(watch, np.array([[12, instrument, pitch, 10, 16]], np.int32), np.array([False]))
    # Then only the melody is remembered
    assert 42 not in np.asarray(watch["pitches"])[0]


def test_it_does_nothing_where_steps_are_no_notes():
    assert Guard(representation_of("voices")).field is None

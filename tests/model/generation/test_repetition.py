"""The repetition penalty: a network that loops is let out of its loop, music that does not loop is left alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from model.analysis.metrics import has_loop
from model.generation.processors import (
    AGAINST_NARROW,
    CROWDED,
    IMPOSSIBLE,
    LARGEST_SHARE,
    MOST_AGAINST_NARROW,
    NARROW_AFTER,
    NEVER_AFTER,
    WATCHED,
)
from model.generation.sampler import draw_one
from model.piece import NOTE, Piece, table
from model.representation import Performance, representation_of
from tests.model.generation.listening import Listener

PERFORMANCE = Performance()


def heard(pitches: list[int], wait: int = 20) -> Listener:
    """What is remembered after notes of these pitches, each `wait` after the one before."""
    return Listener(PERFORMANCE).hear(*[(wait, pitch, 16, 10) for pitch in pitches])


def against(pitches: list[int], wait: int = 20) -> np.ndarray:
    """What is taken from the logits of the pitches that may follow, (128,)."""
    return taken(heard(pitches, wait), wait)


def taken(listener: Listener, wait: int) -> np.ndarray:
    """What is taken from the logits of the pitches that may come after `wait`, (128,)."""
    return -listener.added("pitch", wait)


def looped(tune: list[int], notes: int) -> list[int]:
    """What a network that wants to repeat `tune` for ever plays under the penalty."""
    listener, played, rng = Listener(PERFORMANCE), [], np.random.default_rng(0)
    for index in range(notes):
        logits = np.full(128, -2.0, dtype=np.float32)
        logits[tune[index % len(tune)]] = 20.0
        logits -= taken(listener, 20)
        played.append(draw_one(logits, float(rng.random()), 1.0, 0, 1.0, 0.0, np.zeros(128)))
        listener.hear((20, played[-1], 16, 10))
    return played


def chords_looped(chord: list[int], chords: int, is_penalised: bool) -> Piece:
    """What a network that wants to strike `chord` for ever plays, its notes in any order, 10 ms apart.

    Where one of them is impossible it strikes another, a tritone and an octave away.
    """
    rng, rows, now = np.random.default_rng(1), [], 0
    listener = Listener(PERFORMANCE, is_penalised=is_penalised)
    for _ in range(chords):
        for place, pitch in enumerate(rng.permutation(chord).tolist()):
            wait = 1 if place else 12
            now += wait
            struck = pitch + 18 * int(taken(listener, wait)[pitch] >= IMPOSSIBLE)
            listener.hear((wait, struck, 16, 5))
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
def test_a_network_that_loops_is_let_out_of_its_loop(tune: list[int]):
    # Given a network that is all but certain of going round
    played = looped(tune, 200)
    # Then no loop of up to four notes is heard more often than is tolerated
    assert [longest_loop(played, period) <= NEVER_AFTER for period in (1, 2, 3, 4)] == [True] * 4
    # And no pitch has half of the notes
    assert max(played.count(pitch) for pitch in set(played)) <= 100


def test_without_the_penalty_the_same_network_loops_for_ever():
    assert longest_loop([60, 64] * 100, 2) == 100


@pytest.mark.parametrize(("repeats", "is_hindered"), [(4, False), (5, True), (8, True)])
def test_a_few_repeats_are_music_and_many_get_less_and_less_likely(repeats: int, is_hindered: bool):
    taken = against([60, 64, 67] * repeats)
    assert (taken[60] > 0) == is_hindered
    assert taken[62] == 0
    assert (taken[60] >= IMPOSSIBLE) == (repeats >= NEVER_AFTER)


def test_the_longer_a_loop_lasts_the_less_likely_it_goes_on():
    taken = [against([60, 64, 67, 72] * repeats)[60] for repeats in (5, 6, 7, 8)]
    assert all(fewer < more for fewer, more in pairwise(taken))


def test_a_scale_is_left_alone():
    assert against([48 + note % 24 for note in range(100)]).max() == 0


def test_a_pitch_that_outweighs_all_others_gets_less_likely_and_in_the_end_impossible():
    often = [60, 62, 60, 65, 64, 60, 69, 60, 72, 74]  # two notes in five
    assert 0 < against(often * 4)[60] < IMPOSSIBLE
    assert against(([60] * 3 + [62, 64, 60, 65]) * 6)[60] >= IMPOSSIBLE
    assert LARGEST_SHARE < 0.5


@pytest.mark.parametrize("chord", [[48, 60], [48, 52, 55], [48, 52, 55, 60]])
def test_a_chord_that_is_struck_for_ever_is_a_loop_whatever_the_order_of_its_notes(chord: list[int]):
    # Given a loop as the report finds it, of chords whose notes come in any order and not quite at the same time
    assert has_loop(chords_looped(chord, 12, is_penalised=False))
    # Then under the penalty there is none
    assert not has_loop(chords_looped(chord, 60, is_penalised=True))


def test_of_a_chord_that_has_begun_only_what_the_loop_still_lacks_is_hindered():
    # Given a chord that was struck as often as is tolerated, and its highest note once more
    chords = [(20, 60), (1, 64), (0, 67)] * NEVER_AFTER + [(20, 67)]
    listener = Listener(PERFORMANCE).hear(*[(wait, pitch, 16, 10) for wait, pitch in chords])
    # Then its lowest may not join it, and may come on its own
    assert taken(listener, wait=1)[60] >= IMPOSSIBLE
    assert taken(listener, wait=1)[62] == 0
    assert taken(listener, wait=20)[60] < IMPOSSIBLE


def test_a_chord_is_remembered_from_its_lowest_note_up():
    steps = [(20, 50), (20, 67), (1, 60), (2, 64), (20, 40)]
    listener = Listener(PERFORMANCE).hear(*[(wait, pitch, 16, 10) for wait, pitch in steps])
    assert listener.record["pitches"][0, -5:].tolist() == [50, 60, 64, 67, 40]


def test_a_few_notes_do_not_outweigh_anything():
    assert against([60, 60, 62]).max() == 0


def test_a_piece_of_few_pitches_is_led_to_others_until_it_has_enough():
    narrow = [60, 62, 64, 65, 67, 69, 67, 65, 64, 62, 65]
    # Given a short tune, a longer one of the same pitches, and one that went on to six more
    short, long = (against((narrow * 8)[:notes]) for notes in (NARROW_AFTER, NARROW_AFTER + 20))
    wide = against([*narrow * 4, 71, 72, 74, 76, 77, 79])
    # Then only in the second those it has had are less likely than others
    assert not short.any()
    assert set(np.flatnonzero(long)) == set(narrow)
    assert long[60] == pytest.approx(20 * AGAINST_NARROW)
    assert not wide.any()
    # And never by so much that none of them could come
    assert against((narrow * 40)[:400]).max() < 3 * MOST_AGAINST_NARROW


def test_it_forgets_what_is_long_past():
    recent = [48 + note % 24 for note in range(WATCHED)]
    np.testing.assert_array_equal(against([60, 64] * 20 + recent), against(recent))


def test_time_that_hardly_moves_is_noticed():
    chord = [48 + note % 24 for note in range(CROWDED)]
    assert heard(chord, wait=1).is_crowded()
    assert not heard(chord, wait=10).is_crowded()
    assert not heard(chord[:-1], wait=0).is_crowded()


def test_a_penalty_that_is_off_takes_nothing():
    listener = Listener(PERFORMANCE, is_penalised=False).hear(*[(1, 60, 16, 10)] * 100)
    assert not listener.added("pitch", 1).any()
    assert not listener.is_crowded()


def test_drum_strokes_are_not_heard_as_pitches():
    # Given a beat of one drum beside a melody
    listener = Listener(representation_of("score"))
    for note in range(WATCHED):
        listener.hear((12, 2, 48 + note % 24, 10, 16), (12, 130, 42, 0, 16))
    # Then only the melody is remembered
    assert 42 not in listener.record["pitches"][0]


def test_it_does_nothing_where_steps_are_no_notes():
    assert not Listener(representation_of("voices")).hear(*[(60, 55, 50, 40)] * 60).added("soprano").any()

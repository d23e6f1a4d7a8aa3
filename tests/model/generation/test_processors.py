"""Logits processors for pace, beat, key and ensemble: where the music does what was asked they leave it alone."""

from __future__ import annotations

import numpy as np
import pytest

from model.generation import processors
from model.generation.processors import (
    BEAT_STRENGTH,
    ENSEMBLE_MEMORY,
    HANDFUL,
    HANDFUL_S,
    KEY_AT_END,
    KIT_STRENGTH,
    PACE_STEEPEST,
    PACE_STRENGTH,
    PLAYER_STRENGTH,
    STRANGER,
    TOGETHER_STRENGTH,
    Beat,
    Playing,
    new_processors,
)
from model.instruments import USUAL_TOP
from model.representation import Performance, representation_of
from model.representation.engraving import DRUMS, FIRST_PROGRAM, METER, TEMPO
from tests.model.generation.listening import Listener

PERFORMANCE, SCORE = Performance(), representation_of("score")
HALF_SECOND = Beat(0.5, np.array([0.0, 0.5, 1.0, 1.3]))  # the last note 0.2 s before the next beat
# a violin plays half, a viola and drums a quarter each
TRIO = Playing(((40, 2.0), (41, 1.0), (128, 1.0)), together=0.5)
VIOLIN, VIOLA, FLUTE = FIRST_PROGRAM + 40, FIRST_PROGRAM + 41, FIRST_PROGRAM + 73


def waits(notes_per_s: float | None, wait: int, notes: int = 200) -> np.ndarray:
    """What is added to the waits after so many notes, each `wait` steps of 10 ms after the one before."""
    return Listener(PERFORMANCE, notes_per_s=notes_per_s).hear(*[(wait, 60, 16, 10)] * notes).added("shift")


def test_where_no_pace_is_asked_nothing_changes():
    assert not waits(None, wait=1).any()


def test_a_piece_at_its_pace_is_left_alone():
    assert not Listener(PERFORMANCE, notes_per_s=10.0).added("shift").any()
    assert np.abs(waits(10.0, wait=10)).max() < 0.3


@pytest.mark.parametrize(("wait", "sign"), [(5, 1), (20, -1)])
def test_too_many_notes_make_longer_waits_likelier_and_too_few_shorter_ones(wait: int, sign: int):
    logits = sign * waits(10.0, wait)
    assert (np.diff(logits[:200]) > 0).all()
    # Notes struck together, and the end, are not touched
    assert logits[0] == logits[PERFORMANCE.end_class] == 0


def test_a_pace_that_does_not_change_is_pushed_harder_but_not_without_end():
    pushes = [waits(10.0, wait=5, notes=notes)[10] for notes in (50, 200, 800, 3200)]
    assert pushes == sorted(pushes)
    limit = (PACE_STEEPEST + PACE_STRENGTH * np.log(2)) * np.log1p(0.1 * 10)
    assert pushes[-1] == pytest.approx(limit, rel=0.05)


@pytest.mark.parametrize("name", ["voices", "score", "events"])
def test_pace_and_beat_do_nothing_where_time_is_not_free_or_steps_are_no_notes(name: str):
    record = new_processors(representation_of(name), notes_per_s=10.0, beat=HALF_SECOND)
    assert not record["rate"].any()
    assert not record["beat"].any()


def test_a_wait_is_likelier_if_it_ends_a_beat_after_an_onset():
    logits = Listener(PERFORMANCE, beat=HALF_SECOND).added("shift")
    assert logits[[20, 50]] == pytest.approx([BEAT_STRENGTH] * 2)  # after the note at 1.0, after that at 1.3
    assert logits[[10, 35, 90]] == pytest.approx([0.0, 0.0, 0.0], abs=0.01)
    assert BEAT_STRENGTH / 2 < logits[22] < BEAT_STRENGTH  # hands are not exact
    assert not logits[:4].any()  # notes of a chord are struck together, whatever the beat
    assert logits[PERFORMANCE.end_class] == 0


def test_the_beat_is_counted_from_what_was_just_played():
    # Given a note that came a little late
    late = Listener(PERFORMANCE, beat=HALF_SECOND).hear((24, 60, 16, 10))
    # Then the next beat is as late
    assert late.added("shift")[50] == pytest.approx(BEAT_STRENGTH)


def test_without_a_key_no_pitch_is_changed():
    listener = Listener(PERFORMANCE, is_penalised=False).hear(*[(20, 61, 16, 10)] * 30)
    assert not listener.added("pitch", 20).any()


def test_a_pitch_class_that_the_key_is_short_of_gets_likelier_and_one_it_has_too_often_less_likely():
    # Given a piece in C major that has played nothing but F sharps
    listener = Listener(PERFORMANCE, key="C major", is_penalised=False).hear(*[(20, 66, 16, 10)] * 40)
    logits = listener.added("pitch", 20)
    # Then the notes of the key come first, in every octave alike, and the F sharps last
    assert logits[60] == logits[72] > logits[66]
    assert logits[66] == logits[:12][6] == logits.min()


def test_near_the_end_the_tonic_chord_comes_before_all_others():
    far, near = (Listener(PERFORMANCE, left, key="C major", is_penalised=False).added("pitch", 0) for left in (9000, 0))
    change = near - far
    assert change[[60, 64, 67]] == pytest.approx([0.0] * 3, abs=1e-4)
    assert change[[61, 62, 40]] == pytest.approx([-KEY_AT_END] * 3, abs=1e-4)  # and no third in the bass


@pytest.mark.parametrize(("closes_in_key", "tonic"), [(True, "C"), (False, "F#")])
def test_a_piece_closes_in_the_key_that_was_asked_for_else_in_the_one_it_is_in(closes_in_key: bool, tonic: str):
    # Given a piece that was to be in C major and went to F sharp major
    scale = [66, 68, 70, 71, 73, 75, 77, 66, 70, 73]
    listener = Listener(PERFORMANCE, 0, key="C major", is_penalised=False, closes_in_key=closes_in_key)
    listener.hear(*[(20, pitch, 16, 30) for pitch in scale * 4])
    # When its last chord begins, with its lowest note
    lowest = listener.added("pitch", 20)
    # Then that is the tonic in the bass
    assert int(lowest[24:].argmax() + 24) % 12 == {"C": 0, "F#": 6}[tonic]
    assert int(lowest.argmax()) < 60


def test_the_moves_of_four_voices_keep_to_the_key_from_where_they_are():
    voices = representation_of("voices")
    logits = Listener(voices, key="C major").added("soprano")
    up_to_c, up_to_c_sharp = (36 + pitch - 71 for pitch in (72, 73))  # a soprano begins at 71
    assert logits[up_to_c] > logits[up_to_c_sharp]
    assert logits[up_to_c] == logits[up_to_c - 12]
    assert logits[73] == logits[74] == 0  # rest and END sound nothing


def of_players(instruments: list[int], playing: Playing | None = TRIO, wait: int = 6) -> np.ndarray:
    listener = Listener(SCORE, playing=playing).hear(*[(wait, one, 60, 6, 16) for one in instruments])
    return listener.added("instrument", wait)


def test_where_no_players_are_given_nothing_changes():
    assert not of_players([VIOLIN] * 20, None).any()


def test_strangers_are_barred_and_changes_of_meter_and_tempo_are_not():
    logits = of_players([])
    assert logits[FLUTE] == STRANGER
    assert not logits[[METER, TEMPO, VIOLIN, VIOLA, DRUMS]].any()


def test_a_player_who_waits_gets_likelier_with_every_note_of_another_but_not_for_ever():
    pushes = [of_players([VIOLIN] * notes) for notes in (1, 8, 16, 400, 800)]
    of_viola = [float(push[VIOLA] - push[VIOLIN]) for push in pushes]
    assert of_viola[:4] == sorted(of_viola[:4])
    assert of_viola[1] == pytest.approx(8 * PLAYER_STRENGTH * 0.75, rel=0.1)
    assert of_viola[4] == pytest.approx(of_viola[3], rel=0.01)
    assert of_viola[4] < PLAYER_STRENGTH * ENSEMBLE_MEMORY


def test_an_ensemble_in_which_all_play_as_they_should_is_left_alone():
    assert np.ptp(of_players([VIOLIN, VIOLA, VIOLIN, DRUMS] * 40)[[VIOLIN, VIOLA, DRUMS]]) < 1.5 * PLAYER_STRENGTH


def test_a_change_of_tempo_is_no_note():
    np.testing.assert_array_equal(of_players([METER, TEMPO]), of_players([]))


def test_notes_that_should_come_together_get_likelier_until_they_do():
    def together(wait: int, playing: Playing | None = TRIO) -> np.ndarray:
        steps = [(wait, one, 60, 6, 16) for one in [VIOLIN, VIOLA] * 8]
        return Listener(SCORE, playing=playing).hear(*steps).added("shift")

    assert together(6)[0] == pytest.approx(16 * TOGETHER_STRENGTH * 0.5, rel=0.15)
    assert together(0)[0] == pytest.approx(-16 * TOGETHER_STRENGTH * 0.5, rel=0.15)
    assert not together(6)[1:].any()
    # And where it is left open nothing changes
    assert not together(6, TRIO._replace(together=None)).any()
    assert not together(6, None).any()


def test_two_hands_strike_no_more_than_a_handful_at_a_time():
    # Given as many notes as a handful, 10 ms apart
    listener = Listener(PERFORMANCE).hear((200, 40, 16, 10), *[(1, 40 + note, 16, 10) for note in range(HANDFUL - 1)])
    # Then the next one waits until the first is so long ago
    assert listener.least_wait() == round(100 * HANDFUL_S) - (HANDFUL - 1)
    assert Listener(PERFORMANCE).least_wait() <= 0
    assert Listener(SCORE).hear(*[(0, VIOLIN, 60, 6, 16)] * HANDFUL).least_wait() <= 0


def test_only_the_constants_that_a_piece_is_made_with_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processors, "BEAT_STRENGTH", 3.0)
    assert Listener(PERFORMANCE, beat=HALF_SECOND).added("shift")[20] == pytest.approx(3.0)


def test_strokes_on_pieces_of_the_kit_that_were_not_played_get_unlikelier():
    # Given drums that were played on three pieces
    kit = frozenset({36, 38, 42})
    listener = Listener(SCORE, playing=Playing(((128, 1.0), (0, 1.0)), None, kit=kit), is_penalised=False)
    # When the drums or the piano are about to play
    drums, piano = listener.added("pitch", 0, DRUMS), listener.added("pitch", 0, FIRST_PROGRAM)
    # Then the drums keep to them, and the piano is left alone
    assert set(np.flatnonzero(drums == 0)) == kit
    assert (drums[[37, 51]] == -KIT_STRENGTH).all()
    assert not piano.any()


def test_a_bass_in_company_stays_low_and_a_piano_beside_it_plays_where_it_likes():
    bass, piano = FIRST_PROGRAM + 33, FIRST_PROGRAM
    listener = Listener(SCORE, playing=Playing(((33, 1.0), (0, 1.0)), together=None))
    of_bass = listener.added("pitch", 0, bass)[:96]
    assert not of_bass[: USUAL_TOP[33] + 1].any()
    assert (np.diff(of_bass[USUAL_TOP[33] :]) < 0).all()
    assert not listener.added("pitch", 0, piano).any()


def test_whoever_plays_alone_has_an_octave_more():
    alone = Listener(SCORE, playing=Playing(((42, 1.0),), together=None)).added("pitch", 0, FIRST_PROGRAM + 42)
    company = Playing(((42, 1.0), (0, 1.0)), together=None)
    beside = Listener(SCORE, playing=company).added("pitch", 0, FIRST_PROGRAM + 42)
    assert np.flatnonzero(alone < 0)[0] == np.flatnonzero(beside < 0)[0] + 12

"""Four voices: round trips, what a network is shown of them, and nothing of what is still to come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.controls import Controls
from model.piece import NOTE, Instrument, Piece, table
from model.representation import Voices
from model.representation.four_parts import PARTS, REST, WIDEST
from model.representation.voices import NAMES, REST_CLASS
from model.representation.voices_law import CHROMA, LEAP, LEAPS, RUN_STAGES
from tests.model.made_pieces import pieces
from tests.model.moments import Moment

VOICES = Voices()
relaxed = settings(deadline=None, max_examples=60)

PITCH = st.one_of(st.just(REST), st.integers(48, 84))
GRID = st.lists(st.tuples(PITCH, PITCH, PITCH, PITCH), min_size=1, max_size=24).map(
    lambda rows: np.array([(60, 55, 52, 48), *rows, (60, 55, 52, 48)], dtype=np.int32)
)


def contexts(steps: np.ndarray) -> list[np.ndarray]:
    """What the stack and every head see before each of `steps` (steps, 4)."""
    controls = np.zeros(VOICES.controls.width, dtype=np.float32)
    features = VOICES.trace(steps, VOICES.new_states(), controls).features
    return np.split(features, np.cumsum(list(VOICES.context_sizes.values()))[:-1], axis=1)


def piece_of_parts(*parts: list[tuple[int, int, int]]) -> Piece:
    """A piece at 4 ticks a quarter, so that a tick is a sixteenth; each part lists (onset, duration, pitch)."""
    rows = [(onset, length, pitch, 80, part) for part, notes in enumerate(parts) for onset, length, pitch in notes]
    return Piece(table(NOTE, rows), tuple(Instrument() for _ in parts), ticks_per_quarter=4)


@given(GRID)
@relaxed
def test_four_voices_come_back_as_they_were(steps: np.ndarray):
    np.testing.assert_array_equal(VOICES.encode(VOICES.decode(steps)), steps)


@given(pieces())
@relaxed
def test_any_piece_can_be_sung_and_sung_again_the_same(piece: Piece):
    steps = VOICES.encode(piece)
    assert steps.dtype == np.int32
    assert steps.shape[1:] == (4,)
    again = VOICES.encode(VOICES.decode(steps))
    last = np.flatnonzero((steps != REST).any(axis=1))[-1] + 1 if len(steps) else 0
    np.testing.assert_array_equal(again, steps[:last])
    # a soprano has the highest note, and no pitch is sung by two voices unless it was by two parts
    assert steps.min(initial=REST) >= REST


@given(GRID)
@relaxed
def test_classes_name_the_pitches_again(steps: np.ndarray):
    moment = Moment(VOICES)
    for step in steps:
        classes = moment.classes(step)
        assert [moment.raw(name, drawn) for name, drawn in zip(NAMES, classes, strict=True)] == step.tolist()
        assert all(moment.allowed(name)[drawn] for name, drawn in zip(NAMES, classes, strict=True))
        moment.after(step)


@given(GRID, st.integers(0, 100), st.integers(0, 3))
@relaxed
def test_nothing_of_what_is_still_to_come_is_shown(steps: np.ndarray, place: int, voice: int):
    # Given two continuations that differ from one pitch on
    place %= len(steps)
    other = steps.copy()
    other[place, voice:] = 71
    other[place + 1 :] = 61
    # Then up to that pitch the stack and the heads see the same
    for part, (seen, seen_of_other) in enumerate(zip(contexts(steps), contexts(other), strict=True)):
        sees_its_step = part - 1 <= voice  # 0 is the stack; head k sees the voices above it
        upto = place + 1 if sees_its_step else place
        np.testing.assert_array_equal(seen[:upto], seen_of_other[:upto])


def test_a_chorale_looks_the_same_in_another_key():
    steps = np.array([[67, 64, 60, 48], [67, 64, 60, 48], [69, 65, 60, 53], [71, 65, 62, 43]], dtype=np.int32)
    here, there = contexts(steps), contexts(steps + 2)
    first, second = (Moment(VOICES).after(each[:1]) for each in (steps, steps + 2))
    assert (first["frame"], second["frame"]) == (48, 50)
    assert first.classes(steps[1]) == second.classes(steps[1] + 2)
    chroma_of_voices = slice(4 * CHROMA)  # the first of what the stack sees
    np.testing.assert_array_equal(here[0][1:, chroma_of_voices], there[0][1:, chroma_of_voices])


def test_what_is_repeated_is_announced():
    # Given a bar and its first three quarters again
    bar = np.arange(64).reshape(16, 4).astype(np.int32)
    after = Moment(VOICES).after(np.concatenate([bar, bar[:12]]))
    # Then its fourth is expected, of the melody and of all voices, after a match of twelve sixteenths
    np.testing.assert_array_equal(after["echo"], [bar[12], bar[12]])
    assert after["echo_run"].tolist() == [12, 12]
    assert sum(after["echo_run"][0] >= stage for stage in RUN_STAGES) == 3


def test_the_move_that_would_make_parallel_fifths_is_pointed_out():
    # Given a soprano a fifth above the bass that rises by a tone
    now = Moment(VOICES).after(np.array([[67, 64, 60, 48]]))
    moved, stayed = (now.knowing(soprano=pitch) for pitch in (69, 67))
    parallel = slice(VOICES.feature_sizes["bass"] - 3 * LEAPS, VOICES.feature_sizes["bass"] - 2 * LEAPS)
    # Then the same rise is marked for the bass, and nothing where the soprano stays
    assert np.flatnonzero(moved.seen("bass")[parallel]).tolist() == [LEAP + 2]
    assert not stayed.seen("bass")[parallel].any()
    # And composing does not draw it
    assert np.flatnonzero(~moved.drawable("bass")).tolist() == [WIDEST + 2]
    assert stayed.drawable("bass").all()


def test_music_in_four_parts_keeps_them_whatever_their_order():
    low, high = [(0, 4, 48)], [(0, 2, 72), (2, 2, 74)]
    steps = VOICES.encode(piece_of_parts(low, [(0, 4, 55)], high, [(0, 4, 64)]))
    assert steps.tolist() == [[72, 64, 55, 48]] * 2 + [[74, 64, 55, 48]] * 2


def test_of_a_thick_chord_the_outer_notes_stay_and_those_near_alto_and_tenor():
    steps = VOICES.encode(piece_of_parts([(0, 1, pitch) for pitch in (40, 43, 59, 61, 66, 79)]))
    assert steps.tolist() == [[79, 66, 59, 40]]


@pytest.mark.parametrize(
    ("pitches", "step"),
    [((60,), [60, REST, REST, REST]), ((60, 48), [60, REST, REST, 48]), ((72, 64, 48), [72, 64, REST, 48])],
)
def test_of_few_notes_the_highest_is_the_soprano(pitches: tuple[int, ...], step: list[int]):
    assert VOICES.encode(piece_of_parts([(0, 1, pitch) for pitch in pitches])).tolist() == [step]


def test_drums_and_silence_before_the_first_note_are_left_out():
    notes = table(NOTE, [(0, 4, 36, 90, 0), (8, 2, 60, 90, 1)])
    piece = Piece(notes, (Instrument(is_drum=True), Instrument()), ticks_per_quarter=4)
    assert VOICES.encode(piece).tolist() == [[60, REST, REST, REST]] * 2
    assert VOICES.encode(Piece()).shape == (0, 4)


def test_a_leap_beyond_three_octaves_is_brought_nearer_by_octaves():
    steps = VOICES.encode(piece_of_parts([(0, 1, 60), (1, 1, 60 + WIDEST + 1)]))
    assert steps[:, 0].tolist() == [60, 60 + WIDEST + 1 - 12]


def test_a_chorale_is_written_for_four_voices_in_bars():
    piece = VOICES.decode(np.array([[67, 64, REST, 48]] * 4, dtype=np.int32))
    assert tuple(part.name for part in piece.instruments) == PARTS
    assert piece.notes["pitch"].tolist() == [48, 64, 67]
    assert (piece.notes["duration"] == piece.ticks_per_quarter).all()
    assert VOICES.usual_tempo_bpm == pytest.approx(60 / (piece.seconds_at(piece.ticks_per_quarter)))


def test_the_end_is_near_when_no_sixteenth_is_left():
    steps = np.full((4, 4), 60, dtype=np.int32)
    moment, left = Moment(VOICES, int(VOICES.onsets(steps)[-1])), []
    for step in steps:
        left.append(int(moment["left"]))
        moment.after(step)
    assert left == [3, 3, 2, 1]
    assert np.flatnonzero(moment.drawable("soprano")).tolist() == [VOICES.end_class]


def test_the_key_of_a_block_is_measured_and_turned_with_the_music():
    scale = np.array([[72, 67, 64, 48], [74, 67, 65, 47], [76, 67, 60, 48], [77, 69, 60, 53]], dtype=np.int32)
    measured = VOICES.measured(np.repeat(scale, 8, axis=0))
    assert measured.shape == (1, VOICES.controls.width)
    assert np.flatnonzero(measured[0]).tolist() == [0]  # C major
    asked, nothing = Moment(VOICES, controls=measured[0]), Moment(VOICES)
    (own_key,) = np.flatnonzero((asked.seen("bass") - nothing.seen("bass"))[: VOICES.feature_sizes["bass"]])
    for moment in (asked, nothing):
        moment.states["reference"] -= 1
    (from_below,) = np.flatnonzero((asked.seen("bass") - nothing.seen("bass"))[: VOICES.feature_sizes["bass"]])
    assert (from_below - own_key) % CHROMA == 1


def test_transposed_chorales_stay_within_their_voices():
    steps = np.array([[72, 64, 60, 48], [REST, 64, 60, 48]], dtype=np.int32)
    assert VOICES.transposed(steps, 2).tolist() == [[74, 66, 62, 50], [REST, 66, 62, 50]]
    np.testing.assert_array_equal(VOICES.transposed(steps, 11), steps)


def test_a_key_that_was_asked_for_is_begun_and_ended_with_its_tonic_chord():
    asked = VOICES.controls.vector(Controls(key="A minor"))

    def drawn(voice: str, left: int, time: int, controls: np.ndarray | None = asked) -> set[int]:
        moment = Moment(VOICES, left, controls)
        moment.states["time"] = time
        raw = [moment.raw(voice, one) for one in np.flatnonzero(moment.drawable(voice)).tolist()]
        return {pitch % CHROMA if pitch != REST else REST for pitch in raw}

    # At the start, and where the last beat begins, the upper voices take A, C or E, and the bass A
    for left, time in ((7, 0), (4, 4)):
        assert drawn("soprano", left, time) == {9, 0, 4}
        assert drawn("bass", left - (time > 0), time) == {9}
    # In between, and where no key was asked for, they are free
    assert len(drawn("bass", 5, 2)) == CHROMA + 1
    assert len(drawn("soprano", 7, 0, None)) == CHROMA + 1


def test_what_pads_a_window_has_a_class():
    assert all(0 <= drawn <= REST_CLASS for drawn in Moment(VOICES).classes(np.ones(4)))


def test_likelihoods_are_counted_by_the_pitch():
    assert VOICES.count(np.full((3, 4), 60, dtype=np.int32)) == 12

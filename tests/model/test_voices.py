"""Four voices: round trips, what a network is shown of them, and nothing of what is still to come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from model.controls import Controls
from model.corpora.windows import WindowStreams
from model.network import NetworkConfig, NoteNetwork
from model.piece import NOTE, Instrument, Piece, table
from model.representation import Voices
from model.representation.arrays import NUMPY
from model.representation.base import Situation
from model.representation.echoes import RUN_STAGES
from model.representation.four_parts import PARTS, REST, STARTS, WIDEST
from model.representation.voice_context import CHROMA, LEAP, LEAPS
from model.representation.voices import NAMES, REST_CLASS
from tests.model.made_pieces import pieces

VOICES = Voices()
relaxed = settings(deadline=None, max_examples=60)

PITCH = st.one_of(st.just(REST), st.integers(48, 84))
GRID = st.lists(st.tuples(PITCH, PITCH, PITCH, PITCH), min_size=1, max_size=24).map(
    lambda rows: np.array([(60, 55, 52, 48), *rows, (60, 55, 52, 48)], dtype=np.int32)
)


def contexts(steps: np.ndarray) -> list[np.ndarray]:
    """What the stack and every head see before each of `steps` (steps, 4)."""
    before, _ = VOICES.trace(steps[None], VOICES.situation(1, NUMPY))
    seen, now = [VOICES.context("input", before, NUMPY)], before
    for index, name in enumerate(NAMES):
        seen.append(VOICES.context(name, now, NUMPY))
        value = steps[None, :, index]
        now = VOICES.elapse(now, value, NUMPY) if index == 0 else VOICES.noted(now, index, value, NUMPY)
    return seen


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
    before, _ = VOICES.trace(steps[None], VOICES.situation(1, NUMPY))
    classes = VOICES.classes(steps[None], before, NUMPY)
    uniform = np.zeros(classes.shape[:2])
    raw = [VOICES.raw(index, classes[..., index], uniform, before, NUMPY) for index in range(4)]
    np.testing.assert_array_equal(np.stack(raw, axis=-1)[0], steps)
    for index, name in enumerate(NAMES):
        allowed = VOICES.allowed(name, before, NUMPY)
        assert np.take_along_axis(allowed, classes[..., index, None], axis=-1).all()


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
        np.testing.assert_array_equal(seen[:, :upto], seen_of_other[:, :upto])


def test_a_chorale_looks_the_same_in_another_key():
    steps = np.array([[67, 64, 60, 48], [67, 64, 60, 48], [69, 65, 60, 53], [71, 65, 62, 43]], dtype=np.int32)
    before, _ = VOICES.trace(steps[None], VOICES.situation(1, NUMPY))
    moved, _ = VOICES.trace(steps[None] + 2, VOICES.situation(1, NUMPY))
    classes = [VOICES.classes(each, seen, NUMPY) for each, seen in ((steps[None], before), (steps[None] + 2, moved))]
    np.testing.assert_array_equal(classes[0][:, 1:], classes[1][:, 1:])
    assert (before["frame"][0, 1:] == 48).all()
    assert (moved["frame"][0, 1:] == 50).all()


def test_what_is_repeated_is_announced():
    # Given a bar and its first three quarters again
    bar = np.arange(64).reshape(16, 4).astype(np.int32)
    _, after = VOICES.trace(np.concatenate([bar, bar[:12]])[None], VOICES.situation(1, NUMPY))
    # Then its fourth is expected, of the melody and of all voices, after a match of twelve sixteenths
    np.testing.assert_array_equal(after["echo"][0], [bar[12], bar[12]])
    assert after["echo_run"].tolist() == [[12, 12]]
    assert sum(after["echo_run"][0, 0] >= stage for stage in RUN_STAGES) == 3


def test_the_move_that_would_make_parallel_fifths_is_pointed_out():
    # Given a soprano a fifth above the bass that rises by a tone
    _, now = VOICES.trace(np.array([[[67, 64, 60, 48]]], dtype=np.int32), VOICES.situation(1, NUMPY))
    moved, stayed = (VOICES.elapse(now, np.array([pitch], dtype=np.int32), NUMPY) for pitch in (69, 67))
    parallel = slice(VOICES.music_sizes["bass"] - 3 * LEAPS, VOICES.music_sizes["bass"] - 2 * LEAPS)
    # Then the same rise is marked for the bass, and nothing where the soprano stays
    assert np.flatnonzero(VOICES.music("bass", moved, NUMPY)[0, parallel]).tolist() == [LEAP + 2]
    assert not VOICES.music("bass", stayed, NUMPY)[0, parallel].any()
    # And composing does not draw it
    assert np.flatnonzero(~VOICES.drawn_from(3, moved, NUMPY)[0]).tolist() == [WIDEST + 2]
    assert VOICES.drawn_from(3, stayed, NUMPY).all()


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
    situation = {**VOICES.situation(1, NUMPY), "left": np.array([VOICES.onsets(steps)[-1]], dtype=np.int32)}
    before, after = VOICES.trace(steps[None], situation)
    assert before["left"].tolist() == [[3, 3, 2, 1]]
    openings = VOICES.openings(after, NUMPY)
    assert np.flatnonzero(openings[0]).tolist() == [VOICES.end_class]


def test_the_key_of_a_block_is_measured_and_turned_with_the_music():
    scale = np.array([[72, 67, 64, 48], [74, 67, 65, 47], [76, 67, 60, 48], [77, 69, 60, 53]], dtype=np.int32)
    measured = VOICES.measured(np.repeat(scale, 8, axis=0))
    assert measured.shape == (1, VOICES.controls.width)
    assert np.flatnonzero(measured[0]).tolist() == [0]  # C major
    situation = {**VOICES.situation(1, NUMPY), "controls": measured}
    asked, nothing = (VOICES.music("bass", each, NUMPY) for each in (situation, VOICES.situation(1, NUMPY)))
    assert (asked - nothing).sum() == 1
    tonic = -STARTS[3] % CHROMA  # as the bass hears it from where it starts
    own_key = np.flatnonzero((asked - nothing)[0])[0]
    moved = {**situation, "reference": situation["reference"] - 1}
    key_from_below = np.flatnonzero(
        (
            VOICES.music("bass", moved, NUMPY)
            - VOICES.music("bass", {**moved, "controls": np.zeros_like(measured)}, NUMPY)
        )[0]
    )[0]
    assert (key_from_below - own_key) % CHROMA == 1
    assert 0 <= tonic < CHROMA


def test_transposed_chorales_stay_within_their_voices():
    steps = np.array([[72, 64, 60, 48], [REST, 64, 60, 48]], dtype=np.int32)
    assert VOICES.transposed(steps, 2).tolist() == [[74, 66, 62, 50], [REST, 66, 62, 50]]
    np.testing.assert_array_equal(VOICES.transposed(steps, 11), steps)


def test_a_key_that_was_asked_for_is_begun_and_ended_with_its_tonic_chord():
    asked = VOICES.controls.vector(Controls(key="A minor"))[None]
    start = {**VOICES.situation(1, NUMPY), "controls": asked, "left": np.array([7], dtype=np.int32)}

    def drawn(index: int, situation: Situation) -> set[int]:
        classes = np.flatnonzero(VOICES.drawn_from(index, situation, NUMPY)[0])
        raw = VOICES.raw(index, classes, np.zeros(len(classes)), situation, NUMPY)
        return {int(pitch) % CHROMA if pitch != REST else REST for pitch in raw}

    # At the start, and where the last beat begins, the upper voices take A, C or E, and the bass A
    for left, time in ((7, 0), (4, 4)):
        moment = {**start, "time": np.array([time]), "left": np.array([left])}
        assert drawn(0, moment) == {9, 0, 4}
        moment["left"] = moment["left"] - (time > 0)
        assert drawn(3, moment) == {9}
    # In between, and where no key was asked for, they are free
    between = {**start, "time": np.array([2]), "left": np.array([5])}
    assert len(drawn(3, between)) == CHROMA + 1
    assert len(drawn(0, VOICES.situation(1, NUMPY))) == CHROMA + 1


def test_what_pads_a_window_has_a_class():
    before = VOICES.situation(1, NUMPY)
    classes = VOICES.classes(np.ones((1, 4), dtype=np.int32), before, NUMPY)
    assert ((classes >= 0) & (classes <= REST_CLASS)).all()


def test_a_network_hears_step_by_step_what_it_was_taught():
    # Given what a network says of a chorale it is shown as a whole
    network = NoteNetwork(NetworkConfig(representation="voices", embedding=8, units=8, layers=1, head_units=8))
    steps = np.array([[72, 67, 60, 48], [72, 65, REST, 50], [74, 67, 59, 43], [72, 67, 60, 48]], dtype=np.int32)
    ((batch,),) = WindowStreams(VOICES, [steps], 1, 8).once()
    taught, _ = network(batch, network.stack.start(1))
    # When it is shown the same voice by voice, as composing does
    previous, state = network.start(1)
    situation = VOICES.situation(1, ops)
    for place, step in enumerate(steps):
        output, state = network.step(previous, situation, state)
        previous, now = batch["target"][:, place], situation
        for voice, pitch in enumerate(step):
            said = network.logits(voice, output, [previous[:, above] for above in range(voice)], now)
            # Then it says the same
            np.testing.assert_allclose(said[0], taught[voice][0, place], rtol=1e-4, atol=1e-5)
            value = ops.array([pitch], dtype="int32")
            now = VOICES.elapse(now, value, ops) if voice == 0 else VOICES.noted(now, voice, value, ops)
        named = {name: ops.array([pitch], dtype="int32") for name, pitch in zip(NAMES, step, strict=True)}
        situation = VOICES.advance(situation, named, ops)


def test_likelihoods_are_counted_by_the_pitch():
    assert VOICES.count(np.full((3, 4), 60, dtype=np.int32)) == 12

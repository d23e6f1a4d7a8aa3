"""The pointer: what was played, or given as a seed, is taken up again; nothing goes round for ever because of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from model.generation import Engine, Request, SamplingParameters
from model.generation.decoder import DecoderState
from model.network import PRESETS, NoteNetwork
from model.representation.engraving import INSTRUMENT, METER, PITCH, SHIFT, TEMPO

OFF = SamplingParameters(pointer=0.0)
ON = SamplingParameters()
MOTIF, ANSWER = (60, 64, 67, 72, 71, 67, 65, 62), (79, 77, 76, 74, 72, 71, 69, 67)
TRIES = 24
EIGHTH, PIANO, FLUTE = 12, 2, 75  # ticks; the numbers of a step's instruments


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An untaught network on a beat: whatever it repeats comes from the pointer."""
    config = PRESETS["ensemble"].model_copy(update={"units": 32, "embedding": 16, "head_units": 16})
    engine = Engine(NoteNetwork(config), slots=4)
    yield engine
    engine.close()


def melody(*parts: tuple[int, ...], is_line: bool = False) -> np.ndarray:
    """Eighth notes of a flute in 4/4, raw steps; unless it is a line, the chords of a piano come first."""
    pitches = [pitch for part in parts for pitch in part]
    flute = [[EIGHTH, FLUTE, pitch, EIGHTH, 16] for pitch in pitches]
    chords = [(low, low + 12) for low in (36 + 5 * number % 12 for number in range(2 + len(pitches) // 16))]
    struck = [[EIGHTH * (n == 0), PIANO, chord[n], EIGHTH, 16] for chord in chords for n in (0, 1)]
    steps = np.array(flute if is_line else struck + flute, dtype=np.int32)
    steps[0, SHIFT] = 0
    heading = np.array([[0, METER, 19, 0, 0], [0, TEMPO, 72, 0, 0]], dtype=np.int32)  # 4/4, 120 a minute
    return np.concatenate([heading, steps])


def go_on(engine: Engine, state: DecoderState, sampling: SamplingParameters, notes: int) -> list[np.ndarray]:
    """What follows, for many random seeds, raw steps (notes, fields) each."""
    handles = [
        engine.submit(
            Request(state, np.random.Generator(np.random.Philox(seed)), sampling, most_steps=notes, is_penalised=False)
        )
        for seed in range(TRIES)
    ]
    return [handle.result().steps for handle in handles]


def share_of(pieces: list[np.ndarray], pitch: int) -> float:
    """How many of them begin with this note of the flute."""
    return float(np.mean([piece[0, INSTRUMENT] == FLUTE and piece[0, PITCH] == pitch for piece in pieces]))


def test_after_a_motif_came_back_what_followed_it_follows_again(engine: Engine):
    # Given A B A
    state = engine.decoders.prefill(melody(MOTIF, ANSWER, MOTIF))
    # When it goes on, with the pointer and without
    with_pointer, without = (share_of(go_on(engine, state, sampling, 1), ANSWER[0]) for sampling in (ON, OFF))
    # Then B comes
    assert with_pointer >= 0.3
    assert without <= 0.1


def test_a_seed_with_a_clear_motif_is_taken_up_again(engine: Engine):
    # Given a motif that was played four times
    state = engine.decoders.prefill(melody(MOTIF, MOTIF, MOTIF, MOTIF))
    # Then much of it is heard in the next bar
    heard = [
        np.mean([(piece[place : place + 4, PITCH] == MOTIF[place : place + 4]).all() for place in range(4)])
        for piece in go_on(engine, state, ON, 8)
    ]
    assert np.mean(heard) >= 0.3


def test_the_beginning_of_a_piece_is_left_to_the_network(engine: Engine):
    state = engine.decoders.start()
    for one, other in zip(go_on(engine, state, ON, 6), go_on(engine, state, OFF, 6), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_never_came_twice_is_left_to_the_network(engine: Engine):
    state = engine.decoders.prefill(melody(tuple(range(48, 84))))
    for one, other in zip(go_on(engine, state, ON, 1), go_on(engine, state, OFF, 1), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_single_line_is_left_to_the_network(engine: Engine):
    state = engine.decoders.prefill(melody(MOTIF, ANSWER, MOTIF, is_line=True))
    for one, other in zip(go_on(engine, state, ON, 4), go_on(engine, state, OFF, 4), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_close_of_a_piece_is_left_to_the_network(engine: Engine):
    state = engine.decoders.prefill(melody(MOTIF, ANSWER, MOTIF), left=4 * EIGHTH)
    for one, other in zip(go_on(engine, state, ON, 4), go_on(engine, state, OFF, 4), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_loop_does_not_go_on_for_ever(engine: Engine):
    # Given two bars that were played twice, and the same played for a long time
    shortly, long = (engine.decoders.prefill(melody(*(MOTIF, ANSWER) * times)) for times in (3, 16))
    # Then the pointer trusts the second far less
    shares = [share_of(go_on(engine, state, ON, 1), MOTIF[0]) for state in (shortly, long)]
    assert shares[0] >= 0.5
    assert shares[1] <= shares[0] / 2


def test_a_piece_longer_than_what_is_remembered_goes_on(engine: Engine):
    rng = np.random.default_rng(0)
    wandering = tuple(rng.integers(48, 84, 5000).tolist())
    state = engine.decoders.prefill(melody(wandering, MOTIF, ANSWER, MOTIF))
    assert share_of(go_on(engine, state, ON, 1), ANSWER[0]) >= 0.5


def test_a_piece_with_the_pointer_is_the_same_alone_and_in_company(engine: Engine):
    # Given a piece that repeats itself, and others beside it
    states = [engine.decoders.prefill(melody(*parts)) for parts in ((MOTIF, MOTIF), (ANSWER, MOTIF, ANSWER))]

    def request(number: int) -> Request:
        return Request(states[number % 2], np.random.default_rng(number), ON, most_steps=60)

    alone = [engine.submit(request(number)).result().steps for number in range(6)]
    together = [handle.result().steps for handle in [engine.submit(request(number)) for number in range(6)]]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def pianist() -> Iterator[Engine]:
    """An untaught network in free time."""
    config = PRESETS["tiny"].model_copy(update={"units": 32, "embedding": 16, "head_units": 16})
    engine = Engine(NoteNetwork(config), slots=4)
    yield engine
    engine.close()


def played(top_line: list[int], waits: list[int], inner: list[int]) -> np.ndarray:
    """Chords in free time, raw steps: each an inner note, after a wait in steps of 10 ms, and a top note."""
    chords = zip(top_line, waits, inner, strict=True)
    steps = [note for top, wait, low in chords for note in ((wait, low, 16, 15), (1, top, 18, 15))]
    return np.array(steps, dtype=np.int32)


def test_a_pianists_top_line_is_taken_up_again_in_other_time_and_over_other_chords(pianist: Engine):
    # Given a theme, other music, and the beginning of the theme a little slower and on other inner notes
    theme, other = [72, 76, 79, 84, 83, 79, 77, 74], [70, 66, 73, 68, 75, 71, 78, 69, 65, 80, 67, 82]
    first = played(theme + other, [24] * 20, [48 + 7 * n % 12 for n in range(20)])
    again = played(theme[:5], [28, 29, 28, 27, 29], [50, 53, 49, 56, 51])
    state = pianist.decoders.prefill(np.concatenate([first, again]))

    def next_top(sampling: SamplingParameters) -> float:
        """How often the theme's next top note is among the notes of the next tenths of a second."""
        pieces = go_on(pianist, state, sampling, 4)
        return float(np.mean([theme[5] in piece[:, 1] for piece in pieces]))

    # When it goes on, with the pointer and without
    # Then the theme goes on
    assert next_top(ON) >= 0.5
    assert next_top(OFF) <= 0.25

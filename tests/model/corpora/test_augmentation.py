"""Who plays in training: other instruments, a bass, a drummer, fewer players, other loudness; the rest stays."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from model.corpora.augmentation import LINE_RANGES, InstrumentAugmentation, InstrumentChanges
from model.corpora.windows import Augmentation, WindowStreams
from model.piece import NOTE, Instrument, Piece, table
from model.representation import representation_of
from model.representation.engraving import (
    DRUMS,
    DURATION,
    FIRST_PROGRAM,
    INSTRUMENT,
    PITCH,
    SHIFT,
    VELOCITY,
)

SCORE = representation_of("score")
QUARTER = 480


def encoded(*players: tuple[Instrument, list[tuple[int, int, int]]], velocity: int = 82) -> np.ndarray:
    """Steps of players, each with (onset, length, key) in quarters."""
    rows = [
        (round(on * QUARTER), round(length * QUARTER), key, velocity, index)
        for index, (_, notes) in enumerate(players)
        for on, length, key in notes
    ]
    return SCORE.encode(Piece(table(NOTE, rows), tuple(one for one, _ in players), QUARTER))


def tune(bars: int = 16, low: int = 62) -> list[tuple[float, float, int]]:
    return [(beat, 1, low + (beat * 5) % 12) for beat in range(4 * bars)]


def left_hand(bars: int = 16) -> list[tuple[float, float, int]]:
    """A low note on each first and third beat, chords above on the others."""
    rows = []
    for beat in range(4 * bars):
        keys = (36 + beat % 5,) if beat % 2 == 0 else (60, 64, 67)
        rows += [(beat, 1, key) for key in keys]
    return rows


def loop(bars: int = 8) -> list[tuple[float, float, int]]:
    return [(beat / 2, 0.25, 42 if beat % 2 else (36, 38)[beat // 2 % 2]) for beat in range(8 * bars)]


DRUMMER = encoded((Instrument(is_drum=True), loop()))
BAND = encoded(
    (Instrument(0), left_hand()),
    (Instrument(33), [(2 * b, 2, 33 + b % 7) for b in range(32)]),
    (Instrument(40), tune()),
)


def changed(steps: np.ndarray, seed: int, style: str = "pop", **chances: float) -> np.ndarray:
    return InstrumentAugmentation([DRUMMER], InstrumentChanges(**chances)).changed(
        steps, style, np.random.default_rng(seed)
    )


def players(steps: np.ndarray) -> set[int]:
    """Programs that play, 128 for the drums."""
    return set((steps[steps[:, INSTRUMENT] >= FIRST_PROGRAM, INSTRUMENT] - FIRST_PROGRAM).tolist())


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_changed_is_a_piece_that_encodes_to_itself(seed):
    every = {"velocity": 0.7, "programs": 0.7, "bass": 0.7, "drums": 0.7, "parts": 0.7}
    steps = changed(
        BAND if seed % 2 else encoded((Instrument(0), left_hand()), (Instrument(73), tune())), seed, **every
    )
    np.testing.assert_array_equal(SCORE.encode(SCORE.decode(steps)), steps)


def test_without_a_chance_nothing_changes():
    np.testing.assert_array_equal(changed(BAND, 0), BAND)


def test_a_tune_goes_to_instruments_that_reach_it_and_keeps_its_notes():
    steps = encoded((Instrument(40), tune()))
    found = set()
    for seed in range(60):
        other = changed(steps, seed, programs=1.0)
        (program,) = players(other)
        found.add(program)
        assert LINE_RANGES[program][0] <= 62
        assert LINE_RANGES[program][1] >= 73
        keep = [SHIFT, PITCH, DURATION, VELOCITY]
        np.testing.assert_array_equal(other[:, keep], steps[:, keep])
    assert len(found) > 10


def test_four_voices_of_one_choir_become_four_players_from_high_to_low():
    # Given a chorale sung by one choir, whose voices move at different times
    voices = [
        [(beat, 1, base + (beat * step) % 5) for beat in range(64)]
        for base, step in ((72, 1), (65, 2), (58, 3), (45, 4))
    ]
    steps = encoded((Instrument(52), [note for voice in voices for note in voice]))
    other = changed(steps, 3, style="bach-chorale", programs=1.0)
    # Then each voice has an instrument of its own
    pitches = {}
    for program in players(other):
        mine = other[other[:, INSTRUMENT] == FIRST_PROGRAM + program]
        pitches[program] = (mine[:, PITCH].min(), mine[:, PITCH].max(), len(mine))
    assert len(pitches) == 4
    assert all(count == 64 and high - low <= 4 for low, high, count in pitches.values())


def test_a_bass_takes_the_low_notes_of_a_piano_where_none_plays():
    steps = encoded((Instrument(0), left_hand()), (Instrument(73), tune()))
    other = changed(steps, 1, bass=1.0)
    (bass,) = players(other) - players(steps)
    assert 32 <= bass <= 39
    mine = other[other[:, INSTRUMENT] == FIRST_PROGRAM + bass]
    assert len(mine) == 32
    assert mine[:, PITCH].max() <= 52
    assert players(changed(BAND, 1, bass=1.0)) == players(BAND)


def test_a_drummer_joins_in_the_same_meter_to_the_end_but_not_where_drums_are_or_a_choir_sings():
    steps = encoded((Instrument(0), left_hand()), (Instrument(73), tune()))
    other = changed(steps, 2, drums=1.0)
    strokes = np.cumsum(other[:, SHIFT])[other[:, INSTRUMENT] == DRUMS]
    assert players(other) == {0, 73, 128}
    assert strokes.max() > 15 * 96  # to the last bar
    assert not strokes[strokes % 96 == 0].size < 6  # on its bar lines
    waltz = Piece(
        table(NOTE, [(QUARTER * i, QUARTER, 60 + i % 5, 80, 0) for i in range(60)]),
        ticks_per_quarter=QUARTER,
        meters=np.array([(0, 3, 4)], dtype=Piece().meters.dtype),
    )
    for same, style in ((SCORE.encode(waltz), "pop"), (DRUMMER, "pop"), (steps, "bach-chorale")):
        np.testing.assert_array_equal(changed(same, 2, style=style, drums=1.0), same)


def test_some_players_stay_silent_and_what_is_left_begins_in_the_first_bar():
    found = {frozenset(players(changed(BAND, seed, parts=1.0))) for seed in range(60)}
    assert {frozenset({0, 33}), frozenset({33, 40}), frozenset({0})} <= found
    late = encoded((Instrument(0), left_hand()), (Instrument(73), [(on + 40, d, key) for on, d, key in tune()]))
    for seed in range(30):
        assert players(changed(late, seed, parts=1.0)) != {73}


def test_loudness_varies_around_what_it_was_and_stays_loudness():
    means = []
    for seed in range(50):
        other = changed(BAND, seed, velocity=1.0)
        heard = other[other[:, INSTRUMENT] >= FIRST_PROGRAM, VELOCITY]
        assert heard.min() >= 1
        assert heard.max() <= 31
        assert not other[other[:, INSTRUMENT] < FIRST_PROGRAM, VELOCITY].any()
        means.append(heard.mean())
    assert 19 < np.mean(means) < 22  # of 82 // 4
    assert np.std(means) > 2


def test_pieces_are_drawn_for_training_with_other_players_and_as_often_as_their_style_weighs():
    tunes = [encoded((Instrument(40), tune())), encoded((Instrument(73), tune(low=64)))]
    streams = WindowStreams(SCORE, [DRUMMER, *tunes], 1, 16, ["drums", "air", "air"])
    how = Augmentation(style_weights={"drums": 0.0}, instruments=InstrumentChanges(programs=1.0))
    drawn = list(islice(streams.drawn(np.random.default_rng(0), how), 40))
    assert {style for _, style in drawn} == {"air"}
    assert len(set().union(*(players(steps) for steps, _ in drawn))) > 8

"""The last chord of a piece in free time is one chord, at the place where the piece was asked to end."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.engine import Engine, Request
from model.network import NetworkConfig, NoteNetwork
from model.representation import representation_of
from model.sampling.closing import CHORD_S, CLOSE_S, Closing

FREE = representation_of("performance")
CHORD, CLOSE = (round(seconds * FREE.units_per_second) for seconds in (CHORD_S, CLOSE_S))


def put_off(closing: Closing, wait: int, left: int) -> int:
    return int(closing.put_off(np.array([wait], np.int32), np.array([left], np.int32))[0])


@given(left=st.integers(0, 5000), share=st.floats(0, 1))
def test_an_onset_comes_where_it_was_drawn_or_where_the_last_chord_begins(left: int, share: float):
    wait = int(share * left)
    after = left - put_off(Closing(FREE), wait, left)
    assert after == (CHORD if CHORD < left - wait <= CLOSE else left - wait)


def test_where_nobody_said_how_long_and_where_time_is_counted_in_beats_nothing_is_put_off():
    assert [put_off(Closing(FREE), wait, -1) for wait in (0, 3, 40)] == [0, 3, 40]
    beats = Closing(representation_of("score"))
    assert [put_off(beats, wait, 20) for wait in range(21)] == list(range(21))


@pytest.mark.parametrize("left", [CHORD, CLOSE, 400, 1500])
def test_pieces_end_with_one_chord(left: int):
    # Given a network that strikes notes quickly and never rests
    keras.utils.set_random_seed(1)
    network = NoteNetwork(NetworkConfig(layers=1, units=16, embedding=8, head_units=8))
    engine = Engine(network, slots=8)
    tickets = [
        engine.submit(Request(engine.primer.start(left=left), np.random.default_rng(seed), most_steps=4000))
        for seed in range(8)
    ]
    drawings = [ticket.result() for ticket in tickets]
    engine.close()
    # When they have come to their end
    for drawing in drawings:
        assert drawing.ended
        before_end = left - np.cumsum(drawing.steps[:, 0])
        # Then the last onset is where it was asked for, and nothing falls into the time before the last chord
        assert before_end[-1] == 0
        assert not ((before_end > CHORD) & (before_end <= CLOSE)).any()

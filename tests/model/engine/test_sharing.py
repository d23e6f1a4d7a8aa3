"""A piece that is alone gets help from other threads: the same notes, whoever helps; none where it does not pay."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import keras
import numpy as np
import pytest

from model.engine import Drawing, Engine, Request
from model.engine.engine import CHUNK_ALONE
from model.engine.layout import new_joint
from model.engine.processor import Processor
from model.engine.sharing import OVER, TRIED_ANEW, Worth, assist, new_board
from model.network import NetworkConfig, NoteNetwork

STEPS = 160
STACKS = {
    "lstm": {"stack": "lstm", "layers": 3},
    "lstm of an odd width": {"stack": "lstm", "units": 72},
    "gru": {"stack": "gru", "layers": 2},
    "lstm that looks back": {"stack": "lstm", "layers": 2, "memory": 24},
}


@pytest.fixture(params=STACKS.values(), ids=STACKS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with random weights."""
    keras.utils.set_random_seed(5)
    sizes = {"representation": "performance", "embedding": 24, "head_units": 16, "units": 64, **request.param}
    engine = Engine(NoteNetwork(NetworkConfig(**sizes)), slots=4)
    yield engine
    engine.close()


class Settled(Worth):
    """Always helped or never."""

    def __init__(self, is_helped: bool) -> None:
        super().__init__()
        self.is_helped = is_helped
        self.times: list[bool] = []

    def is_help_wanted(self) -> bool:
        return self.is_helped

    def took(self, is_helped: bool, seconds: float) -> None:
        assert seconds > 0
        self.times.append(is_helped)


def drawn(engine: Engine, seed: int, worth: Worth, helpers: int = 1) -> Drawing:
    """One piece of an engine that is busy with nothing else."""
    processor = engine._slots
    assert isinstance(processor, Processor)
    processor._worth, processor._helpers = worth, helpers
    request = Request(engine.primer.start(left=1_000_000), np.random.default_rng(seed), most_steps=STEPS)
    return engine.submit(request).result()


@pytest.mark.parametrize("helpers", [1, 3])
def test_a_piece_is_the_same_with_help_and_without(engine: Engine, helpers: int):
    helped = Settled(is_helped=True)
    for seed in range(6):
        alone = drawn(engine, seed, Settled(is_helped=False))
        np.testing.assert_array_equal(drawn(engine, seed, helped, helpers).steps, alone.steps)
    assert helped.times == [True] * len(helped.times)
    assert len(helped.times) == 6 * STEPS // CHUNK_ALONE


def test_help_that_is_kept_from_working_delays_nothing_for_good(engine: Engine):
    # Given a thread that takes the processor again and again, so that helpers sleep with panels in their hands
    expected, over = drawn(engine, 1, Settled(is_helped=False)), threading.Event()

    def busy() -> None:
        while not over.is_set():
            sum(range(20_000))

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        np.testing.assert_array_equal(drawn(engine, 1, Settled(is_helped=True), 3).steps, expected.steps)
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_helper_that_comes_too_late_touches_nothing_and_goes():
    joint = new_joint(None)._replace(board=new_board(is_helped=True))
    joint.board[OVER] = 1
    before = [part.copy() for part in joint]
    assist(joint, np.zeros(64, dtype=np.uint8))
    for part, other in zip(joint, before, strict=True):
        np.testing.assert_array_equal(part, other)


def test_whether_help_pays_is_known_from_trying_both():
    worth = Worth()
    asked = []
    for _ in range(4 * TRIED_ANEW):
        asked.append(worth.is_help_wanted())
        worth.took(asked[-1], 1.0 if asked[-1] else 2.0)
    assert asked[:2] == [False, True]
    assert asked.count(False) == 1 + 4  # the first time, and now and then anew


def test_help_that_stops_paying_is_no_longer_wanted_and_comes_back_when_it_does():
    worth = Worth()

    def share_helped(chunks: int, seconds_helped: float) -> float:
        count = 0
        for _ in range(chunks):
            is_helped = worth.is_help_wanted()
            worth.took(is_helped, seconds_helped if is_helped else 2.0)
            count += is_helped
        return count / chunks

    assert share_helped(100, 1.0) > 0.9
    assert share_helped(200, 9.0) < 0.1
    assert share_helped(10 * TRIED_ANEW, 1.0) > 0.5

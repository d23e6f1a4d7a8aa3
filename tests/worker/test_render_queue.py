"""The line for render processes: whose piece is next."""

from __future__ import annotations

import threading
import time

import pytest

from worker.render.pool import FairQueue


def wanted() -> bool:
    return True


class Crowd:
    """Threads that wait in a line of one thing; `served` tells in which order they got it."""

    def __init__(self) -> None:
        self.line = FairQueue(["thing"])
        self.served: list[str] = []
        self._threads: list[threading.Thread] = []
        self._came = 0

    def wait(self, name: str, cost: float) -> None:
        """Lets `name` join the line and returns once they stand in it."""

        def is_wanted() -> bool:
            standing.set()
            return True

        def stand() -> None:
            thing = self.line.take(name[0], cost, None, is_wanted)
            self.served.append(name)
            self.line.put(thing)

        standing = threading.Event()
        self._threads.append(threading.Thread(target=stand, daemon=True))
        self._threads[-1].start()
        assert standing.wait(10)

    def order(self, first: str) -> list[str]:
        self.line.put(first)
        for thread in self._threads:
            thread.join(10)
        return self.served


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


def test_a_short_piece_goes_before_long_ones_that_came_first(crowd):
    held = crowd.line.take("z", 1, None, wanted)
    for name in ("a1", "a2", "a3"):
        crowd.wait(name, 100)
    crowd.wait("b1", 5)
    assert crowd.order(held) == ["b1", "a1", "a2", "a3"]


def test_members_share_however_many_pieces_one_has(crowd):
    held = crowd.line.take("z", 1, None, wanted)
    for name in ("a1", "a2", "a3", "b1", "b2"):
        crowd.wait(name, 10)
    assert crowd.order(held) == ["a1", "b1", "a2", "b2", "a3"]


def test_a_long_piece_is_not_put_off_for_ever(crowd):
    held = crowd.line.take("z", 1, None, wanted)
    crowd.wait("a1", 30)
    for n in range(1, 8):
        crowd.wait(f"b{n}", 10)
    assert crowd.order(held).index("a1") == 2


def test_who_waits_too_long_or_is_no_longer_wanted_leaves_the_line():
    line = FairQueue(["thing"])
    held = line.take("a", 1, None, wanted)
    with pytest.raises(TimeoutError):
        line.take("b", 1, time.monotonic() + 0.01, wanted)
    with pytest.raises(TimeoutError):
        line.take("c", 1, None, lambda: False)
    line.put(held)
    assert line.take("d", 1, None, wanted) == held

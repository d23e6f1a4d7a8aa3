"""The order in which pieces get a render process: short ones before long ones, with a fair share for each member."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK_S = 0.05  # how often one who waits looks whether it is still to wait


class FairLine(Generic[T]):
    """Lends things in the order of virtual finish times (self-clocked fair queueing).

    Each request has a cost. Its virtual finish time is its cost after the finish time of its owner's request before, or
    after the start time of the request served last, whichever is later. So cheap requests go before expensive ones, an
    owner's requests wait for each other first, and no request waits for ever.
    """

    def __init__(self, things: Iterable[T]) -> None:
        self._free = list(things)
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._numbers = count()
        self._clock = 0.0  # virtual start time of what was lent last
        self._finish: dict[str, float] = {}  # owner -> virtual finish time of their latest request

    def take(self, owner: str, cost: float, deadline: float | None, is_wanted: Callable[[], bool]) -> T:
        """Wait for a thing.

        Args:
            owner: whose request it is.
            cost: approximate amount of work, in any unit that is the same for all requests.
            deadline: `time.monotonic` seconds; None for no end.
            is_wanted: polled while it waits.

        Raises:
            TimeoutError: the deadline has come, or it is no longer wanted.
        """
        with self._changed:
            start = max(self._clock, self._finish.get(owner, 0.0))
            ticket = (start + cost, next(self._numbers))
            self._finish[owner] = start + cost
            heapq.heappush(self._waiting, ticket)
            try:
                while not self._free or self._waiting[0] != ticket:
                    if (deadline is not None and time.monotonic() >= deadline) or not is_wanted():
                        raise TimeoutError
                    self._changed.wait(_LOOK_S)
                self._clock = max(self._clock, start)
                return self._free.pop()  # the one used last: it is the warmest
            finally:
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
                self._finish = {name: tag for name, tag in self._finish.items() if tag > self._clock}
                self._changed.notify_all()

    def put(self, thing: T) -> None:
        """Give a thing back, or another in its place."""
        with self._changed:
            self._free.append(thing)
            self._changed.notify_all()

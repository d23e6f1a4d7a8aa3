"""`RenderPool`: the worker's access to audio and pictures. A fair queue decides which piece gets the next free process.

Errors never leave the pool: a file that could not be made is missing, and a sentence for the member says why.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextvars import copy_context
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, TypeVar

from jobs.logs import current_job
from worker.render.process import Child, ChildLostError
from worker.render.renderer import RENDERERS, RenderSettings

log = logging.getLogger(__name__)
_LOOK_S = 0.05  # how often it is asked whether to stop
STOPPED = "you pressed Stop before it was ready"
_TRIES = 2  # a process that was killed from outside costs a second try; one that dies of the piece dies again


@dataclass(frozen=True)
class RenderedFile:
    """A file that a renderer made."""

    data: bytes
    content_type: str
    suffix: str


@dataclass(frozen=True)
class Rendering:
    """The result of rendering a piece: `files` by the renderer's name, sentences for the member, seconds of each part.

    A remark says why a file is missing.
    """

    files: dict[str, RenderedFile] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Outcome:
    """The answer of a render process, or the reason why there is none."""

    head: dict[str, Any]
    body: bytes = b""


class RenderPool:
    """Warm render processes, shared by any number of threads.

    The renderers of one piece run at the same time where processes are free, and fail apart from each other. Where none
    is free, pieces wait in a queue. The time limit of a piece starts when a process takes it.
    """

    def __init__(self, settings: RenderSettings | None = None) -> None:
        """Start the processes; they warm up by themselves."""
        self._settings = settings or RenderSettings()
        self._closed = threading.Event()
        self._children = [Child(self._settings) for _ in range(self._settings.render_processes)]
        self._guard = threading.Lock()  # over _children, so that close() knows every process there is
        self._free = FairQueue(self._children)

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the processes."""
        with self._guard:
            return tuple(child.pid for child in self._children)

    def render(
        self,
        midi_bytes: bytes,
        seed_s: float = 0.0,
        title: str = "",
        timeout_s: float | None = None,
        owner: str = "",
        should_stop: Callable[[], bool] = lambda: False,
        wanted: Collection[str] | None = None,
    ) -> Rendering:
        """Make every file of a MIDI file whose first `seed_s` seconds are the seed. Safe from any thread.

        A process that takes longer than `render_timeout_s` for a file is killed. Returns within `timeout_s` seconds
        (None: no limit), waiting for a free process included. A file that is not ready then, or when `should_stop`
        returns True, is missing, and a remark says so. Short pieces go before long ones, and each `owner` has a fair
        share. `wanted`: names of renderers, None for all.
        """
        started = time.monotonic()
        deadline = None if timeout_s is None else started + timeout_s
        outcomes: dict[str, _Outcome] = {}
        is_over = threading.Event()
        names = [name for name in RENDERERS if wanted is None or name in wanted]

        def run(name: str) -> None:
            head = {"renderer": name, "seed_s": float(seed_s), "title": title, "job_id": current_job()}
            try:
                outcomes[name] = self._outcome(head, midi_bytes, deadline, owner, is_over)
            except Exception:  # the outermost boundary of this thread: the piece goes out without the file
                log.exception("the %s could not be made", name)
                outcomes[name] = _Outcome({"reason": "something unexpected went wrong"})

        # Daemons: a worker that is told to end does not wait for a picture.
        threads = [
            threading.Thread(target=copy_context().run, args=(run, name), name=f"render-{name}", daemon=True)
            for name in names
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) and not should_stop():
            threads[-1 if threads[-1].is_alive() else 0].join(_LOOK_S)
        is_over.set()
        made = {name: outcomes.get(name, _Outcome({"reason": STOPPED})) for name in names}
        return _rendering(made, time.monotonic() - started)

    def close(self) -> None:
        """End the processes; a rendering under way ends with remarks. Calling it again is harmless."""
        self._closed.set()
        with self._guard:
            for child in self._children:
                child.kill()

    def _outcome(
        self, head: dict[str, Any], body: bytes, deadline: float | None, owner: str, is_over: threading.Event
    ) -> _Outcome:
        """The answer of one renderer; a second process tries again if the first one dies."""
        for _ in range(_TRIES):
            try:
                child = self._free.take(owner, len(body), deadline, lambda: not is_over.is_set())
            except TimeoutError:
                return _Outcome({"reason": STOPPED if is_over.is_set() else "too many pieces were waiting"})
            limit = time.monotonic() + self._settings.render_timeout_s
            try:
                child = self._living(child)
                return _Outcome(*child.ask(head, body, limit if deadline is None else min(limit, deadline)))
            except ChildLostError as error:
                log.warning("a render process %s while it made the %s", error, head["renderer"])
                if error.timed_out:
                    return _Outcome({"reason": "it took too long"})
            finally:
                self._put_back(child)
        return _Outcome({"reason": "its process ended unexpectedly"})

    def _living(self, child: Child) -> Child:
        """`child`, or a new process in its place if it has ended."""
        if child.is_alive:
            return child
        with self._guard:
            if self._closed.is_set():
                raise ChildLostError(timed_out=False)
            child.kill()  # it is dead already; its pipes are closed
            try:
                fresh = Child(self._settings)
            except OSError as error:  # no memory or too many processes; the next piece tries again
                log.exception("a render process could not be started")
                raise ChildLostError(timed_out=False) from error
            self._children[self._children.index(child)] = fresh
        return fresh

    def _put_back(self, child: Child) -> None:
        """Free `child`. A dead one is replaced at once, so that the next piece gets a warm process."""
        try:
            child = self._living(child)
        except ChildLostError:
            log.debug("no process in its place: the pool is closed, or none could be started")
        self._free.put(child)


def _rendering(outcomes: dict[str, _Outcome], seconds: float) -> Rendering:
    files, remarks, timings = {}, [], {"render": seconds}
    for name, outcome in outcomes.items():
        head, body = outcome.head, outcome.body
        if "reason" in head:
            remarks.append(f"The {name} could not be made: {head['reason']}.")
            continue
        files[name] = RenderedFile(body, head["content_type"], head["suffix"])
        remarks += head["remarks"]
        timings[name] = head["seconds"]
    return Rendering(files, tuple(remarks), timings)


T = TypeVar("T")


class FairQueue(Generic[T]):
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

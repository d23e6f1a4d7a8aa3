"""`RenderPool`: the worker's way to audio and picture. Whatever breaks becomes a sentence, never an exception."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from jobs.logs import current_job
from worker.render.child import Child, ChildLostError
from worker.render.line import FairLine
from worker.render.renderer import RENDERERS
from worker.render.settings import RenderSettings

log = logging.getLogger(__name__)
_LOOK_S = 0.05  # how often it is asked whether to stop
STOPPED = "you pressed Stop before it was ready"
_TRIES = 2  # a process that was killed from outside costs a second try; one that dies of the piece dies again


@dataclass(frozen=True)
class RenderedFile:
    """One file that a renderer made."""

    data: bytes
    content_type: str
    suffix: str


@dataclass(frozen=True)
class Rendering:
    """What came of a piece: `files` by the renderer's name, sentences for the member, seconds each part took.

    Where a file is missing a remark says why.
    """

    files: dict[str, RenderedFile] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Outcome:
    """What one renderer did: an answer of the process, or only the reason why there is none."""

    head: dict[str, Any]
    body: bytes = b""


class RenderPool:
    """Warm render processes, shared by any number of threads.

    The renderers of one piece run at the same time where processes are free, and fail apart from each other. Where none
    is free pieces wait in line; a piece's own time begins when a process takes it up, so that a crowd costs it none.
    """

    def __init__(self, settings: RenderSettings | None = None) -> None:
        """Start the processes; they warm up by themselves."""
        self._settings = settings or RenderSettings()
        self._closed = threading.Event()
        self._children = [Child(self._settings) for _ in range(self._settings.render_processes)]
        self._guard = threading.Lock()  # over _children, so that close() knows every process there is
        self._free = FairLine(self._children)

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
        """Everything that can be made of a MIDI file whose first `seed_s` seconds are the seed.

        A process that takes longer than `render_timeout_s` over one file is given up. All files are there within
        `timeout_s` seconds (None: however long the line is), waiting for a free process included; what is not ready
        then, or once `should_stop` says so, is missing, and a remark says so. In the line short pieces go before long
        ones, and each `owner` has a fair share. `wanted`: names of renderers, None for all. Safe from any thread.
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
        """One renderer's answer, in a second process if the first one dies."""
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
        """`child`, or a new one in its place where it has ended."""
        if child.is_alive:
            return child
        with self._guard:
            if self._closed.is_set():
                raise ChildLostError(timed_out=False)
            child.kill()  # it is dead already; its pipes are closed
            try:
                fresh = Child(self._settings)
            except OSError as error:  # no memory or no process to be had now; tried again with the next piece
                log.exception("a render process could not be started")
                raise ChildLostError(timed_out=False) from error
            self._children[self._children.index(child)] = fresh
        return fresh

    def _put_back(self, child: Child) -> None:
        """Lend `child` to the next; a dead one is replaced at once, so that the next piece finds a warm one."""
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

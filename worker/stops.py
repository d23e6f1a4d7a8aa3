"""Which job is to stop, and why: written by RQ's command thread, the pulse and signals, polled while composing.

Keyed by job, so that a stop that comes late never hits the next job.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupted(BaseException):
    """Raised in a running job when its process must end; the job goes back to the queue and loses no retry.

    Not an Exception, so that no handler on the way takes it for a fault of the piece.
    """


class Stops:
    """The stop requests of one process; safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, threading.Event] = {}
        self._leaving = threading.Event()
        self._running: str | None = None
        self._is_interruptible = False

    def begin(self, job_id: str) -> None:
        """Note that `job_id` runs from now on."""
        with self._lock:
            self._events.setdefault(job_id, threading.Event())
            self._running = job_id

    def end(self, job_id: str) -> None:
        """Note that `job_id` runs no more, and forget its stop request."""
        with self._lock:
            self._events.pop(job_id, None)
            self._running = None

    @property
    def running(self) -> str | None:
        """The job that runs now."""
        return self._running

    def request(self, job_id: str) -> None:
        """Ask `job_id` to stop with the piece so far; one that does not run (any more) is left alone."""
        with self._lock:
            event = self._events.get(job_id)
        if event is not None:
            event.set()

    def is_requested(self, job_id: str) -> bool:
        """Whether the member wants `job_id` to stop."""
        with self._lock:
            event = self._events.get(job_id)
        return event is not None and event.is_set()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The part of a job that may be interrupted: not RQ's bookkeeping around it."""
        self._is_interruptible = True
        try:
            yield
        finally:
            self._is_interruptible = False

    @property
    def is_interruptible(self) -> bool:
        """Whether Interrupted may be raised in the main thread now."""
        return self._is_interruptible

    def leave(self) -> None:
        """Ask whatever runs to make room: the process ends."""
        self._leaving.set()

    @property
    def is_leaving(self) -> bool:
        """Whether the process is to end."""
        return self._leaving.is_set()

    def should_stop(self, job_id: str) -> bool:
        """Whether `job_id` should stop composing, for whatever reason."""
        return self._leaving.is_set() or self.is_requested(job_id)

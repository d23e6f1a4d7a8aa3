"""The running jobs of this process, and which of them is to stop and why.

Written by the slots, RQ's command threads, the heartbeat thread and signals; polled by each job. A stop request names
one job, so that a late one never stops the next.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from jobs.contract import Kind


class Interrupted(BaseException):
    """Raised in a running job when its process must end; the job is requeued and loses no attempt.

    Not an Exception, so that no handler on the way takes it for a fault of the job.
    """


class DeadlineExceeded(Exception):  # noqa: N818 - it says what is the case
    """Raised in a running job that has run as long as a job may."""


@dataclass(eq=False)
class JobRun:
    """One attempt at a job. `limit_s`: seconds it may take."""

    job_id: str
    limit_s: float
    kind: Kind = "compose"
    started: float = field(default_factory=time.monotonic)
    stop: threading.Event = field(default_factory=threading.Event)
    _claim: threading.Lock = field(default_factory=threading.Lock)
    _claimed_by: int | None = None

    @property
    def left_s(self) -> float:
        """Seconds until its time is over; negative afterwards."""
        return self.started + self.limit_s - time.monotonic()

    def claim(self) -> bool:
        """Whether the calling thread is the one that tells RQ what became of the job: the first that asks."""
        caller = threading.get_ident()
        with self._claim:
            if self._claimed_by is None:
                self._claimed_by = caller
            return self._claimed_by == caller


class Cancellations:
    """The runs of one process and their stop requests; safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: list[JobRun] = []
        self._shutting_down = threading.Event()

    def begin(self, job_id: str, limit_s: float, kind: Kind = "compose") -> JobRun:
        """Record that `job_id` runs from now on, for at most `limit_s` seconds."""
        run = JobRun(job_id, limit_s, kind)
        with self._lock:
            self._runs.append(run)
        return run

    def end(self, run: JobRun) -> None:
        """Record that `run` is over; its stop request is gone with it."""
        with self._lock:
            self._runs.remove(run)

    @property
    def running(self) -> tuple[JobRun, ...]:
        """The current runs, the longest first."""
        with self._lock:
            return tuple(self._runs)

    def request(self, job_id: str) -> None:
        """Ask `job_id` to stop with what it has so far; does nothing when it is not running."""
        for run in self._runs_of(job_id):
            run.stop.set()

    def is_requested(self, job_id: str) -> bool:
        """Whether the member wants `job_id` to stop."""
        return any(run.stop.is_set() for run in self._runs_of(job_id))

    def left_s(self, job_id: str) -> float:
        """Seconds that `job_id` may still take; negative when its time is over."""
        return min((run.left_s for run in self._runs_of(job_id)), default=float("inf"))

    def shut_down(self) -> None:
        """Ask all jobs to end: the process ends."""
        self._shutting_down.set()

    @property
    def is_shutting_down(self) -> bool:
        """Whether the process ends."""
        return self._shutting_down.is_set()

    def is_ending(self, job_id: str) -> bool:
        """Whether the member or the end of the process wants `job_id` to end."""
        return self.is_shutting_down or self.is_requested(job_id)

    def should_stop(self, job_id: str) -> bool:
        """Whether `job_id` should stop, for whatever reason: its member, its process or its deadline."""
        return self.is_ending(job_id) or self.left_s(job_id) < 0

    def _runs_of(self, job_id: str) -> list[JobRun]:
        """Usually one; two only when this process was taken for dead in between."""
        with self._lock:
            return [run for run in self._runs if run.job_id == job_id]

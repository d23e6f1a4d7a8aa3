"""How long jobs take and how long one that waits has to: for `/queue`.

Jobs that run side by side share a machine, so one takes longer the more of them run. Workers note for each finished job
how long it ran and beside how many others; a line is fitted to that, and a job's wait follows from its place in the
order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import redis

from jobs import keys
from jobs.contract import JobId, Kind
from jobs.queues import JobQueue, queue_config
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

KEPT_SHARE = 0.9  # of the weight of all earlier jobs, with each new one
HALF_DONE = 0.5  # a job that runs is half done, on average
PRIOR_SHARE = 0.5  # of the duration: what grows with the number of jobs, until durations tell more
PRIOR_WEIGHT = 1.0  # as much as one job whose number differs by one from the mean

# KEYS sums; ARGV kind, share kept, then the terms of a job: 1, n, s, n*n, n*s
_NOTE = """
local names = {'jobs', 'n', 's', 'nn', 'ns'}
for index, name in ipairs(names) do
  local field = ARGV[1] .. ':' .. name
  local before = tonumber(redis.call('HGET', KEYS[1], field) or '0')
  redis.call('HSET', KEYS[1], field, tostring(before * tonumber(ARGV[2]) + tonumber(ARGV[2 + index])))
end
"""


@dataclass(frozen=True)
class Pace:
    """How long a job takes where `n` run at the same time: `base_s + each_s * n` seconds."""

    base_s: float
    each_s: float

    def duration_s(self, running: int) -> float:
        """Seconds that a job takes where `running` run, itself included."""
        return self.base_s + self.each_s * max(1, running)


@dataclass(frozen=True)
class QueueState:
    """One queue at a moment.

    Attributes:
        order: the waiting jobs as they will be taken.
        running: how many jobs run.
        slots: how many can run at a time; 0 where no worker is alive.
        pace: how long jobs take; None: not known yet.
    """

    order: tuple[JobId, ...]
    running: int
    slots: int
    pace: Pace | None

    def wait_s(self, position: int) -> float | None:
        """Seconds until the job at `position` (1 = next) starts; None where that is not known."""
        if self.pace is None or not self.slots:
            return None
        free = max(0, self.slots - self.running)
        return self.pace.duration_s(self.slots) * max(0.0, position - free - HALF_DONE) / self.slots

    def ready_s(self, position: int) -> float | None:
        """Seconds until the job at `position` is finished; None where that is not known."""
        wait_s = self.wait_s(position)
        if wait_s is None or self.pace is None:
            return None
        return wait_s + self.pace.duration_s(min(self.slots, self.running + max(position, len(self.order))))


class WaitEstimator:
    """Notes durations, and says how a queue stands."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings

    def note(self, kind: Kind, seconds: float) -> None:
        """Record that a job of `kind` ran for `seconds`, beside those that run now."""
        running = max(1, self._running(kind))
        terms = (1, running, seconds, running * running, running * seconds)
        self._connection.eval(_NOTE, 1, keys.DURATIONS, kind, KEPT_SHARE, *terms)

    def state(self, kind: Kind) -> QueueState:
        """How the queue of `kind` stands now."""
        workers = [one for one in WorkerRegistry(self._connection, self._settings).workers() if kind in one.does]
        slots = sum(one.slots if kind == "compose" else 1 for one in workers)
        return QueueState(tuple(self._queue(kind).order()), self._running(kind), slots, self._pace(kind))

    def _queue(self, kind: Kind) -> JobQueue:
        return JobQueue(self._connection, self._settings, queue_config(kind, self._settings))

    def _running(self, kind: Kind) -> int:
        return int(self._queue(kind).rq.started_job_registry.get_job_count(cleanup=False))

    def _pace(self, kind: Kind) -> Pace | None:
        """The line through the noted durations, drawn to a prior slope where they tell little; None without any."""
        names = [f"{kind}:{name}" for name in ("jobs", "n", "s", "nn", "ns")]
        found = cast("list[bytes | None]", self._connection.hmget(keys.DURATIONS, names))
        jobs, n, s, nn, ns = (float(one or 0) for one in found)
        if not jobs:
            return None
        mean_n, mean_s = n / jobs, s / jobs
        spread, shared = max(0.0, nn - n * mean_n), ns - n * mean_s
        prior = PRIOR_SHARE * mean_s / mean_n
        each_s = (shared + PRIOR_WEIGHT * prior) / (spread + PRIOR_WEIGHT)
        each_s = min(max(0.0, each_s), mean_s / mean_n)
        return Pace(mean_s - each_s * mean_n, each_s)

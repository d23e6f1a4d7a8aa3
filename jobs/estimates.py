"""How long jobs take and how long one that waits has to: for `/queue`.

Workers note how long each finished job ran; of these a moving average is kept for each kind. Where all slots are busy,
one is free every mean duration divided by the number of slots, so a job's wait follows from its place in the order.
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

HALF_DONE = 0.5  # a job that runs is half done, on average
NEWEST_SHARE = 0.2  # of the latest duration in the average

# KEYS means; ARGV kind, seconds, share
_NOTE = """
local before = redis.call('HGET', KEYS[1], ARGV[1])
local mean = tonumber(ARGV[2])
if before then mean = tonumber(before) + tonumber(ARGV[3]) * (mean - tonumber(before)) end
redis.call('HSET', KEYS[1], ARGV[1], tostring(mean))
"""


@dataclass(frozen=True)
class QueueState:
    """One queue at a moment.

    Attributes:
        order: the waiting jobs as they will be taken.
        running: how many jobs run.
        slots: how many can run at a time; 0 where no worker is alive.
        mean_s: seconds that a job runs on average; None: not known yet.
    """

    order: tuple[JobId, ...]
    running: int
    slots: int
    mean_s: float | None

    def wait_s(self, position: int) -> float | None:
        """Seconds until the job at `position` (1 = next) starts; None where that is not known."""
        if self.mean_s is None or not self.slots:
            return None
        free = max(0, self.slots - self.running)
        return self.mean_s * max(0.0, position - free - HALF_DONE) / self.slots

    def ready_s(self, position: int) -> float | None:
        """Seconds until the job at `position` is finished; None where that is not known."""
        wait_s = self.wait_s(position)
        return None if wait_s is None or self.mean_s is None else wait_s + self.mean_s


class WaitEstimator:
    """Notes durations, and says how a queue stands."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings

    def note(self, kind: Kind, seconds: float) -> None:
        """Record that a job of `kind` ran for `seconds`."""
        self._connection.eval(_NOTE, 1, keys.MEAN_DURATIONS, kind, seconds, NEWEST_SHARE)

    def state(self, kind: Kind) -> QueueState:
        """How the queue of `kind` stands now."""
        queue = JobQueue(self._connection, self._settings, queue_config(kind, self._settings))
        workers = [one for one in WorkerRegistry(self._connection, self._settings).workers() if kind in one.does]
        slots = sum(one.slots if kind == "compose" else 1 for one in workers)
        mean = cast("bytes | None", self._connection.hget(keys.MEAN_DURATIONS, kind))
        running = queue.rq.started_job_registry.get_job_count(cleanup=False)
        return QueueState(tuple(queue.order()), running, slots, None if mean is None else float(mean))

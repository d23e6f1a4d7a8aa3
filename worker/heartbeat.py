"""Heartbeat thread. Also applies missed cancellations and fails jobs that ignore their deadline."""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis

from jobs.contract import WorkerInfo
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings
from worker.background import PeriodicThread
from worker.cancellation import Cancellations
from worker.mapping import timed_out
from worker.metrics import CountingReporter
from worker.worker_pool import WorkerPool

log = logging.getLogger(__name__)

TICK_S = 0.5
BEATS_PER_LIVENESS = 5  # so that a few lost heartbeats do no harm
UNRESPONSIVE_S = 1.0  # after its deadline; a responsive job has ended itself by then, another is failed
HUNG_S = 30.0  # after its deadline; such a job hangs for good and blocks a slot, so the process ends


class Heartbeat(PeriodicThread):
    """Sends heartbeats until it is ended.

    `describe` gives the worker's current description; `on_hung` is called once when a job hangs.
    """

    def __init__(
        self,
        pool: WorkerPool,
        cancellations: Cancellations,
        describe: Callable[[], WorkerInfo],
        connection: redis.Redis,
        settings: JobSettings,
        on_hung: Callable[[], None],
    ) -> None:
        super().__init__("heartbeat", TICK_S, self._tick_once)
        self._pool = pool
        self._cancellations = cancellations
        self._describe = describe
        self._connection = connection
        self._settings = settings
        self._on_hung = on_hung
        self._is_hung = False
        self._records = RecordStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)
        self._ticks = 0
        self._ticks_per_beat = max(1, int(settings.liveness_s / BEATS_PER_LIVENESS / TICK_S))

    @property
    def is_well(self) -> bool:
        """Whether the thread runs and no job hangs."""
        return self.is_alive() and not self._is_hung

    def announce(self) -> None:
        """Publish the worker's description once."""
        self._registry.publish(self._describe())

    def _tick_once(self) -> None:
        """Check the running jobs; send heartbeats every few ticks."""
        self._ticks += 1
        self._check_hung()
        try:
            if self._ticks % self._ticks_per_beat == 0:
                self._pool.send_heartbeats()
                self.announce()
            self._apply_missed_cancellations()
            self._fail_unresponsive()
        except redis.RedisError as error:
            log.warning("heartbeats could not be sent: %s", error)

    def end(self) -> None:
        """Stop, and withdraw the worker from the registry."""
        super().end()
        self.join(timeout=2)
        try:
            self._registry.withdraw(self._describe().name)
        except redis.RedisError as error:
            log.warning("the worker could not be withdrawn from the registry: %s", error)

    def _apply_missed_cancellations(self) -> None:
        for run in self._cancellations.running:
            if not run.stop.is_set() and self._records.is_cancel_asked(run.job_id):
                self._cancellations.request(run.job_id)

    def _fail_unresponsive(self) -> None:
        """Fail the jobs that ran past their deadline; a result that comes later is ignored."""
        for run in self._cancellations.running:
            if run.left_s < -UNRESPONSIVE_S:
                CountingReporter(run.job_id, self._connection, self._settings).failed(
                    timed_out(round(run.limit_s), run.kind)
                )

    def _check_hung(self) -> None:
        hung = [run.job_id for run in self._cancellations.running if run.left_s < -HUNG_S]
        if hung and not self._is_hung:
            self._is_hung = True
            log.critical("job %s hangs and cannot be interrupted; this worker ends", ", ".join(hung))
            self._on_hung()

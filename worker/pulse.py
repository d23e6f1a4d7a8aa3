"""The thread that says that the worker lives, sees a cancel whose message was lost, and ends a worker that hangs."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

import redis

from jobs.contract import WorkerInfo
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings
from worker.stops import Stops
from worker.warm_worker import WarmWorker

log = logging.getLogger(__name__)

TICK_S = 0.5
BEATS_PER_LIFE = 5  # so that a few lost beats do no harm
OVERDUE_S = 30.0  # RQ's own alarm does not reach into a compiled call; this much later the process ends itself
EXIT_HUNG = 70


class Pulse(threading.Thread):
    """Beats until it is ended; `say` gives what the worker says of itself."""

    def __init__(
        self,
        worker: WarmWorker,
        stops: Stops,
        say: Callable[[], WorkerInfo],
        connection: redis.Redis,
        settings: JobSettings,
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._worker = worker
        self._stops = stops
        self._say = say
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)
        self._ended = threading.Event()

    def announce(self) -> None:
        """Say once that the worker lives."""
        self._registry.publish(self._say())

    def run(self) -> None:
        """Beat, and look after the running job in between."""
        ticks_per_beat = max(1, int(self._settings.liveness_s / BEATS_PER_LIFE / TICK_S))
        tick = 0
        while not self._ended.wait(TICK_S):
            tick += 1
            self._end_hung()
            try:
                self._see_cancel()
                if tick % ticks_per_beat == 0:
                    self._worker.beat()
                    self.announce()
            except redis.RedisError as error:
                log.warning("no sign of life could be given: %s", error)

    def end(self) -> None:
        """Stop beating and say that the worker is gone."""
        self._ended.set()
        self.join(timeout=2)
        try:
            self._registry.withdraw(self._worker.name)
        except redis.RedisError as error:
            log.warning("nobody could be told that this worker ends: %s", error)

    def _see_cancel(self) -> None:
        job_id = self._stops.running
        if job_id is not None and self._records.is_cancel_asked(job_id):
            self._stops.request(job_id)

    def _end_hung(self) -> None:
        if self._worker.running_for_s() > self._settings.job_timeout_s + OVERDUE_S:
            log.critical("job %s hangs and cannot be interrupted; this worker ends", self._stops.running)
            os._exit(EXIT_HUNG)

"""The slots of one process: RQ workers on threads that share its models, renderer and connection.

The process starts and ends them together. The heartbeat thread sends the heartbeats of all of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count

import redis

from jobs.contract import Kind
from jobs.settings import JobSettings
from worker.cancellation import Cancellations
from worker.rq_worker import SlotCounter, SlotWorker

log = logging.getLogger(__name__)

PAUSE_S = 1.0  # before a broken slot is restarted
UNRESPONSIVE_AFTER_S = 1.0  # after this the job of a slot that has not ended is requeued on its behalf
REQUEUE_LIMIT_S = 1.0  # time for that; a job that is not requeued then counts as lost
_TICK_S = 0.05


class SlotThread(threading.Thread):
    """Runs one RQ worker after another, named `NAME-0`, `NAME-1`, …: the next when one breaks.

    RQ's loop does not survive a Redis outage in the middle of its bookkeeping. Recovery then finds the job as one of a
    lost worker.
    """

    def __init__(
        self,
        name: str,
        connection: redis.Redis,
        settings: JobSettings,
        cancellations: Cancellations,
        slots: SlotCounter,
        kind: Kind,
    ) -> None:
        super().__init__(name=name, daemon=True)  # a job that hangs does not keep the process alive
        self._arguments = connection, settings, cancellations, slots, kind
        self._slots = slots
        self._ending = threading.Event()
        self.worker: SlotWorker | None = None

    def run(self) -> None:
        """Work until `stop_taking_jobs`."""
        for number in count():
            self._work(f"{self.name}-{number}")
            if self._ending.wait(PAUSE_S):
                return
            log.warning("slot %s restarts", self.name)

    def _work(self, name: str) -> None:
        try:
            self.worker = SlotWorker(name, *self._arguments)
            if self._ending.is_set():
                return
            self.worker.work(logging_level="WARNING")
        except redis.RedisError as error:
            log.warning("slot %s lost Redis: %s", self.name, error)
        except Exception:  # the outermost boundary of this thread: without it the process would have a slot less
            log.exception("slot %s broke", self.name)
        finally:
            self._slots.free(name)

    def stop_taking_jobs(self) -> None:
        """End after the running job."""
        self._ending.set()
        if self.worker is not None:
            self.worker.stop_taking_jobs()

    def requeue_running(self) -> None:
        """Requeue the running job on behalf of this thread, or wait while it does so itself."""
        try:
            if self.worker is not None and not self.worker.requeue_running():
                self.join(REQUEUE_LIMIT_S)
        except redis.RedisError as error:
            log.warning("slot %s: its job could not be requeued: %s", self.name, error)


class WorkerPool:
    """All slots of the process `name`; `slots`: how many for each kind of job."""

    def __init__(
        self,
        name: str,
        slots: Mapping[Kind, int],
        connection: redis.Redis,
        settings: JobSettings,
        cancellations: Cancellations,
    ) -> None:
        self._cancellations = cancellations
        self._connection = connection
        self._slots: list[SlotThread] = []
        for kind, number in slots.items():
            shared = SlotCounter(number)
            for _ in range(number):
                slot = SlotThread(f"{name}-{len(self._slots)}", connection, settings, cancellations, shared, kind)
                self._slots.append(slot)

    def start(self) -> None:
        """Let every slot take jobs."""
        for slot in self._slots:
            slot.start()

    def send_heartbeats(self) -> None:
        """Send the heartbeats of all slots and their jobs.

        Raises:
            redis.RedisError: Redis does not answer.
        """
        with self._connection.pipeline() as pipeline:
            for slot in self._slots:
                if slot.worker is not None and slot.is_alive():
                    slot.worker.send_heartbeat(pipeline)
            pipeline.execute()

    def end(self, grace_s: float, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """End every slot. Jobs may finish for `grace_s`; the others are requeued and lose no attempt.

        Args:
            grace_s: seconds.
            is_urgent: polled; True ends the grace period.
        """
        for slot in self._slots:
            slot.stop_taking_jobs()
        self._wait(grace_s, is_urgent)
        self._cancellations.shut_down()  # responsive jobs requeue themselves
        self._wait(UNRESPONSIVE_AFTER_S)
        unresponsive = [
            threading.Thread(target=slot.requeue_running, daemon=True) for slot in self._slots if slot.is_alive()
        ]
        for thread in unresponsive:
            thread.start()
        deadline = time.monotonic() + REQUEUE_LIMIT_S
        for thread in unresponsive:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _wait(self, longest_s: float, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """Wait until all slots have ended, `longest_s` at most."""
        deadline = time.monotonic() + longest_s
        while any(slot.is_alive() for slot in self._slots) and time.monotonic() < deadline and not is_urgent():
            time.sleep(_TICK_S)

"""The RQ worker that keeps its models warm: it runs jobs in its own process, one after another.

What RQ's SimpleWorker lacks is added here: a stop takes effect, a heartbeat is sent during a job (by the pulse), lost
jobs are looked for every few seconds, and a shutdown puts the running job back instead of losing it.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
from types import FrameType
from typing import Any

import redis
from redis.client import Pipeline
from rq import Queue, SimpleWorker, worker_registration
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.utils import now

from jobs.recovery import Recovery
from jobs.reporting import Reporter
from jobs.settings import JobSettings
from worker.failures import internal_failure, timed_out
from worker.stops import Interrupted, Stops

log = logging.getLogger(__name__)

INSIST_AFTER_S = 1.5  # after a polite stop, before a job that does not poll is interrupted


class WarmWorker(SimpleWorker):
    """One slot; `name` must be unique among the workers alive."""

    log_result_lifespan = False

    def __init__(
        self, name: str, connection: redis.Redis, settings: JobSettings, stops: Stops, shutdown_grace_s: float
    ) -> None:
        self._settings = settings
        self._stops = stops
        self._shutdown_grace_s = shutdown_grace_s
        self.was_asked_to_end = False
        self._recovery = Recovery(connection, settings)
        self._started: tuple[Job, float] | None = None
        super().__init__(
            [Queue(settings.queue, connection=connection, serializer=JSONSerializer)],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            default_result_ttl=settings.result_ttl_s,
            maintenance_interval=settings.liveness_s // 3,
            log_job_description=False,
        )

    @property
    def dequeue_timeout(self) -> int:
        """Seconds that an idle worker waits before it gives its next sign of life."""
        return max(1, self._settings.liveness_s // 3)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Give a sign of life that counts for `liveness_s`, whatever RQ would have it count for."""
        super().heartbeat(self._settings.liveness_s, pipeline=pipeline)

    def get_heartbeat_ttl(self, job: Job) -> int:
        """Seconds that a sign of life of a running job counts."""
        return self._settings.liveness_s

    def beat(self) -> None:
        """Give a sign of life for the worker and the job it runs; called by the pulse, from its thread."""
        running, execution = self._started, self.execution
        with self.connection.pipeline() as pipeline:
            self.heartbeat(pipeline=pipeline)
            if running is not None and execution is not None:
                execution.heartbeat(running[0].started_job_registry, self._settings.liveness_s, pipeline=pipeline)
            pipeline.execute()

    def running_for_s(self) -> float:
        """How long the running job has been at it; 0 when none runs."""
        running = self._started
        return 0.0 if running is None else time.monotonic() - running[1]

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run `job` in this process."""
        self._started = (job, time.monotonic())
        self._stops.begin(job.id)
        try:
            super().execute_job(job, queue)
        finally:
            self._stops.end(job.id)
            self._started = None
            self._stopped_job_id = None

    def unsubscribe(self) -> None:
        """Take no more stop requests; RQ says goodbye before it stops its listener, which then often waits a second."""
        if self.pubsub_thread is not None:
            self.pubsub_thread.stop()
        super().unsubscribe()

    def kill_horse(self, sig: signal.Signals = signal.SIGTERM) -> None:
        """Ask the job that RQ wants stopped to stop; there is no horse to kill."""
        if self._stopped_job_id is not None:
            self._stops.request(self._stopped_job_id)

    def clean_registries(self) -> None:
        """Look for jobs that lost their worker; takes the place of RQ's own, which does it every ten minutes."""
        self._recovery.run()
        for queue in self.queues:
            worker_registration.clean_worker_registry(queue)
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares it None and assigns the same

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Decide what an error of a job means for the member; RQ then puts the job back or not."""
        self._stopped_job_id = None  # else RQ would note it as stopped, and it would be put back no more
        error = exc_info[1]
        reporter = Reporter(job.id, self.connection, self._settings)
        if isinstance(error, Interrupted | SystemExit):
            log.info("job %s goes back to the queue: this worker ends", job.id)
            job.retries_left = (job.retries_left or 0) + 1  # the interruption is no fault of the job's
            is_open = reporter.requeued()
        else:
            is_open = self._note_fault(job, error, reporter)
        if not is_open:
            job.retries_left = 0

    def _note_fault(self, job: Job, error: BaseException, reporter: Reporter) -> bool:
        """Whether the job is to have another attempt."""
        incident = secrets.token_hex(4)
        log.error("incident %s: job %s broke", incident, job.id, exc_info=error)
        if isinstance(error, JobTimeoutException):
            reporter.failed(timed_out(self._settings.job_timeout_s))
        elif job.should_retry:
            return reporter.requeued()
        else:
            reporter.failed(internal_failure(incident, self._settings.retries + 1))
        return False

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()
        signal.signal(signal.SIGUSR1, self._interrupt)

    def _interrupt(self, _signum: int, _frame: FrameType | None) -> None:
        if self._stops.is_interruptible:
            raise Interrupted

    def handle_warm_shutdown_request(self) -> None:
        """Let the running job finish for a moment, then ask it to stop, then interrupt it."""
        log.info("worker %s was asked to end", self.name)
        self.was_asked_to_end = True
        threading.Thread(target=self._make_room, name="make-room", daemon=True).start()

    def _make_room(self) -> None:
        time.sleep(self._shutdown_grace_s)
        self._stops.leave()
        time.sleep(INSIST_AFTER_S)
        # a signal, not a flag: it also ends a wait inside a system call
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

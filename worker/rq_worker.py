"""The RQ worker of one slot. It runs jobs one after another on a thread, without forking and without signals.

Unlike RQ's SimpleWorker it takes jobs in a fair order, stops a running job, recovers lost jobs every few seconds, and
requeues its job when the process ends. The heartbeat thread sends its heartbeats.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
from typing import Any

import redis
from redis.client import Pipeline
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import now
from rq.worker import WorkerStatus

from jobs.contract import JobId, Kind
from jobs.logs import about_job
from jobs.progress import ProgressReporter
from jobs.queues import JobQueue, Owner, queue_config
from jobs.recovery import Recovery
from jobs.settings import JobSettings
from worker.cancellation import Cancellations, DeadlineExceeded, Interrupted, JobRun
from worker.mapping import internal_failure, is_no_room, no_room, timed_out
from worker.metrics import JOB_SECONDS, QUEUE_WAIT, CountingReporter

log = logging.getLogger(__name__)

RESERVED_LOOK_S = 0.1  # how often a slot that is kept free looks whether somebody it is kept for has come
OUTAGE_LOOK_S = 1.0  # how often a slot looks whether Redis is back
LOOK_S = 1  # how long an idle slot waits for a job before it checks whether it is to end


class SlotCounter:
    """Counts the busy slots of one process for one kind of jobs, and reserves the last free one.

    An owner that has a job running does not get the last free slot, so that one that has none need not wait.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def take(self, slot: str, queue: JobQueue, reserved_for: Owner) -> JobId | None:
        """Take the next job for the slot of that name; None when none is waiting that it may have."""
        with self._lock:
            is_last = 1 < self._count <= len(self._busy) + 1
            job_id = queue.take(reserved_for if is_last else None)
            if job_id is not None:
                self._busy.add(slot)
        return job_id

    def free(self, slot: str) -> None:
        """Record that the slot of that name has no job; harmless when it had none."""
        with self._lock:
            self._busy.discard(slot)


class NoDeathPenalty(BaseDeathPenalty):
    """Replaces RQ's alarm by nothing: a job asks `Cancellations` whether its time is over.

    A signal reaches the main thread only, and an error raised in another thread may hit it while it holds a lock that
    all slots share.
    """

    def setup_death_penalty(self) -> None:
        """Set nothing."""

    def cancel_death_penalty(self) -> None:
        """Nothing was set."""


class SlotWorker(SimpleWorker):
    """One slot for jobs of one kind; `name` must be unique among the workers alive."""

    log_result_lifespan = False
    death_penalty_class = NoDeathPenalty

    def __init__(
        self,
        name: str,
        connection: redis.Redis,
        settings: JobSettings,
        cancellations: Cancellations,
        counter: SlotCounter | None = None,
        kind: Kind = "compose",
    ) -> None:
        config = queue_config(kind, settings)
        self._settings = settings
        self._config = config
        self._cancellations = cancellations
        self._recovery = Recovery(connection, settings)
        self._job_queue = JobQueue(connection, settings, config)
        self._counter = counter or SlotCounter(1)
        self._current: tuple[Job, JobRun] | None = None
        super().__init__(
            [Queue(config.queue, connection=connection, serializer=JSONSerializer)],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            default_result_ttl=settings.result_ttl_s,
            maintenance_interval=settings.liveness_s // 3,
            log_job_description=False,
        )

    @property
    def dequeue_timeout(self) -> int:
        """Seconds that an idle slot waits before it checks whether it is to end."""
        return LOOK_S

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Whether it is time to recover lost jobs; RQ asks before each wait for a job.

        Raises:
            StopRequested: the slot is to end. RQ itself checks that only after a job.
        """
        if self._stop_requested:
            raise StopRequested
        return bool(super().should_run_maintenance_tasks)

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """The next job in the fair order; waits until there is one.

        Raises:
            StopRequested: the slot is to end.
        """
        is_told = False
        while True:
            try:
                self.set_state(WorkerStatus.IDLE)
                self.heartbeat()
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
                job = self._next_job()
            except redis.RedisError as error:
                if not is_told:
                    log.warning("slot %s waits for Redis: %s", self.name, error)
                is_told = True
                time.sleep(OUTAGE_LOOK_S)
                continue
            if job is not None:
                return job, self.queues[0]

    def _next_job(self) -> Job | None:
        """The next job; None when none came within a second, or none that may have the last free slot."""
        job_id = self._counter.take(self.name, self._job_queue, self._config.reserved_for)
        if job_id is None:
            if self._job_queue.order():  # waiting, but not for this slot
                time.sleep(RESERVED_LOOK_S)
            else:
                self._job_queue.wait(LOOK_S)
            return None
        job = self.queues[0].fetch_job(job_id)
        if job is None:  # RQ knows nothing of it, so it cannot be done
            self._job_queue.forget_taken(job_id)
            self._counter.free(self.name)
        return job

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Send a heartbeat that expires after `liveness_s`, whatever time RQ asks for."""
        super().heartbeat(self._settings.liveness_s, pipeline=pipeline)

    def get_heartbeat_ttl(self, job: Job) -> int:
        """Seconds after which the heartbeat of a running job expires."""
        return self._settings.liveness_s

    def send_heartbeat(self, pipeline: Pipeline) -> None:
        """Send the heartbeats of the slot and of the job it runs; called by the heartbeat thread."""
        current, execution = self._current, self.execution
        self.heartbeat(pipeline=pipeline)
        if current is not None and execution is not None:
            execution.heartbeat(current[0].started_job_registry, self._settings.liveness_s, pipeline=pipeline)

    def stop_taking_jobs(self) -> None:
        """End after the running job."""
        self._stop_requested = True

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run `job` on this thread; a job taken just as the process began to end is requeued untouched."""
        if self._stop_requested:
            self._counter.free(self.name)
            self._job_queue.requeue_taken(job.id)
            return
        run = self._cancellations.begin(job.id, float(job.timeout or self._config.timeout_s), self._config.kind)
        self._current = job, run
        with about_job(job.id):
            self._execute_in_slot(job, queue, run)

    def _execute_in_slot(self, job: Job, queue: Queue, run: JobRun) -> None:
        log.info("job %s begins", job.id)
        if job.enqueued_at is not None:
            QUEUE_WAIT.labels(run.kind).observe(max(0.0, (now() - job.enqueued_at).total_seconds()))
        try:
            super().execute_job(job, queue)
        finally:
            self._current = None
            self._stopped_job_id = None
            self._cancellations.end(run)
            self._counter.free(self.name)
        taken_s = run.limit_s - run.left_s
        JOB_SECONDS.labels(run.kind).observe(taken_s)
        log.info("job %s is over after %.1f s", job.id, taken_s)

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        """Tell RQ what became of the job, unless `requeue_running` did: then wait here for the process to end."""
        if self._current is not None and not self._current[1].claim():
            threading.Event().wait()
        super().handle_execution_ended(job, queue, heartbeat_ttl)

    def requeue_running(self) -> bool:
        """Requeue the running job on behalf of its unresponsive thread.

        Called once, by another thread, when the process ends. False when no job runs or its thread was quicker.
        """
        current = self._current
        if current is None or not current[1].claim():
            return False
        job = current[0]
        self._job_queue.forget_taken(job.id)
        self.handle_exception(job, Interrupted, Interrupted(), None)
        self.handle_job_failure(job, self.queues[0])
        self.register_death()
        return True

    def unsubscribe(self) -> None:
        """Stop listening for stop requests. RQ's own order of steps often costs a second."""
        if self.pubsub_thread is not None:
            self.pubsub_thread.stop()
        super().unsubscribe()

    def kill_horse(self, sig: signal.Signals = signal.SIGTERM) -> None:
        """Ask the job that RQ wants stopped to stop; there is no child process to kill."""
        if self._stopped_job_id is not None:
            self._cancellations.request(self._stopped_job_id)

    def clean_registries(self) -> None:
        """Recover lost jobs; replaces RQ's own clean-up, which runs every ten minutes."""
        self._recovery.run()
        for queue in self.queues:
            worker_registration.clean_worker_registry(queue)
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares it None and assigns the same

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Decide what an error of a job means for its member; RQ then requeues the job or not."""
        self._stopped_job_id = None  # else RQ would note it as stopped, and it would be put back no more
        error = exc_info[1]
        reporter = CountingReporter(job.id, self.connection, self._settings)
        if isinstance(error, Interrupted):
            job.retries_left = (job.retries_left or 0) + 1  # an interruption costs the job no attempt
            is_open = reporter.requeued()
            if is_open:
                log.info("job %s goes back to the queue: this worker ends", job.id)
        else:
            is_open = self._note_fault(job, error, reporter)
        if not is_open:
            job.retries_left = 0

    def _note_fault(self, job: Job, error: BaseException, reporter: ProgressReporter) -> bool:
        """Whether the job is to have another attempt."""
        if isinstance(error, DeadlineExceeded):
            log.warning("job %s took longer than a job may", job.id)
            reporter.failed(timed_out(round(job.timeout or self._config.timeout_s), self._config.kind))
            return False
        if is_no_room(error):
            log.error("job %s: there is no room left to keep what it made: %s", job.id, error)
            reporter.failed(no_room(self._config.kind))
            return False
        incident = secrets.token_hex(4)
        log.error("incident %s: job %s broke", incident, job.id, exc_info=error)
        if job.should_retry:
            return reporter.requeued()
        reporter.failed(internal_failure(incident, self._config.retries + 1, self._config.kind))
        return False

    def procline(self, message: str) -> None:
        """Do not rename the process: it has several slots."""

    def _install_signal_handlers(self) -> None:
        """Install none: the main thread handles signals and ends all slots together."""

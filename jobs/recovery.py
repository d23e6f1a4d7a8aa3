"""Finds lost jobs: `Recovery` for all jobs, `JobMonitor` for one that is followed.

A job whose worker died goes back to the front of its queue, a limited number of times; then it is failed. A job that is
open but neither queued nor running is queued again or failed. Idle workers run the recovery every few seconds, and so
does a monitor that sees something odd. A lock with a short life keeps them from doing it at the same time.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.exceptions import LockError
from rq.job import Job

from jobs import keys
from jobs.contract import Failure, JobId, Kind, Record, Stage, Update
from jobs.errors import NoWorker, UnknownJob, UnreadableRecord, is_storage_full
from jobs.queues import KINDS, JobLocation, JobQueue, queue_config
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

log = logging.getLogger(__name__)

LOCK_LIFE_S = 10
STRANDED_LIMIT_S = 5.0
RESCUE_LIMIT_S = 15 * 60  # an interaction's token is dead after that, and its member has asked again
STRANDED_MEMORY_S = 20  # short, so that a job taken once more is not judged by the first time

WORKER_LOST: dict[Kind, Failure] = {
    "compose": Failure(
        code="worker_lost",
        sentence="The worker composing this piece died, twice, so it was given up. "
        "Try once more with a shorter length or another seed.",
    ),
    "describe": Failure(
        code="worker_lost",
        sentence="The worker reading this file died, twice, so it was given up. Try another file.",
    ),
    "library": Failure(
        code="worker_lost",
        sentence="The worker that did this died, twice, so it was given up. Nothing of your server was lost. "
        "Look what is there, then try once more with fewer or smaller files.",
    ),
    "train": Failure(
        code="worker_lost",
        sentence="The worker that trained died again and again, so the training was given up. "
        "`/train resume` goes on from its last checkpoint.",
    ),
}
LOST: dict[Kind, Failure] = {
    "compose": Failure(
        code="lost",
        sentence="This piece was lost on its way and could not be found again. Please ask for it once more.",
    ),
    "describe": Failure(
        code="lost",
        sentence="This request was lost on its way and could not be found again. Please ask for it once more.",
    ),
    "library": Failure(
        code="lost",
        sentence="This command was lost on its way and could not be found again. "
        "Look what is there, then use it once more.",
    ),
    "train": Failure(
        code="lost",
        sentence="This training was lost on its way and could not be found again. "
        "`/train resume` goes on from its last checkpoint; if there is none, start it once more.",
    ),
}


class Recovery:
    """Requeues lost jobs or settles them as failed."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._queues = {kind: JobQueue(connection, settings, queue_config(kind, settings)) for kind in KINDS}

    def run(self) -> None:
        """Handle every lost job; does nothing while another process does so."""
        lock = self._connection.lock(keys.RECOVERY_LOCK, timeout=LOCK_LIFE_S)
        try:
            if not lock.acquire(blocking=False):
                return
        except redis.ResponseError as error:
            if not is_storage_full(error):
                raise
            log.error("lost jobs cannot be looked for: Redis has no room left: %s", error)
            return
        try:
            for kind, queue in self._queues.items():
                self._retry_silent(queue)
                self._return_stranded(queue)
                self._rescue_adrift(kind, queue)
                queue.forget_ended()
            self._queue_next_serial()
        except redis.ResponseError as error:
            if not is_storage_full(error):
                raise
            log.error("lost jobs cannot be put back: Redis has no room left: %s", error)
        finally:
            try:
                lock.release()
            except LockError:
                log.warning("looking for lost jobs took longer than %s s", LOCK_LIFE_S)

    def _retry_silent(self, queue: JobQueue) -> None:
        queue.rq.started_job_registry.cleanup(exception_handlers=[self._note_lost_worker])

    def _note_lost_worker(self, job: Job, *_exc_info: Any) -> bool:
        if job.should_retry:
            log.warning("job %s lost its worker %s and goes back to the queue", job.id, job.worker_name)
            self._records.advance(job.id, Update(stage=Stage.QUEUED))
        else:
            log.error("job %s lost its worker %s for the last time", job.id, job.worker_name)
            self.fail(job.id, WORKER_LOST[self._kind_of(job)])
        return False

    def _kind_of(self, job: Job) -> Kind:
        return next((kind for kind in KINDS if queue_config(kind, self._settings).queue == job.origin), "compose")

    def _return_stranded(self, queue: JobQueue) -> None:
        """Requeue jobs whose worker died between taking and starting them; RQ leaves them in its intermediate queue."""
        taken = cast(list[bytes], self._connection.lrange(queue.rq.intermediate_queue_key, 0, -1))
        for entry in taken:
            job_id, now = entry.decode(), time.time()
            if self._connection.set(keys.stranded(job_id), now, nx=True, ex=STRANDED_MEMORY_S):
                continue
            since = float(self._connection.get(keys.stranded(job_id)) or now)
            if now - since > STRANDED_LIMIT_S:
                self._return(queue, job_id)

    def _return(self, queue: JobQueue, job_id: JobId) -> None:
        log.warning("job %s was taken from the queue and never started; it goes back", job_id)
        self._connection.delete(keys.stranded(job_id))
        queue.requeue_taken(job_id)

    def _rescue_adrift(self, kind: Kind, queue: JobQueue) -> None:
        """Requeue or settle open jobs that stay neither queued nor running."""
        for job_id in self._records.open_ids(kind):
            record = self._readable(job_id)
            if record is None or not self.is_adrift(record, queue):
                continue
            now = time.time()
            if self._connection.set(keys.adrift(job_id), now, nx=True, ex=self._adrift_memory_s):
                continue
            since = float(self._connection.get(keys.adrift(job_id)) or now)
            if now - since > self._settings.adrift_limit_s:
                self._connection.delete(keys.adrift(job_id))
                self.rescue(record)

    @property
    def _adrift_memory_s(self) -> int:
        """Short, so that a job that was adrift for a moment is not judged by an earlier one."""
        return math.ceil(self._settings.adrift_limit_s) + STRANDED_MEMORY_S

    def _readable(self, job_id: JobId) -> Record | None:
        try:
            return self._records.find(job_id)
        except UnreadableRecord:  # left for the version that wrote it
            return None

    def is_adrift(self, record: Record, queue: JobQueue) -> bool:
        """Whether an open job that could be queued or running is neither."""
        if record.stage.is_final or queue.location(record.job_id) is not JobLocation.NOWHERE:
            return False
        return self._records.is_its_turn(record.request)

    def rescue(self, record: Record) -> None:
        """Settle an open job that is neither queued nor running, or queue it if it never started and is not too old."""
        if record.cancel_asked:
            self._records.settle(record.job_id, Update(stage=Stage.CANCELLED))
        elif record.stage is Stage.QUEUED and time.time() - record.enqueued_at < RESCUE_LIMIT_S:
            if self._queues[record.kind].enqueue(record.request):
                log.warning("job %s was not in its queue; it is now", record.job_id)
        else:
            log.error("job %s was neither queued nor running and is given up", record.job_id)
            self.fail(record.job_id, LOST[record.kind])

    def _queue_next_serial(self) -> None:
        """Queue the next job of each owner whose jobs run one after another."""
        for job_id in self._records.first_of_serial_owners():
            record = self._readable(job_id)
            if record is not None and record.stage is Stage.QUEUED:
                self._queues[record.kind].enqueue(record.request)

    def fail(self, job_id: JobId, failure: Failure) -> None:
        """Settle the job as failed, unless it is settled already."""
        self._records.settle(job_id, Update(stage=Stage.FAILED, failure=failure))


@dataclass
class _Persisting:
    """How long a condition has held; `start` is in monotonic seconds, None while it does not hold."""

    start: float | None = None

    def lasts(self, holds: bool, limit_s: float) -> bool:
        """Whether the condition holds now and has held for `limit_s`."""
        if not holds:
            self.start = None
            return False
        self.start = time.monotonic() if self.start is None else self.start
        return time.monotonic() - self.start > limit_s


class JobMonitor:
    """Checks on one followed job. All methods talk to Redis and return at once.

    Every state leads to a final update, so that no subscriber waits for ever.
    """

    def __init__(self, job_id: JobId, connection: redis.Redis, settings: JobSettings) -> None:
        self._job_id = job_id
        self._connection = connection
        self._settings = settings
        self.outage_limit_s = settings.outage_limit_s
        self._records = RecordStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)
        self._recovery = Recovery(connection, settings)
        self._adrift = _Persisting()
        self._alone = _Persisting()

    def join(self) -> tuple[str, Update]:
        """The stream id after which to read on, and the state of the job there."""
        # the stream first: what is settled in between is then read twice rather than never
        entries = cast(
            list[tuple[bytes, dict[bytes, bytes]]], self._connection.xrevrange(keys.progress(self._job_id), count=1)
        )
        cursor = entries[0][0].decode() if entries else "0"
        record = self._records.find(self._job_id)
        if record is None:
            return cursor, Update(stage=Stage.FAILED, failure=_unknown(self._job_id))
        if record.stage.is_final or not entries:
            return cursor, self._placed(record.as_update(), record)
        latest = Update.model_validate_json(entries[0][1][b"update"])
        return cursor, self._placed(latest.model_copy(update={"stopping": record.cancel_asked}), record)

    def placed(self, update: Update) -> Update:
        """`update` with the job's place in the queue, where it waits."""
        return self._placed(update, self._records.find(self._job_id)) if update.stage is Stage.QUEUED else update

    def _placed(self, update: Update, record: Record | None) -> Update:
        if update.stage is not Stage.QUEUED:
            return update
        place = None if record is None else self._place(record)
        return update.model_copy(update={"position": place})

    def _place(self, record: Record) -> int | None:
        position = self._records.serial_position(record.request)
        return position if position is not None and position > 1 else self._queue_of(record).position(self._job_id)

    def _queue_of(self, record: Record) -> JobQueue:
        return JobQueue(self._connection, self._settings, queue_config(record.kind, self._settings))

    def check(self, last: Update) -> Update:
        """The state now, given the `last` one the subscriber knows; repairs what can be repaired."""
        record = self._records.find(self._job_id)
        if record is None:
            return Update(stage=Stage.FAILED, failure=_unknown(self._job_id))
        if record.stage.is_final:
            return record.as_update()
        queue = self._queue_of(record)
        where = queue.location(self._job_id)
        if where in (JobLocation.SILENT, JobLocation.TAKEN):
            self._recovery.run()
        self._give_up_alone(queue, where, record.kind)
        if self._adrift.lasts(self._recovery.is_adrift(record, queue), self._settings.adrift_limit_s):
            self._recovery.rescue(record)
        return self._placed(last, record)

    def _give_up_alone(self, queue: JobQueue, where: JobLocation, kind: Kind) -> None:
        """Fail a waiting job when no worker has been there for too long."""
        nobody = where is JobLocation.WAITING and not self._registry.is_anyone_alive(kind)
        if self._alone.lasts(nobody, self._settings.worker_absence_limit_s) and queue.withdraw(self._job_id):
            self._recovery.fail(self._job_id, Failure(code=NoWorker.code, sentence=NoWorker(kind).sentence))


def _unknown(job_id: JobId) -> Failure:
    return Failure(code=UnknownJob.code, sentence=UnknownJob(job_id).sentence)

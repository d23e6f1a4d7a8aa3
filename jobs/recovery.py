"""Finds jobs whose worker died: the first time such a job goes back to the front of the queue, then it is failed.

Run by idle workers every few seconds and by followers that see something odd, so that it happens as long as anyone
is left to care; a lock with a short life keeps them from doing it twice.
"""

from __future__ import annotations

import logging
import math
import time
from typing import Any, cast

import redis
from redis.exceptions import LockError
from rq.job import Job

from jobs import keys
from jobs.contract import Failure, JobId, Kind, Record, Stage, Update
from jobs.errors import UnreadableRecord, is_storage_full
from jobs.job_queue import JobQueue, Whereabouts
from jobs.lanes import KINDS, lane_of
from jobs.records import RecordStore
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
    """Puts lost jobs back or settles them as failed."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._queues = {kind: JobQueue(connection, settings, lane_of(kind, settings)) for kind in KINDS}

    def run(self) -> None:
        """Deal with every lost job; does nothing while another process is at it."""
        lock = self._connection.lock(keys.RECOVERY_LOCK, timeout=LOCK_LIFE_S)
        try:
            if not lock.acquire(blocking=False):
                return
        except redis.ResponseError as error:
            if not is_storage_full(error):
                raise
            log.error("lost jobs are not looked for: Redis has no room left: %s", error)
            return
        try:
            for kind, queue in self._queues.items():
                self._retry_silent(queue)
                self._return_stranded(queue)
                self._rescue_adrift(kind, queue)
                queue.forget_ended()
            self._begin_next()
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
        return next((kind for kind in KINDS if lane_of(kind, self._settings).queue == job.origin), "compose")

    def _return_stranded(self, queue: JobQueue) -> None:
        """A worker that dies between taking a job and starting it leaves it in RQ's intermediate list."""
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
        queue.give_back(job_id)

    def _rescue_adrift(self, kind: Kind, queue: JobQueue) -> None:
        """Look for open jobs that are neither queued nor running, and rescue those that stay so."""
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
        if record.stage.is_final or queue.whereabouts(record.job_id) is not Whereabouts.NOWHERE:
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

    def _begin_next(self) -> None:
        """Queue the jobs whose owner's job before is over; whoever ended that one may have died before it could."""
        for job_id in self._records.first_in_turn():
            record = self._readable(job_id)
            if record is not None and record.stage is Stage.QUEUED:
                self._queues[record.kind].enqueue(record.request)

    def fail(self, job_id: JobId, failure: Failure) -> None:
        """Settle the job as failed, unless it is settled already."""
        self._records.settle(job_id, Update(stage=Stage.FAILED, failure=failure))

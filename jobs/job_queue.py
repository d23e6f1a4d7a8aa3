"""The RQ queue of one kind of jobs: put a job in, see how far it is from being taken, take it back, stop it.

A job carries nothing but its id: what is asked for stands in the record. Everything is JSON, Redis holds no pickle.
"""

from __future__ import annotations

import contextlib
import time
from enum import StrEnum
from typing import cast

import redis
from rq import Queue
from rq.command import send_stop_job_command
from rq.exceptions import DuplicateJobError, InvalidJobOperation, NoSuchJobError
from rq.job import Job, Retry
from rq.serializers import JSONSerializer

from jobs.contract import JobId
from jobs.lanes import Lane
from jobs.settings import JobSettings


class Whereabouts(StrEnum):
    """Where RQ has a job."""

    WAITING = "waiting"
    TAKEN = "taken"  # between the queue and a worker
    RUNNING = "running"
    SILENT = "silent"  # its worker's heartbeat is overdue
    NOWHERE = "nowhere"  # ended, failed, or forgotten


class JobQueue:
    """The queue of `lane` as the board and the recovery see it."""

    def __init__(self, connection: redis.Redis, settings: JobSettings, lane: Lane) -> None:
        self._connection = connection
        self._settings = settings
        self._lane = lane
        self.rq = Queue(lane.queue, connection=connection, serializer=JSONSerializer)

    def enqueue(self, job_id: JobId) -> None:
        """Put the job at the end of the queue; harmless when it is known there already."""
        settings = self._settings
        with contextlib.suppress(DuplicateJobError):
            self.rq.enqueue_call(
                self._lane.task,
                kwargs={"job_id": job_id},
                job_id=job_id,
                timeout=self._lane.timeout_s,
                result_ttl=settings.result_ttl_s,
                failure_ttl=settings.failure_ttl_s,
                retry=Retry(max=self._lane.retries, enqueue_at_front=True),
                unique=True,
            )

    def enqueue_anew(self, job_id: JobId) -> None:
        """Forget what RQ knows of the job and put it at the end of the queue."""
        job = self._find(job_id)
        if job is not None:
            job.delete()
        self.enqueue(job_id)

    def position(self, job_id: JobId) -> int | None:
        """The job's place among those waiting, 1 = next; None when it does not wait."""
        index = self._connection.lpos(self.rq.key, job_id)
        return None if index is None else int(index) + 1  # type: ignore[arg-type]

    def whereabouts(self, job_id: JobId) -> Whereabouts:
        """Where RQ has the job now."""
        if self._connection.lpos(self.rq.key, job_id) is not None:
            return Whereabouts.WAITING
        until = self._heard_until(job_id)
        if until is not None:
            return Whereabouts.RUNNING if until > time.time() else Whereabouts.SILENT
        if self._connection.lpos(self.rq.intermediate_queue_key, job_id) is not None:
            return Whereabouts.TAKEN
        return Whereabouts.NOWHERE

    def withdraw(self, job_id: JobId) -> bool:
        """Take the job out of the queue; False when a worker was quicker or it is not known."""
        if not self._connection.lrem(self.rq.key, 0, job_id):
            return False
        job = self._find(job_id)
        if job is not None:
            with contextlib.suppress(InvalidJobOperation):
                job.cancel()
        return True

    def forget_taken(self, job_id: JobId) -> bool:
        """Take the job off the list of those between the queue and a worker; False when it is not there."""
        return bool(self._connection.lrem(self.rq.intermediate_queue_key, 1, job_id))

    def give_back(self, job_id: JobId) -> None:
        """Put a job that was taken and never started back to the front.

        Nothing happens when another has done so; one that RQ knows nothing of is dropped, else it would come for ever.
        """
        if self.forget_taken(job_id) and Job.exists(job_id, self._connection):
            self.rq.push_job_id(job_id, at_front=True)

    def stop(self, job_id: JobId) -> None:
        """Tell the worker that has the job to stop; nothing happens when none has it."""
        with contextlib.suppress(NoSuchJobError, InvalidJobOperation):
            send_stop_job_command(self._connection, job_id, serializer=JSONSerializer)

    def _find(self, job_id: JobId) -> Job | None:
        return self.rq.fetch_job(job_id)

    def _heard_until(self, job_id: JobId) -> float | None:
        """Until when the latest sign of life of the job's worker counts, epoch seconds; None when it is not started."""
        key = self.rq.started_job_registry.key
        entries = cast(list[tuple[bytes, float]], self._connection.zrange(key, 0, -1, withscores=True))
        return max((until for entry, until in entries if entry.decode().partition(":")[0] == job_id), default=None)

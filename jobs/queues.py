"""The queues: how each kind of job is run, and the RQ queue of a kind with its order.

A job carries nothing but its id: what is asked for is in the record. Everything is JSON, Redis holds no pickle.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, cast

import redis
from rq import Queue
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, Retry
from rq.registry import FailedJobRegistry, FinishedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import now

from jobs import keys, scripts
from jobs.contract import ComposeRequest, JobId, Kind, LibraryRequest, TrainRequest
from jobs.settings import JobSettings

AnyRequest = ComposeRequest | LibraryRequest | TrainRequest

Owner = Literal["member", "server"]
KINDS: tuple[Kind, ...] = ("compose", "library", "train")


@dataclass(frozen=True)
class QueueConfig:
    """How the jobs of one kind go.

    `in_turn` lets an owner's jobs run one after another. The last free slot of a worker is kept for a member, or a
    server, without a running job: `reserved_for`.
    """

    kind: Kind
    queue: str
    task: str
    timeout_s: int
    retries: int
    open_limit: int
    owner_open_limit: int
    open_job_limit_s: int
    reserved_for: Owner = "server"
    in_turn: bool = False


def queue_config(kind: Kind, settings: JobSettings) -> QueueConfig:
    """The lane of jobs of `kind`."""
    if kind == "library":
        return QueueConfig(
            kind, settings.library_queue, "worker.tasks.library", settings.library_timeout_s, settings.retries,
            settings.open_jobs_limit, settings.server_open_errands_limit, settings.open_job_limit_s,
        )  # fmt: skip
    if kind == "train":
        return QueueConfig(
            kind, settings.train_queue, "worker.tasks.train", settings.training_timeout_s, settings.training_retries,
            settings.open_trainings_limit, settings.server_open_trainings_limit, 2 * settings.training_timeout_s,
            in_turn=True,
        )  # fmt: skip
    return QueueConfig(
        kind, settings.queue, "worker.tasks.compose", settings.job_timeout_s, settings.retries,
        settings.open_jobs_limit, settings.member_open_jobs_limit, settings.open_job_limit_s, reserved_for="member",
    )  # fmt: skip


def owner_of(request: AnyRequest) -> int:
    """Whose limit a job counts towards: the member's for a piece, else the server's."""
    return owner_in(request.kind, request.requester_id, request.guild_id)


def server_of(request: AnyRequest) -> str:
    """The server whose turn a job takes; a member's private messages count as a server of their own."""
    return f"member {request.requester_id}" if request.guild_id is None else str(request.guild_id)


def member_of(request: AnyRequest) -> str:
    """The member whose turn a job takes."""
    return str(request.requester_id)


def owner_in(kind: Kind, requester_id: int, guild_id: int | None) -> int:
    """The same for a request that is not to be read as a whole."""
    return requester_id if kind == "compose" else guild_id or requester_id


class JobLocation(StrEnum):
    """Where RQ has a job."""

    WAITING = "waiting"
    TAKEN = "taken"  # between the queue and a worker
    RUNNING = "running"
    SILENT = "silent"  # its worker's heartbeat is overdue
    NOWHERE = "nowhere"  # ended, failed, or forgotten


class JobQueue:
    """The queue of `lane` as the board and the recovery see it."""

    def __init__(self, connection: redis.Redis, settings: JobSettings, lane: QueueConfig) -> None:
        self._connection = connection
        self._settings = settings
        self._lane = lane
        self.rq = Queue(lane.queue, connection=connection, serializer=JSONSerializer)
        self._enqueue = connection.register_script(scripts.ENQUEUE)
        self._take = connection.register_script(scripts.TAKE)
        self._order = connection.register_script(scripts.ORDER)

    def enqueue(self, request: AnyRequest) -> bool:
        """Put an open job that is nowhere at the end of the queue; False when it is settled, waits or runs."""
        names = [
            keys.record(request.job_id),
            Job.key_for(request.job_id),
            self.rq.key,
            Queue.redis_queues_keys,
            self.rq.intermediate_queue_key,
            self.rq.started_job_registry.key,
        ]
        return bool(self._enqueue(keys=names, args=[request.job_id, *self.job_fields(request)]))

    def job_fields(self, request: AnyRequest) -> list[Any]:
        """What RQ keeps of a waiting job: names and values in turn. The owners decide on the order of the queue."""
        settings, lane = self._settings, self._lane
        job = self.rq.create_job(
            lane.task,
            kwargs={"job_id": request.job_id},
            job_id=request.job_id,
            timeout=lane.timeout_s,
            result_ttl=settings.result_ttl_s,
            failure_ttl=settings.failure_ttl_s,
            retry=Retry(max=lane.retries, enqueue_at_front=True),
        )
        job.origin, job.enqueued_at = self.rq.name, now()
        owners = {"cadenza_server": server_of(request), "cadenza_member": member_of(request)}
        return [part for pair in {**job.to_dict(), **owners}.items() for part in pair]

    def take(self, only_new: Owner | None = None) -> JobId | None:
        """Take the job whose turn it is; None where none waits. It counts as taken until a worker starts it.

        `only_new`: only a job whose member, or server, has no other job running.
        """
        taken = cast(bytes | None, self._take(keys=self._order_keys, args=[only_new or ""]))
        return None if taken is None else taken.decode()

    def order(self) -> list[JobId]:
        """The waiting jobs in the order in which they would be taken now."""
        return [job_id.decode() for job_id in cast(list[bytes], self._order(keys=self._order_keys))]

    @property
    def _order_keys(self) -> list[str]:
        return [self.rq.key, self.rq.intermediate_queue_key, self.rq.started_job_registry.key]

    def wait(self, longest_s: float) -> None:
        """Wait until a job is in the queue, `longest_s` seconds at most."""
        self._connection.blmove(self.rq.key, self.rq.key, longest_s, "LEFT", "LEFT")  # type: ignore[arg-type]

    def forget_ended(self) -> None:
        """Drop RQ's notes of jobs that ended longer ago than they are kept."""
        for registry in (FinishedJobRegistry, FailedJobRegistry):
            registry(queue=self.rq).cleanup()

    def position(self, job_id: JobId) -> int | None:
        """The job's place in the order in which waiting jobs are taken, 1 = next; None when it does not wait."""
        if self._connection.lpos(self.rq.key, job_id) is None:
            return None
        order = self.order()
        return order.index(job_id) + 1 if job_id in order else None

    def whereabouts(self, job_id: JobId) -> JobLocation:
        """Where RQ has the job now."""
        if self._connection.lpos(self.rq.key, job_id) is not None:
            return JobLocation.WAITING
        until = self._heard_until(job_id)
        if until is not None:
            return JobLocation.RUNNING if until > time.time() else JobLocation.SILENT
        if self._connection.lpos(self.rq.intermediate_queue_key, job_id) is not None:
            return JobLocation.TAKEN
        return JobLocation.NOWHERE

    def withdraw(self, job_id: JobId) -> bool:
        """Take the job out of the queue; False when a worker was quicker or it is not known."""
        if not self._connection.lrem(self.rq.key, 0, job_id):
            return False
        self._connection.delete(Job.key_for(job_id))
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

    def _heard_until(self, job_id: JobId) -> float | None:
        """Until when the latest sign of life of the job's worker counts, epoch seconds; None when it is not started."""
        key = self.rq.started_job_registry.key
        entries = cast(list[tuple[bytes, float]], self._connection.zrange(key, 0, -1, withscores=True))
        return max((until for entry, until in entries if entry.decode().partition(":")[0] == job_id), default=None)

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
from jobs.contract import AnyRequest, JobId, Kind
from jobs.settings import JobSettings

Owner = Literal["member", "server"]
KINDS: tuple[Kind, ...] = ("compose", "describe", "library", "train")


@dataclass(frozen=True)
class QueueConfig:
    """How the jobs of one kind are run.

    `is_serial`: an owner's jobs run one after another. The last free slot of a worker is kept for a member, or a
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
    is_serial: bool = False


def queue_config(kind: Kind, settings: JobSettings) -> QueueConfig:
    """How jobs of `kind` are run."""
    if kind == "describe":
        return QueueConfig(
            kind, settings.describe_queue, "worker.tasks.describe", settings.describe_timeout_s, settings.retries,
            settings.open_jobs_limit, settings.member_open_jobs_limit, settings.open_job_limit_s, reserved_for="member",
        )  # fmt: skip
    if kind == "library":
        return QueueConfig(
            kind, settings.library_queue, "worker.tasks.library", settings.library_timeout_s, settings.retries,
            settings.open_jobs_limit, settings.server_open_errands_limit, settings.open_job_limit_s,
        )  # fmt: skip
    if kind == "train":
        return QueueConfig(
            kind, settings.train_queue, "worker.tasks.train", settings.training_timeout_s, settings.training_retries,
            settings.open_trainings_limit, settings.server_open_trainings_limit, 2 * settings.training_timeout_s,
            is_serial=True,
        )  # fmt: skip
    return QueueConfig(
        kind, settings.queue, "worker.tasks.compose", settings.job_timeout_s, settings.retries,
        settings.open_jobs_limit, settings.member_open_jobs_limit, settings.open_job_limit_s, reserved_for="member",
    )  # fmt: skip


def owner_of(request: AnyRequest) -> int:
    """Whose limit a job counts towards: the member's for a piece or a description, else the server's."""
    return owner_in(request.kind, request.requester_id, request.guild_id)


def server_of(request: AnyRequest) -> str:
    """The server whose turn a job takes; a member's private messages count as a server of their own."""
    return f"member {request.requester_id}" if request.guild_id is None else str(request.guild_id)


def member_of(request: AnyRequest) -> str:
    """The member whose turn a job takes."""
    return str(request.requester_id)


def owner_in(kind: Kind, requester_id: int, guild_id: int | None) -> int:
    """The same, for a request of which only these fields can be read."""
    return requester_id if kind in ("compose", "describe") else guild_id or requester_id


class JobLocation(StrEnum):
    """Where RQ has a job."""

    WAITING = "waiting"
    TAKEN = "taken"  # between the queue and a worker
    RUNNING = "running"
    SILENT = "silent"  # its worker's heartbeat is overdue
    NOWHERE = "nowhere"  # ended, failed, or unknown to RQ


class JobQueue:
    """RQ's queue of one kind of job, with the order in which jobs are taken."""

    def __init__(self, connection: redis.Redis, settings: JobSettings, config: QueueConfig) -> None:
        self._connection = connection
        self._settings = settings
        self._config = config
        self.rq = Queue(config.queue, connection=connection, serializer=JSONSerializer)
        self._enqueue = connection.register_script(scripts.ENQUEUE)
        self._take = connection.register_script(scripts.TAKE)
        self._order = connection.register_script(scripts.ORDER)

    def enqueue(self, request: AnyRequest) -> bool:
        """Add an open job to the end of the queue; False when it is settled, already waiting, or running."""
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
        """The fields of RQ's job hash, as name, value, name, value, …; its server and member decide on the order."""
        settings, config = self._settings, self._config
        job = self.rq.create_job(
            config.task,
            kwargs={"job_id": request.job_id},
            job_id=request.job_id,
            timeout=config.timeout_s,
            result_ttl=settings.result_ttl_s,
            failure_ttl=settings.failure_ttl_s,
            retry=Retry(max=config.retries, enqueue_at_front=True),
        )
        job.origin, job.enqueued_at = self.rq.name, now()
        owners = {"cadenza_server": server_of(request), "cadenza_member": member_of(request)}
        return [part for pair in {**job.to_dict(), **owners}.items() for part in pair]

    def take(self, only_new: Owner | None = None) -> JobId | None:
        """Take the next job off the queue; None when none is waiting. It counts as taken until a worker starts it.

        `only_new`: take only a job whose member, or server, has no other job running.
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
        """Delete RQ's entries for ended jobs whose time to live is over."""
        for registry in (FinishedJobRegistry, FailedJobRegistry):
            registry(queue=self.rq).cleanup()

    def position(self, job_id: JobId) -> int | None:
        """The job's place in the order in which waiting jobs are taken, 1 = next; None when it does not wait."""
        if self._connection.lpos(self.rq.key, job_id) is None:
            return None
        order = self.order()
        return order.index(job_id) + 1 if job_id in order else None

    def location(self, job_id: JobId) -> JobLocation:
        """Where the job is now."""
        if self._connection.lpos(self.rq.key, job_id) is not None:
            return JobLocation.WAITING
        until = self._heard_until(job_id)
        if until is not None:
            return JobLocation.RUNNING if until > time.time() else JobLocation.SILENT
        if self._connection.lpos(self.rq.intermediate_queue_key, job_id) is not None:
            return JobLocation.TAKEN
        return JobLocation.NOWHERE

    def withdraw(self, job_id: JobId) -> bool:
        """Take the job out of the queue; False when a worker has it or it is not known."""
        if not self._connection.lrem(self.rq.key, 0, job_id):
            return False
        self._connection.delete(Job.key_for(job_id))
        return True

    def forget_taken(self, job_id: JobId) -> bool:
        """Remove the job from RQ's intermediate queue; False when it is not there."""
        return bool(self._connection.lrem(self.rq.intermediate_queue_key, 1, job_id))

    def requeue_taken(self, job_id: JobId) -> None:
        """Put a job that was taken and never started back to the front of the queue.

        Does nothing when another process has done so. A job that RQ does not know is dropped.
        """
        if self.forget_taken(job_id) and Job.exists(job_id, self._connection):
            self.rq.push_job_id(job_id, at_front=True)

    def stop(self, job_id: JobId) -> None:
        """Tell the worker that runs the job to stop; does nothing when none runs it."""
        with contextlib.suppress(NoSuchJobError, InvalidJobOperation):
            send_stop_job_command(self._connection, job_id, serializer=JSONSerializer)

    def _heard_until(self, job_id: JobId) -> float | None:
        """When the latest heartbeat of the job expires, epoch seconds; None when it was not started."""
        key = self.rq.started_job_registry.key
        entries = cast(list[tuple[bytes, float]], self._connection.zrange(key, 0, -1, withscores=True))
        return max((until for entry, until in entries if entry.decode().partition(":")[0] == job_id), default=None)

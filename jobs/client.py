"""`JobClient`: how the bot submits, follows and cancels jobs. Async, never blocks its event loop.

Short Redis commands run in a few threads; only the blocking reads of progress streams use an asyncio client.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TypeVar

import redis
import redis.asyncio

from jobs.admission import Admission
from jobs.blobs import BlobStore
from jobs.contract import (
    AnyRequest,
    BlobRef,
    BundleName,
    Delivery,
    JobId,
    Kind,
    ModelInfo,
    Record,
    Stage,
    Update,
    WorkerInfo,
)
from jobs.errors import QueueUnreachable, UnknownJob, unreachable
from jobs.estimates import QueueState, WaitEstimator
from jobs.guild_state import NameCache, NightlySchedule, ScheduleStore, What
from jobs.pieces import PieceIndex, Star
from jobs.progress import Subscription
from jobs.queues import JobQueue, queue_config
from jobs.records import RecordStore
from jobs.recovery import JobMonitor
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings, connect, connect_blocking

T = TypeVar("T")

THREADS = 8
RETRACT_AFTER_S = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, *[30.0] * 120)  # an hour in all

log = logging.getLogger(__name__)


class CancelOutcome(StrEnum):
    """The result of a cancellation."""

    CANCELLED = "cancelled"  # it was waiting and was taken out of the queue
    STOPPING = "stopping"  # a worker has it and will end it with the piece so far
    TOO_LATE = "too_late"  # it was over already


class JobClient:
    """Submit, follow, cancel and deliver jobs; every method may raise QueueUnreachable."""

    def __init__(self, settings: JobSettings) -> None:
        self.settings = settings
        self._connection = connect(settings)
        self._records = RecordStore(self._connection, settings)
        self._blobs = BlobStore(self._connection, settings)
        self._names = NameCache(self._connection)
        self._admission = Admission(self._connection, settings)
        self._pieces = PieceIndex(self._connection, settings)
        self._estimator = WaitEstimator(self._connection, settings)
        self._schedules = ScheduleStore(self._connection)
        self._registry = WorkerRegistry(self._connection, settings)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="jobs")
        self._reader: redis.asyncio.Redis | None = None
        self._retractions: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close the connections; subscriptions end with an error."""
        for task in self._retractions:
            task.cancel()
        if self._reader is not None:
            await self._reader.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connection.close()

    async def submit(self, request: AnyRequest, delivery: Delivery) -> Record:
        """Open a job and put it into the queue; the same request again gives the same record.

        Raises:
            NoWorker, UnknownModel: no worker can do it.
            DataSetNotReady: a training's data set is not there or too small.
            TooManyOpenJobs, QueueFull: a limit is reached.
            BlobGone: a file of it is no longer kept.
            DuplicateJob: the id is taken by a request that says something else.
        """
        try:
            return await self._call(self._admission.submit, request, delivery)
        except QueueUnreachable:  # it may have arrived: the member is told that it was not taken, so it must not run
            self._retract_later(request)
            raise

    def _retract_later(self, request: AnyRequest) -> None:
        task = asyncio.create_task(self._retract(request), name=f"retract {request.job_id}")
        self._retractions.add(task)
        task.add_done_callback(self._retractions.discard)

    async def _retract(self, request: AnyRequest) -> None:
        """Take back a submission as soon as Redis answers again."""
        for pause_s in RETRACT_AFTER_S:
            await asyncio.sleep(pause_s)
            try:
                is_gone = await self._call(self._records.retract, request)
            except QueueUnreachable:
                continue
            if not is_gone:
                await self._stop_unwanted(request)
            return
        log.error("job %s was refused, and could not be taken back: Redis does not answer", request.job_id)

    async def _stop_unwanted(self, request: AnyRequest) -> None:
        log.warning("job %s was refused and has begun all the same; it is stopped", request.job_id)
        queue = JobQueue(self._connection, self.settings, queue_config(request.kind, self.settings))
        with contextlib.suppress(QueueUnreachable):  # the worker looks for itself whether a job is to stop
            await self._call(queue.stop, request.job_id)

    async def follow(self, job_id: JobId) -> AsyncIterator[Update]:
        """The job's state now, then each change up to the final one. An unknown job is FAILED at once.

        Tolerates Redis outages of up to `outage_limit_s`, then raises QueueUnreachable.
        """
        if self._reader is None:
            self._reader = connect_blocking(self.settings)
        monitor = JobMonitor(job_id, self._connection, self.settings)
        async for update in Subscription(job_id, monitor, self._reader, self._call).updates():
            yield update

    async def cancel(self, job_id: JobId) -> CancelOutcome:
        """End the job: out of the queue when it waits, stopped with the piece so far when a worker has it.

        Raises:
            UnknownJob: there is no record of it.
        """
        return await self._call(self._cancel, job_id)

    def _cancel(self, job_id: JobId) -> CancelOutcome:
        record = self._records.get(job_id)
        if record.stage.is_final:
            return CancelOutcome.TOO_LATE
        if not self._records.ask_cancel(job_id):  # first, so that a worker that takes it just now sees it
            return CancelOutcome.TOO_LATE
        queue = JobQueue(self._connection, self.settings, queue_config(record.kind, self.settings))
        if queue.withdraw(job_id) or not self._records.is_its_turn(record.request):
            settled = self._records.settle(job_id, Update(stage=Stage.CANCELLED))
            return CancelOutcome.CANCELLED if settled else CancelOutcome.TOO_LATE
        queue.stop(job_id)
        return CancelOutcome.STOPPING

    async def record(self, job_id: JobId) -> Record | None:
        """The job's record; None when there is none, or no longer."""
        return await self._call(self._records.find, job_id)

    async def state(self, job_id: JobId) -> Update:
        """The job's state now, as a subscription would start with; FAILED when it is unknown."""
        _, update = await self._call(JobMonitor(job_id, self._connection, self.settings).join)
        return update

    async def open_records(self) -> list[Record]:
        """The jobs whose reply has not been delivered, oldest first: what a restarted bot follows on."""
        return await self._call(self._records.undelivered)

    async def open_jobs(self) -> list[Record]:
        """The jobs that wait or run, of all kinds, members and servers, the oldest first."""
        return await self._call(self._records.open_records)

    async def queue_state(self, kind: Kind = "compose") -> QueueState:
        """How the queue of `kind` stands: who waits, how much runs, how long a job takes."""
        return await self._call(self._estimator.state, kind)

    async def mark_delivered(self, job_id: JobId) -> None:
        """Record that the member has the reply."""
        await self._call(self._records.mark_delivered, job_id)

    async def set_delivery(self, job_id: JobId, delivery: Delivery) -> None:
        """Change where the reply goes, e.g. once the message's id is known.

        Raises:
            UnknownJob: there is no record of the job.
        """
        if not await self._call(self._records.set_delivery, job_id, delivery):
            raise UnknownJob(job_id)

    async def put_blob(self, data: bytes, name: str, content_type: str = "application/octet-stream") -> BlobRef:
        """Keep a file (name: as a person knows it).

        Raises:
            BlobTooBig: over the limit of the settings.
        """
        return await self._call(self._blobs.put, data, name, content_type)

    async def get_blob(self, ref: BlobRef) -> bytes:
        """The bytes of a file.

        Raises:
            BlobGone: it is no longer kept.
        """
        return await self._call(self._blobs.get, ref)

    async def models(self, guild_id: int | None = None) -> list[ModelInfo]:
        """The models that workers serve to that server, the default first."""
        return await self._call(self._registry.models, guild_id)

    async def trainings(self, guild_id: int) -> list[Record]:
        """The server's trainings that are still known, the newest first."""
        return await self._call(self._records.trainings, guild_id)

    async def pieces_of_member(self, member_id: int) -> list[Record]:
        """The finished pieces that the member asked for, the newest first."""
        return await self._call(self._pieces.of_member, member_id)

    async def pieces_of_server(self, guild_id: int) -> list[Record]:
        """The finished pieces of the server that are not private, the newest first."""
        return await self._call(self._pieces.of_server, guild_id)

    async def starred_pieces(self, guild_id: int) -> list[tuple[Star, Record]]:
        """The starred pieces of the server, the latest star first."""
        return await self._call(self._pieces.starred, guild_id)

    async def star(self, guild_id: int, piece: JobId) -> Star | None:
        """The star of a piece; None for one that is not starred on that server."""
        return await self._call(self._pieces.star, guild_id, piece)

    async def prefer(self, guild_id: int, model: BundleName | None) -> None:
        """Set the server's default model; None lets the worker choose again."""
        await self._call(self._names.prefer, guild_id, model)

    async def preferred(self, guild_id: int | None) -> BundleName | None:
        """The server's default model; None when the worker chooses."""
        return None if guild_id is None else await self._call(self._names.preferred, guild_id)

    async def names(self, guild_id: int, what: What) -> list[str]:
        """The names of the server's data sets or models, sorted; for suggestions."""
        return await self._call(self._names.names, guild_id, what)

    async def data_set_sizes(self, guild_id: int) -> dict[str, int] | None:
        """The server's data sets, each with its number of pieces; None where no worker has told yet."""
        return await self._call(self._names.data_set_sizes, guild_id)

    async def set_nightly(self, guild_id: int, schedule: NightlySchedule) -> None:
        """Set the server's nightly training."""
        await self._call(self._schedules.set, guild_id, schedule)

    async def nightly(self, guild_id: int) -> NightlySchedule | None:
        """The server's nightly training; None when it never had one."""
        return await self._call(self._schedules.get, guild_id)

    async def workers(self) -> list[WorkerInfo]:
        """The live workers."""
        return await self._call(self._registry.workers)

    async def ping(self) -> float:
        """How long Redis takes to answer, in seconds."""
        start = time.perf_counter()
        await self._call(self._records.ping)
        return time.perf_counter() - start

    async def _call(self, function: Callable[..., T], *arguments: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except redis.RedisError as error:
            raise unreachable(error) from error

"""Progress of a job: how a worker reports it, and how the bot follows it through restarts and outages of Redis."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import redis
import redis.asyncio

from jobs import keys
from jobs.contract import AnyResult, ComposeProgress, Failure, JobId, Kind, Record, Stage, TrainProgress, Update
from jobs.errors import QueueUnreachable
from jobs.estimates import WaitEstimator
from jobs.records import RecordStore
from jobs.recovery import JobMonitor
from jobs.settings import JobSettings

log = logging.getLogger(__name__)

QUIET_S = 0.25  # updates of one stage that come quicker are dropped: a message is edited every two seconds at most


class ProgressReporter:
    """Reports the progress of one job. Reports after the job was settled change nothing."""

    def __init__(self, job_id: JobId, connection: redis.Redis, settings: JobSettings) -> None:
        self._job_id = job_id
        self._records = RecordStore(connection, settings)
        self._last = Update(stage=Stage.QUEUED)
        self._last_at = 0.0
        self._estimator = WaitEstimator(connection, settings)
        self._began_at = time.monotonic()

    def record(self) -> Record:
        """The job's record.

        Raises:
            UnknownJob: it has none (any more).
        """
        return self._records.get(self._job_id)

    def update(
        self,
        stage: Stage,
        fraction: float,
        music: ComposeProgress | None = None,
        training: TrainProgress | None = None,
    ) -> bool:
        """Report that the job is in `stage`, with `fraction` (0..1) of the whole job done; False when it is settled.

        `music`: how far the new music is. `training`: how far the training is.
        """
        update = Update(stage=stage, fraction=min(1.0, max(0.0, fraction)), music=music, training=training)
        now = time.monotonic()
        is_news = stage is not self._last.stage or _epochs(update) > _epochs(self._last)
        if not is_news and now - self._last_at < QUIET_S:
            return True
        self._last, self._last_at = update, now
        return self._records.advance(self._job_id, update)

    def requeued(self) -> bool:
        """Report that the job is waiting again; False when it is settled."""
        return self._records.advance(self._job_id, Update(stage=Stage.QUEUED))

    def done(self, result: AnyResult) -> bool:
        """Settle the job with its result; False when it was settled before."""
        is_settled = self._records.settle(self._job_id, Update(stage=Stage.DONE, fraction=1.0, result=result))
        if is_settled:
            self._note_duration(result.kind)
        return is_settled

    def _note_duration(self, kind: Kind) -> None:
        """Note how long the job ran; one that is settled must not fail because Redis has no room for that."""
        try:
            self._estimator.note(kind, time.monotonic() - self._began_at)
        except redis.RedisError as error:
            log.warning("job %s: how long it took could not be noted: %s", self._job_id, error)

    def failed(self, failure: Failure) -> bool:
        """Settle the job as failed; False when it was settled before."""
        return self._records.settle(self._job_id, Update(stage=Stage.FAILED, failure=failure))

    def cancelled(self) -> bool:
        """Settle the job as cancelled; False when it was settled before."""
        return self._records.settle(self._job_id, Update(stage=Stage.CANCELLED))


def _epochs(update: Update) -> int:
    return 0 if update.training is None else update.training.epoch


T = TypeVar("T")

LOOK_WAITING_S = 1.0  # how often the place in the queue is looked up
LOOK_RUNNING_S = 2.0  # how often it is checked whether the worker is alive
SILENCE_LIMIT_S = 5.0  # a blocking read that overruns by this much hangs on a dead connection
PAUSE_S = 1.0  # before Redis is asked again after it did not answer


class Subscription:
    """The updates of one job.

    `call` runs a short Redis command in a thread and maps its errors to QueueUnreachable.
    """

    def __init__(
        self, job_id: JobId, monitor: JobMonitor, reader: redis.asyncio.Redis, call: Callable[..., Awaitable[Any]]
    ) -> None:
        self._stream = keys.progress(job_id)
        self._monitor = monitor
        self._reader = reader
        self._call = call
        self._cursor = "0"

    async def updates(self) -> AsyncIterator[Update]:
        """The state now, then each change, to the final one.

        Raises:
            QueueUnreachable: Redis did not answer for `outage_limit_s`.
        """
        self._cursor, last = await self._persist(lambda: self._call(self._monitor.join))
        yield last
        while not last.stage.is_final:
            for update in await self._next(last):
                if update != last:
                    last = update
                    yield update
                if last.stage.is_final:
                    return

    async def _next(self, last: Update) -> list[Update]:
        """The next entries of the stream; when there are none for a while, what the monitor finds."""
        pause_s = LOOK_WAITING_S if last.stage is Stage.QUEUED else LOOK_RUNNING_S
        entries = await self._persist(lambda: self._read(pause_s))
        if not entries:
            return [await self._persist(lambda: self._call(self._monitor.check, last))]
        if entries[-1].stage is Stage.QUEUED:  # else it has no place, and asking for one would cost a thread
            entries[-1] = await self._persist(lambda: self._call(self._monitor.placed, entries[-1]))
        return entries

    async def _read(self, pause_s: float) -> list[Update]:
        try:
            async with asyncio.timeout(pause_s + SILENCE_LIMIT_S):
                found: Any = await self._reader.xread({self._stream: self._cursor}, block=int(pause_s * 1000))
        except (redis.RedisError, TimeoutError) as error:
            raise QueueUnreachable from error
        entries = found[0][1] if found else []
        if entries:
            self._cursor = entries[-1][0].decode()
        return [Update.model_validate_json(fields[b"update"]) for _, fields in entries]

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat `call` while Redis does not answer, for `outage_limit_s` at most."""
        deadline = time.monotonic() + self._monitor.outage_limit_s
        while True:
            try:
                return await call()
            except QueueUnreachable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE_S)

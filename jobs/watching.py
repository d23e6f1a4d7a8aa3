"""Looks after one followed job: where it stands, whether whoever has it is alive, and what to do if not.

Every state leads to a final update, so that no follower waits for ever: a silent worker costs a retry, a job that is
nowhere is put back or failed, and so is one that waits while no worker comes back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

import redis

from jobs import keys
from jobs.contract import Failure, JobId, Kind, Record, Stage, Update
from jobs.errors import NoWorker, UnknownJob
from jobs.job_queue import JobQueue, Whereabouts
from jobs.lanes import lane_of
from jobs.records import RecordStore
from jobs.recovery import Recovery
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings


@dataclass
class _Since:
    """Since when (monotonic seconds) something odd lasts; None while all is well."""

    start: float | None = None

    def lasts(self, is_odd: bool, limit_s: float) -> bool:
        """Whether it is odd now and has been for `limit_s`."""
        if not is_odd:
            self.start = None
            return False
        self.start = time.monotonic() if self.start is None else self.start
        return time.monotonic() - self.start > limit_s


class Watch:
    """Looks after one followed job; all methods talk to Redis and return at once."""

    def __init__(self, job_id: JobId, connection: redis.Redis, settings: JobSettings) -> None:
        self._job_id = job_id
        self._connection = connection
        self._settings = settings
        self.outage_limit_s = settings.outage_limit_s
        self._records = RecordStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)
        self._recovery = Recovery(connection, settings)
        self._adrift = _Since()
        self._alone = _Since()

    def join(self) -> tuple[str, Update]:
        """Where in the stream to read on, and the state of the job there."""
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
        in_turn = self._records.place_in_turn(record.request)
        return in_turn if in_turn is not None and in_turn > 1 else self._queue_of(record).position(self._job_id)

    def _queue_of(self, record: Record) -> JobQueue:
        return JobQueue(self._connection, self._settings, lane_of(record.kind, self._settings))

    def look(self, last: Update) -> Update:
        """What is true now, `last` being what the follower knows; puts right what can be put right."""
        record = self._records.find(self._job_id)
        if record is None:
            return Update(stage=Stage.FAILED, failure=_unknown(self._job_id))
        if record.stage.is_final:
            return record.as_update()
        queue = self._queue_of(record)
        where = queue.whereabouts(self._job_id)
        if where in (Whereabouts.SILENT, Whereabouts.TAKEN):
            self._recovery.run()
        self._give_up_alone(queue, where, record.kind)
        if self._adrift.lasts(self._recovery.is_adrift(record, queue), self._settings.adrift_limit_s):
            self._recovery.rescue(record)
        return self._placed(last, record)

    def _give_up_alone(self, queue: JobQueue, where: Whereabouts, kind: Kind) -> None:
        """Fail a waiting job when no worker has been there for too long."""
        nobody = where is Whereabouts.WAITING and not self._registry.is_anyone_alive(kind)
        if self._alone.lasts(nobody, self._settings.worker_absence_limit_s) and queue.withdraw(self._job_id):
            self._recovery.fail(self._job_id, Failure(code=NoWorker.code, sentence=NoWorker(kind).sentence))


def _unknown(job_id: JobId) -> Failure:
    return Failure(code=UnknownJob.code, sentence=UnknownJob(job_id).sentence)

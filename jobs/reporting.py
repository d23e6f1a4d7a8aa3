"""How a worker tells how far a job is; the only way a worker changes a record."""

from __future__ import annotations

import time

import redis

from jobs.contract import AnyResult, ComposeProgress, Failure, JobId, Record, Stage, TrainProgress, Update
from jobs.records import RecordStore
from jobs.settings import JobSettings

QUIET_S = 0.25  # updates of one stage that come quicker are dropped: a message is edited every two seconds at most


class Reporter:
    """Reports on one job; what comes after the job was settled changes nothing."""

    def __init__(self, job_id: JobId, connection: redis.Redis, settings: JobSettings) -> None:
        self._job_id = job_id
        self._records = RecordStore(connection, settings)
        self._last = Update(stage=Stage.QUEUED)
        self._last_at = 0.0

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
        """Say that the job is in `stage`, `fraction` (0..1) of the whole job done; False when it is settled.

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
        """Say that the job waits once more; False when it is settled."""
        return self._records.advance(self._job_id, Update(stage=Stage.QUEUED))

    def done(self, result: AnyResult) -> bool:
        """Settle the job with its result; False when it was settled before."""
        return self._records.settle(self._job_id, Update(stage=Stage.DONE, fraction=1.0, result=result))

    def failed(self, failure: Failure) -> bool:
        """Settle the job as failed; False when it was settled before."""
        return self._records.settle(self._job_id, Update(stage=Stage.FAILED, failure=failure))

    def cancelled(self) -> bool:
        """Settle the job as cancelled; False when it was settled before."""
        return self._records.settle(self._job_id, Update(stage=Stage.CANCELLED))


def _epochs(update: Update) -> int:
    return 0 if update.training is None else update.training.epoch

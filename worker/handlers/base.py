"""The frame of every job: load the record, check it, perform the job, settle it.

What the member can get wrong becomes a failure with a sentence. Every other error leaves the handler, and the RQ worker
decides whether the job has another attempt.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod

from jobs.contract import AnyResult, Failure, JobId, Record
from jobs.errors import BlobGone, BlobTooBig, UnknownJob, UnreadableRecord
from model.errors import EngineError, ModelError
from worker.cancellation import DeadlineExceeded, Interrupted
from worker.context import WorkerContext
from worker.mapping import model_failure

log = logging.getLogger(__name__)


class JobFailed(Exception):  # noqa: N818 - it says what is the case
    """Raised to settle the job as failed, for a reason that its member can do something about."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


class Cancelled(Exception):  # noqa: N818 - it says what is the case
    """Raised to settle the job as cancelled: its member stopped it before there was anything to show."""


class JobHandler(ABC):
    """Handles one job of one kind."""

    performs_when_cancelled = False  # whether a job that was stopped before it began still has something to finish

    def __init__(self, job_id: JobId, context: WorkerContext) -> None:
        self.job_id = job_id
        self.context = context
        self.reporter = context.reporter(job_id)

    @abstractmethod
    def perform(self, record: Record) -> AnyResult | None:
        """Do the job; its result, or None when the job was settled by somebody else meanwhile.

        Raises:
            JobFailed, Cancelled, ModelError, BlobGone, BlobTooBig: settle the job.
        """

    def finish(self) -> None:  # noqa: B027 - most kinds have nothing to clean up
        """Clean up after the job was settled as done."""

    def run(self) -> None:
        """Settle the job as done, failed or cancelled.

        Raises:
            Interrupted: the process must end first; the job is to be requeued.
            DeadlineExceeded: it has run as long as a job may.
        """
        record = self._load_record()
        if record is None:
            return
        try:
            if record.cancel_asked and not self.performs_when_cancelled:
                raise Cancelled
            result = self.perform(record)
        except JobFailed as error:
            self._fail(error.failure)
        except Cancelled:
            self.reporter.cancelled()
        except EngineError:  # a fault of ours, which the next attempt may not meet
            raise
        except ModelError as error:
            self._settle_refusal(error)
        except (BlobGone, BlobTooBig) as error:
            self._fail(Failure(code=error.code, sentence=error.sentence))
        else:
            if result is not None and self.reporter.done(result):
                self.finish()

    def _load_record(self) -> Record | None:
        """The record; None when there is none, it cannot be read, or the job is settled already."""
        try:
            record = self.reporter.record()
        except UnknownJob:
            log.warning("job %s has no record, nothing to do", self.job_id)
            return None
        except UnreadableRecord as error:
            self._fail(Failure(code=error.code, sentence=error.sentence))
            return None
        return None if record.stage.is_final else record

    def _settle_refusal(self, error: ModelError) -> None:
        self.raise_if_ending()
        if self.is_cancelled:  # stopped before its first note: there is nothing to show
            self.reporter.cancelled()
        else:
            self._fail(model_failure(error))

    def _fail(self, failure: Failure) -> None:
        log.info("job %s refused: %s", self.job_id, failure.code)
        self.reporter.failed(failure)

    @property
    def is_cancelled(self) -> bool:
        """Whether the member asked for the job to end."""
        return self.context.cancellations.is_requested(self.job_id)

    def raise_if_ending(self) -> None:
        """Leave when it was the end of this process, or of the job's time, that cut the job short, not its member.

        Raises:
            Interrupted, DeadlineExceeded: as in `run`.
        """
        cancellations = self.context.cancellations
        if self.is_cancelled:
            return
        if cancellations.is_shutting_down:
            raise Interrupted
        if cancellations.left_s(self.job_id) < 0:
            raise DeadlineExceeded

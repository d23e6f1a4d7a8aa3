"""How every job begins: with its record, unless there is none, nobody can read it, or it is over."""

from __future__ import annotations

import logging

from jobs.contract import Failure, JobId, Record
from jobs.errors import UnknownJob, UnreadableRecord
from jobs.progress import ProgressReporter

log = logging.getLogger(__name__)


def opened(job_id: JobId, reporter: ProgressReporter) -> Record | None:
    """The record of a job that is to be done; None where there is nothing to do, or nothing that can be."""
    try:
        record = reporter.record()
    except UnknownJob:
        log.warning("job %s has no record, nothing to do", job_id)
        return None
    except UnreadableRecord as error:
        refuse(job_id, reporter, Failure(code=error.code, sentence=error.sentence))
        return None
    return None if record.stage.is_final else record


def refuse(job_id: JobId, reporter: ProgressReporter, failure: Failure) -> None:
    """Settle a job as failed for a reason that its member can do something about."""
    log.info("job %s refused: %s", job_id, failure.code)
    reporter.failed(failure)

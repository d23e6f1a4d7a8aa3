"""One errand from its record to its answer.

What an admin can get wrong ends here as a sentence; every other error leaves, and the warm worker decides on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobs.blobs import BlobStore
from jobs.contract import Answer, Failure, JobId, LibraryRequest, LibraryResult, Stage
from jobs.errors import BlobGone, BlobTooBig
from model.errors import ModelError
from worker.desk import Desk
from worker.failures import model_failure
from worker.library import data_sets, models
from worker.library.shelves import ServerShelves
from worker.opening import opened, refuse
from worker.stops import Interrupted

DEFAULT_UPLOAD_BYTES = 10 << 20  # what Discord takes where nothing else is known
DOERS: dict[str, Callable[[Any, Any], Answer]] = {**data_sets.DOERS, **models.DOERS}


@dataclass(frozen=True)
class Counter:
    """What an errand is done with: the server's shelves, files, and who asked."""

    shelves: ServerShelves
    blobs: BlobStore
    requester_id: int
    upload_bytes: int
    on_progress: Callable[[int, int], None]
    should_stop: Callable[[], bool]


class Errand:
    """Carries out one job at `desk`."""

    def __init__(self, job_id: JobId, desk: Desk) -> None:
        self._job_id = job_id
        self._desk = desk
        self._reporter = desk.reporter(job_id)

    def carry_out(self) -> None:
        """Settle the job as done, failed or cancelled.

        Raises:
            Interrupted: the process must end first; the job is to be put back.
        """
        record = opened(self._job_id, self._reporter)
        if record is None:
            return
        if record.cancel_asked:
            self._reporter.cancelled()
            return
        if not isinstance(record.request, LibraryRequest) or record.request.guild_id is None:
            self._fail(Failure(code="no_server", sentence="Data sets and models belong to a server: ask there."))
            return
        self._do(record.request, record.delivery.upload_limit_bytes or DEFAULT_UPLOAD_BYTES)

    def _fail(self, failure: Failure) -> None:
        refuse(self._job_id, self._reporter, failure)

    def _do(self, request: LibraryRequest, upload_bytes: int) -> None:
        self._reporter.update(Stage.STARTING, 0.0)
        shelves = ServerShelves(self._desk.settings, request.guild_id or 0)
        counter = Counter(
            shelves, self._desk.blobs, request.requester_id, upload_bytes, self._tell, self._should_stop,
        )  # fmt: skip
        try:
            answer = DOERS[request.action.do](counter, request.action)
        except ModelError as error:
            self._fail(model_failure(error))
        except (BlobGone, BlobTooBig) as error:
            self._fail(Failure(code=error.code, sentence=error.sentence))
        else:
            self._heed_end()
            shelves.tell_names(self._desk.connection)
            self._reporter.done(LibraryResult(job_id=self._job_id, answer=answer))

    def _heed_end(self) -> None:
        """Leave where the work was cut short by the end of this process; what was added is found to be there again."""
        if self._desk.stops.is_leaving and not self._desk.stops.is_requested(self._job_id):
            raise Interrupted

    def _tell(self, done: int, whole: int) -> None:
        self._reporter.update(Stage.PREPARING, done / max(1, whole))

    def _should_stop(self) -> bool:
        return self._desk.stops.should_stop(self._job_id)

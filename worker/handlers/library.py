"""Library jobs: what admins do with the data sets and models of their server. One request, one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jobs.contract import Answer, Failure, ForgetMember, LibraryRequest, LibraryResult, Record, Stage
from jobs.pieces import PieceIndex
from worker.cancellation import Interrupted
from worker.handlers.base import JobFailed, JobHandler
from worker.library import data_sets, models
from worker.library.members import forget
from worker.library.server_library import LibraryContext, ServerLibrary

DEFAULT_UPLOAD_BYTES = 10 << 20  # Discord's limit when nothing else is known
ACTIONS: dict[str, Callable[[Any, Any], Answer]] = {**data_sets.ACTIONS, **models.ACTIONS}


class LibraryHandler(JobHandler):
    """Performs one action on a server's data sets or models."""

    def perform(self, record: Record) -> LibraryResult:
        """The answer to the request."""
        request = record.request
        if isinstance(request, LibraryRequest) and isinstance(request.action, ForgetMember):
            self.reporter.update(Stage.STARTING, 0.0)
            return LibraryResult(job_id=self.job_id, answer=forget(self.context, request))
        if not isinstance(request, LibraryRequest) or request.guild_id is None:
            raise JobFailed(Failure(code="no_server", sentence="Data sets and models belong to a server: ask there."))
        self.reporter.update(Stage.STARTING, 0.0)
        server = ServerLibrary(self.context.settings, request.guild_id)
        context = LibraryContext(
            server,
            self.context.blobs,
            PieceIndex(self.context.connection, self.context.job_settings),
            request.requester_id,
            record.delivery.upload_limit_bytes or DEFAULT_UPLOAD_BYTES,
            on_progress=lambda done, whole: self._report(done, whole),
            should_stop=lambda: self.context.cancellations.should_stop(self.job_id),
        )
        answer = ACTIONS[request.action.do](context, request.action)
        if self.context.cancellations.is_shutting_down and not self.is_cancelled:
            raise Interrupted  # what was added already is found to be there when the job runs again
        server.tell_names(self.context.connection)
        return LibraryResult(job_id=self.job_id, answer=answer)

    def _report(self, done: int, whole: int) -> None:
        self.reporter.update(Stage.PREPARING, done / max(1, whole))

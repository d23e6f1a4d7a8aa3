"""From a request to a job in its queue: the checks, the record, the limits."""

from __future__ import annotations

import redis

from jobs.blobs import BlobStore
from jobs.contract import BlobRef, Delivery, Record, Stage
from jobs.errors import DuplicateJob, NoWorker, UnknownModel
from jobs.job_queue import JobQueue
from jobs.lanes import AnyRequest, lane_of
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings


class Admission:
    """Opens jobs; the same request again is the same job."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._blobs = BlobStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)

    def submit(self, request: AnyRequest, delivery: Delivery) -> Record:
        """Open a job and put it into its queue, or let it wait for its turn; its record.

        Raises:
            NoWorker, UnknownModel: nobody is there who could do it.
            TooManyOpenJobs, QueueFull: a limit is reached.
            BlobGone: a file of it is no longer kept.
            DuplicateJob: the id is taken by a request that says something else.
        """
        if self._records.find(request.job_id) is None:
            self._require_worker(request)
            for file in _files_of(request):
                self._blobs.renew(file)
            self._records.admit(request, delivery)
        record = self._records.get(request.job_id)
        if record.request != request:
            raise DuplicateJob(request.job_id)
        if record.stage is Stage.QUEUED and self._records.is_its_turn(request):  # also after half a submission
            JobQueue(self._connection, self._settings, lane_of(request.kind, self._settings)).enqueue(request.job_id)
        return record

    def _require_worker(self, request: AnyRequest) -> None:
        if request.kind != "compose":
            if not self._registry.is_anyone_alive(request.kind):
                raise NoWorker(request.kind)
            return
        served = [model.name for model in self._registry.models(request.guild_id)]
        if not served:
            raise NoWorker
        if request.model is not None and request.model not in served:
            raise UnknownModel(request.model, served)


def _files_of(request: AnyRequest) -> tuple[BlobRef, ...]:
    """The files that a request names."""
    if request.kind == "compose":
        return () if request.seed is None else (request.seed,)
    return getattr(request.action, "files", ()) if request.kind == "library" else ()

"""From a request to a job in its queue: the checks, the record, the limits.

Used by the bot's client and by the scheduler of nightly trainings.
"""

from __future__ import annotations

import redis

from jobs.blobs import BlobStore
from jobs.contract import (
    MIN_TRAINING_PIECES,
    BlobRef,
    Delivery,
    ImportModel,
    LibraryRequest,
    Record,
    Stage,
    TrainRequest,
)
from jobs.errors import DataSetNotReady, DuplicateJob, LibraryFull, NoWorker, UnknownModel
from jobs.job_queue import JobQueue
from jobs.lanes import AnyRequest, lane_of
from jobs.library_names import LibraryNames
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
        self._names = LibraryNames(connection)

    def submit(self, request: AnyRequest, delivery: Delivery) -> Record:
        """Open a job and put it into its queue, or let it wait for its turn; its record.

        Raises:
            NoWorker, UnknownModel: nobody is there who could do it.
            DataSetNotReady: a training's data set is not there or too small.
            LibraryFull: the server may have no other model.
            TooManyOpenJobs, QueueFull: a limit is reached.
            BlobGone: a file of it is no longer kept.
            DuplicateJob: the id is taken by a request that says something else.
        """
        record = self._records.find(request.job_id)
        is_known = record is not None
        if record is None:
            self._require_worker(request)
            self._require_data_set(request)
            self._require_room(request)
            for file in _files_of(request):
                self._blobs.renew(file)
            self._records.admit(request, delivery)
            record = self._records.get(request.job_id)
        if record.request != request:
            raise DuplicateJob(request.job_id)
        if is_known and record.stage is Stage.QUEUED and self._records.is_its_turn(request):  # Redis may have lost it
            JobQueue(self._connection, self._settings, lane_of(request.kind, self._settings)).enqueue(request)
        return record

    def _require_worker(self, request: AnyRequest) -> None:
        if not self._registry.is_anyone_expected(request.kind):
            raise NoWorker(request.kind)
        if request.kind != "compose" or request.model is None:
            return
        served = [model.name for model in self._registry.models(request.guild_id)]
        if served and request.model not in served:
            raise UnknownModel(request.model, served)

    def _require_data_set(self, request: AnyRequest) -> None:
        if not isinstance(request, TrainRequest) or request.resumes is not None:
            return
        sizes = self._names.data_set_sizes(request.guild_id or 0)
        if sizes is None:  # no worker has said yet; the one that trains will look
            return
        name = request.data_set
        if name not in sizes:
            known = ", ".join(sorted(sizes)) or "none yet: `/dataset create` makes one"
            raise DataSetNotReady(f"This server has no data set “{name}”. Its data sets: {known}.")
        if sizes[name] < MIN_TRAINING_PIECES:
            raise DataSetNotReady(too_small(name, sizes[name]))

    def _require_room(self, request: AnyRequest) -> None:
        """Check that the server may have the model that would come of a training or an import."""
        if isinstance(request, TrainRequest):
            name = request.name
        elif isinstance(request, LibraryRequest) and isinstance(request.action, ImportModel):
            name = request.action.name
        else:
            return
        guild_id = request.guild_id or 0
        reasons = self._names.full(guild_id)
        if "size" in reasons:
            raise LibraryFull(reasons["size"])
        if "count" in reasons and name not in self._names.names(guild_id, "models"):
            raise LibraryFull(reasons["count"])


def _files_of(request: AnyRequest) -> tuple[BlobRef, ...]:
    """The files that a request names."""
    if request.kind == "compose":
        return () if request.seed is None else (request.seed,)
    return getattr(request.action, "files", ()) if request.kind == "library" else ()


def too_small(data_set: str, pieces: int) -> str:
    """Why a training cannot learn from a data set with so few pieces."""
    there = "1 piece" if pieces == 1 else f"{pieces} pieces" if pieces else "no pieces"
    return (
        f"The data set “{data_set}” has {there}; a training needs at least {MIN_TRAINING_PIECES}, and 30 or more are "
        "better. Add some with `/dataset add`."
    )

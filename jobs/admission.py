"""Checks a request and opens a job for it. The bot's `JobClient` calls `Admission`; forms use `validated` directly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import redis
from pydantic import ValidationError

from jobs.blobs import BlobStore
from jobs.contract import (
    MIN_TRAINING_PIECES,
    AnyRequest,
    BlobRef,
    ComposeRequest,
    Contract,
    Controls,
    DataSetAction,
    Delivery,
    DescribeRequest,
    ImportModel,
    LibraryRequest,
    ModelAction,
    Record,
    Stage,
    TrainRequest,
)
from jobs.errors import DataSetNotReady, DuplicateJob, InvalidRequest, LibraryFull, NoWorker, UnknownModel
from jobs.guild_state import NameCache, NightlySchedule
from jobs.pieces import PieceIndex
from jobs.queues import JobQueue, queue_config
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

C = TypeVar("C", bound=Contract)


def validated(kind: type[C], fields: Mapping[str, Any]) -> C:
    """A request, or a part of one, built from `fields`.

    Raises:
        InvalidRequest: a field has a value that the contract does not allow.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(_sentence(error)) from error


def invalid_request(error: ValidationError) -> InvalidRequest | None:
    """The error for the member if `error` comes from validating a request, else None."""
    return InvalidRequest(_sentence(error)) if error.title in _REQUESTS else None


def _sentence(error: ValidationError) -> str:
    """A sentence for the member about the first invalid field."""
    first = error.errors()[0]
    names = [part for part in first["loc"] if isinstance(part, str) and part not in _TAGS and not part.startswith("_")]
    name = _WORDS.get(names[-1], names[-1].replace("_", " ")) if names else "request"
    limits = first.get("ctx", {})
    the = f"One of the {name}" if first["loc"] and isinstance(first["loc"][-1], int) else f"The {name}"
    match first["type"]:
        case "string_too_long":
            return f"{the} is too long. The limit is {limits['max_length']} characters."
        case "string_too_short":
            return f"{the} is empty."
        case "too_long":
            return f"Too many {name}. The limit is {limits['max_length']}."
        case "too_short":
            return f"Too few {name}. Give at least {limits['min_length']}."
        case "greater_than_equal":
            return f"{the} must be at least {limits['ge']:g}."
        case "greater_than":
            return f"{the} must be more than {limits['gt']:g}."
        case "less_than_equal":
            return f"{the} must be at most {limits['le']:g}."
        case "value_error":
            said = str(limits.get("error", first["msg"])).rstrip(".")
            return f"{said[:1].upper()}{said[1:]}."
        case _:
            return f"{the} isn’t valid. Check the spelling and try again."


_TAGS = ("compose", "describe", "library", "train")
_WORDS = {"tempo_bpm": "tempo", "length_s": "length in seconds", "bars": "length in bars", "note": "licence note"}
_REQUESTS = {
    one.__name__
    for one in (
        ComposeRequest,
        Controls,
        DescribeRequest,
        LibraryRequest,
        TrainRequest,
        NightlySchedule,
        *get_args(DataSetAction),
        *get_args(ModelAction),
    )
}


class Admission:
    """Opens jobs. Submitting the same request twice opens one job."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._blobs = BlobStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)
        self._names = NameCache(connection)
        self._pieces = PieceIndex(connection, settings)

    def submit(self, request: AnyRequest, delivery: Delivery) -> Record:
        """Open a job, enqueue it or let it wait for its turn, and return its record.

        Raises:
            NoWorker, UnknownModel: no worker can do the job.
            DataSetNotReady: the data set of a training does not exist or is too small.
            LibraryFull: the server has reached the limit of its models.
            TooManyOpenJobs, QueueFull: a limit is reached.
            BlobGone: a file of the request has expired.
            DuplicateJob: the id belongs to a different request.
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
            if isinstance(request, ComposeRequest):
                self._pieces.add(request, record.enqueued_at)
        if record.request != request:
            raise DuplicateJob(request.job_id)
        if is_known and record.stage is Stage.QUEUED and self._records.is_its_turn(request):  # Redis may have lost it
            JobQueue(self._connection, self._settings, queue_config(request.kind, self._settings)).enqueue(request)
        return record

    def _require_worker(self, request: AnyRequest) -> None:
        if not self._registry.is_anyone_expected(request.kind):
            raise NoWorker(request.kind)
        if not isinstance(request, (ComposeRequest, DescribeRequest)) or request.model is None:
            return
        served = [model.name for model in self._registry.models(request.guild_id)]
        if served and request.model not in served:
            raise UnknownModel(request.model, served)

    def _require_data_set(self, request: AnyRequest) -> None:
        if not isinstance(request, TrainRequest) or request.resumes is not None:
            return
        sizes = self._names.data_set_sizes(request.guild_id or 0)
        if sizes is None:  # no worker has published them yet; the one that trains checks again
            return
        name = request.data_set
        if name not in sizes:
            known = ", ".join(sorted(sizes)) or "none yet. Create one with `/dataset create`"
            raise DataSetNotReady(f"This server has no data set “{name}”. Its data sets: {known}.")
        if sizes[name] < MIN_TRAINING_PIECES:
            raise DataSetNotReady(too_small(name, sizes[name]))

    def _require_room(self, request: AnyRequest) -> None:
        """Check that the server has room for the model of a training or an import."""
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
    """The files that a request refers to."""
    if request.kind == "describe":
        return (request.seed,)
    if request.kind == "compose":
        return () if request.seed is None else (request.seed,)
    return getattr(request.action, "files", ()) if request.kind == "library" else ()


def too_small(data_set: str, pieces: int) -> str:
    """A sentence that says why a data set with `pieces` pieces cannot be used for training."""
    there = "1 piece" if pieces == 1 else f"{pieces} pieces" if pieces else "no pieces"
    return (
        f"The data set “{data_set}” has {there}. A training needs at least {MIN_TRAINING_PIECES}, better 30 or more. "
        "Add some with `/dataset add`."
    )

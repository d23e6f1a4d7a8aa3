"""From a request to a job in its queue: is the request valid, can anybody do it, is it within the limits."""

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
    ImportModel,
    LibraryRequest,
    ModelAction,
    Record,
    Stage,
    TrainRequest,
)
from jobs.errors import DataSetNotReady, DuplicateJob, InvalidRequest, LibraryFull, NoWorker, UnknownModel
from jobs.name_cache import NameCache
from jobs.queues import JobQueue, queue_config
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.schedules import NightlySchedule
from jobs.settings import JobSettings

C = TypeVar("C", bound=Contract)


def validated(kind: type[C], fields: Mapping[str, Any]) -> C:
    """The request, or part of one, that `fields` make.

    Raises:
        InvalidRequest: one of them is longer, larger or other than the contract allows.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(_sentence(error)) from error


def invalid_request(error: ValidationError) -> InvalidRequest | None:
    """What to tell the member whose words made `error`; None where it is no request that was not valid."""
    return InvalidRequest(_sentence(error)) if error.title in _REQUESTS else None


def _sentence(error: ValidationError) -> str:
    """What is wrong with the first field that is, for a member."""
    first = error.errors()[0]
    names = [part for part in first["loc"] if isinstance(part, str) and part not in _TAGS and not part.startswith("_")]
    name = _WORDS.get(names[-1], names[-1].replace("_", " ")) if names else "request"
    limits = first.get("ctx", {})
    the = f"One of the {name}" if first["loc"] and isinstance(first["loc"][-1], int) else f"The {name}"
    match first["type"]:
        case "string_too_long":
            return f"{the} is too long: at most {limits['max_length']} characters."
        case "string_too_short":
            return f"{the} is empty."
        case "too_long":
            return f"Too many {name}: at most {limits['max_length']}."
        case "too_short":
            return f"Too few {name}: at least {limits['min_length']}."
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
            return f"{the} can’t be used like this. Check how it is written and try again."


_TAGS = ("compose", "library", "train")
_WORDS = {"tempo_bpm": "tempo", "length_s": "length in seconds", "bars": "length in bars", "note": "licence note"}
_REQUESTS = {
    one.__name__
    for one in (
        ComposeRequest,
        Controls,
        LibraryRequest,
        TrainRequest,
        NightlySchedule,
        *get_args(DataSetAction),
        *get_args(ModelAction),
    )
}


class Admission:
    """Opens jobs; the same request again is the same job."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._blobs = BlobStore(connection, settings)
        self._registry = WorkerRegistry(connection, settings)
        self._names = NameCache(connection)

    def submit(self, request: AnyRequest, delivery: Delivery) -> Record:
        """Open a job and put it into its queue, or let it wait for its turn; its record.

        Raises:
            NoWorker, UnknownModel: no worker can do it.
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
            JobQueue(self._connection, self._settings, queue_config(request.kind, self._settings)).enqueue(request)
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

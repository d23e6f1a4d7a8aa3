"""The errors of `jobs` as one tree. `jobs` raises no other error on purpose.

JobsError
├── Refused                the request is valid but is not accepted
│   ├── QueueFull          all members together have the maximum of open jobs
│   ├── TooManyOpenJobs    the member or the server has the maximum of open jobs
│   ├── NoWorker           no worker for such jobs is alive
│   ├── InvalidRequest     a field has a value that the contract does not allow
│   ├── DataSetNotReady    the data set of a training does not exist or is too small
│   ├── LibraryFull        the server's models have reached their number or size limit
│   ├── UnknownModel       no live worker serves the requested model
│   └── DuplicateJob       the id belongs to a different request
├── BlobGone               a file has expired
├── BlobTooBig             a file is larger than the store accepts
├── UnknownJob             the id has no record, or its record has expired
├── UnreadableRecord       another version wrote the record and this one cannot read it
├── BackupError            a backup cannot be written, read, or restored here
└── QueueUnreachable       Redis does not answer
    ├── StorageFull            Redis has no memory or disk space left
    └── FileStoreUnavailable   the file store cannot be read or written

The bot shows `sentence` to the member unchanged: what happened, then what to do.
"""

# ruff: noqa: N818 - no suffix Error: `except QueueFull` reads as the condition it handles

from __future__ import annotations

from collections.abc import Sequence

import redis

from jobs.contract import Kind


class JobsError(Exception):
    """Root of the tree. `code` is a stable identifier; `sentence` is written for members."""

    code = "jobs"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(JobsError):
    """Raised when a request is understood but not accepted."""

    code = "refused"


class QueueFull(Refused):
    """Raised when `limit` jobs of the kind are open already."""

    code = "queue_full"

    def __init__(self, limit: int, kind: Kind = "compose") -> None:
        waiting = {
            "compose": f"{limit} pieces are waiting or being composed. Try again in a few minutes.",
            "describe": f"{limit} files are waiting to be described. Try again in a minute.",
            "library": f"{limit} commands are waiting. Try again in a minute.",
            "train": f"{limit} trainings are waiting or running on all servers. Try again later.",
        }
        super().__init__(f"The queue is full: {waiting[kind]}")


class TooManyOpenJobs(Refused):
    """Raised when the member or the server has `limit` open jobs of the kind already."""

    code = "too_many_open_jobs"

    def __init__(self, limit: int, kind: Kind = "compose") -> None:
        pieces = "piece" if limit == 1 else "pieces"
        sentences = {
            "compose": f"You already have {limit} {pieces} in progress. "
            "Wait for one to finish or stop one, then try again.",
            "describe": f"You already have {limit} {'file' if limit == 1 else 'files'} waiting to be described. "
            "Try again in a minute.",
            "library": f"This server already has {limit} commands waiting. Try again in a minute.",
            "train": f"This server already has {limit} trainings waiting or running. "
            "Wait for one to finish or stop one with `/train stop`, then try again.",
        }
        super().__init__(sentences[kind])


class NoWorker(Refused):
    """Raised when no live worker does jobs of this kind."""

    code = "no_worker"

    def __init__(self, kind: Kind = "compose") -> None:
        work = {
            "compose": "compose right now",
            "describe": "describe files right now",
            "library": "work on data sets and models right now",
            "train": "train right now",
        }
        super().__init__(
            f"I can’t {work[kind]}: no worker is running. Try again in a minute. If this keeps happening, tell whoever "
            "runs this bot."
        )


class InvalidRequest(Refused):
    """Raised when a field of a request has a value that the contract does not allow."""

    code = "invalid_request"


class DataSetNotReady(Refused):
    """Raised when the data set of a training does not exist or is too small."""

    code = "data_set_not_ready"


class LibraryFull(Refused):
    """Raised when a server has reached the limit of its models, in number or size."""

    code = "library_full"


class UnknownModel(Refused):
    """Raised when no live worker serves `name`; `served` are the available names."""

    code = "unknown_model"

    def __init__(self, name: str, served: Sequence[str]) -> None:
        super().__init__(f"There is no model called “{name}”. Available models: {', '.join(sorted(served))}.")


class DuplicateJob(Refused):
    """Raised when the id belongs to a different request."""

    code = "duplicate_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"The number {job_id} belongs to another request. Use the command again.")


class BackupError(JobsError):
    """Raised when a backup cannot be written, is damaged, or must not be restored here."""

    code = "backup"


class BlobGone(JobsError):
    """Raised when the file `name` has expired."""

    code = "blob_gone"

    def __init__(self, name: str) -> None:
        super().__init__(f"The file “{name}” is no longer stored. Attach it again with a new command.")


class BlobTooBig(JobsError):
    """Raised when the file `name` is larger than `limit_bytes`."""

    code = "blob_too_big"

    def __init__(self, name: str, limit_bytes: int) -> None:
        super().__init__(f"The file “{name}” is too large. The limit is {limit_bytes / 2**20:.0f} MiB.")


class UnknownJob(JobsError):
    """Raised when a job has no record, or its record has expired."""

    code = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"The request with the number {job_id} is no longer stored. Use the command again.")


class UnreadableRecord(JobsError):
    """Raised when this version cannot read a job's record; the cause is chained."""

    code = "unreadable_record"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"The request with the number {job_id} was stored by another version of Cadenza that I can’t read. Use the "
            "command again. If this keeps happening, tell whoever runs this bot."
        )


class QueueUnreachable(JobsError):
    """Raised when Redis does not answer; the cause is chained."""

    code = "board_unreachable"

    def __init__(self, sentence: str = "I can’t reach the queue right now. Try again in a minute.") -> None:
        super().__init__(sentence)


class FileStoreUnavailable(QueueUnreachable):
    """Raised when the file store cannot be read or written; handled like a Redis outage. The cause is chained."""

    code = "file_store_unavailable"

    def __init__(self) -> None:
        super().__init__("Files can't be stored or read right now. Try again in a minute.")


class StorageFull(QueueUnreachable):
    """Raised when Redis has no memory or disk space left; the cause is chained."""

    code = "storage_full"

    def __init__(self) -> None:
        super().__init__(
            "My storage is full, so I can’t take this. Try again in a few minutes. If this keeps happening, tell "
            "whoever runs this bot."
        )


def is_storage_full(error: BaseException) -> bool:
    """Whether Redis refused a write because its memory or disk is full, or its disk cannot be written."""
    is_out_of_memory = isinstance(error, redis.exceptions.OutOfMemoryError) or str(error).startswith("OOM ")
    return is_out_of_memory or (isinstance(error, redis.ResponseError) and str(error).startswith("MISCONF "))


def unreachable(error: redis.RedisError) -> QueueUnreachable:
    """Map an error of redis-py to an error of `jobs`."""
    return StorageFull() if is_storage_full(error) else QueueUnreachable()

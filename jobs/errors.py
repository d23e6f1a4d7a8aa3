"""What can go wrong in `jobs`, as one tree; nothing else is raised on purpose.

JobsError
├── Refused                the request was understood and not taken
│   ├── QueueFull          as many jobs are open as the settings allow
│   ├── TooManyOpenJobs    this member has as many open jobs as a member may
│   ├── NoWorker           no worker is alive to do it
│   ├── InvalidRequest     a field is longer, larger or other than the contract allows
│   ├── DataSetNotReady    the data set of a training is not there, or too small
│   ├── LibraryFull        the server's models are as many or as large as they may be
│   ├── UnknownModel       no live worker serves the model asked for
│   └── DuplicateJob       another request already came under this id
├── BlobGone               a file's time to live is over
├── BlobTooBig             a file exceeds the limit of the store
├── UnknownJob             there is no record under this id (any more)
├── UnreadableRecord       a record was written by a version that this one does not know
└── QueueUnreachable       Redis does not answer
    ├── StorageFull            Redis answers, and has no room left in its memory or on its disk
    └── FileStoreUnavailable   the file store cannot be read or written

Each error owns its `sentence`: what happened and what to do, fit to be shown to a member as it is.
"""

# ruff: noqa: N818 - the names say what is the case: `except QueueFull` reads as the rule it implements

from __future__ import annotations

from collections.abc import Sequence

import redis

from jobs.contract import Kind


class JobsError(Exception):
    """Root of everything `jobs` raises on purpose; `code` is a stable word, `sentence` may be shown to a person."""

    code = "jobs"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(JobsError):
    """Raised when a request is understood but not taken."""

    code = "refused"


class QueueFull(Refused):
    """Raised when `limit` jobs are open already."""

    code = "queue_full"

    def __init__(self, limit: int, kind: Kind = "compose") -> None:
        waiting = {
            "compose": f"{limit} pieces are waiting or being composed. Try again in a few minutes.",
            "library": f"{limit} commands are waiting. Try again in a minute.",
            "train": f"{limit} trainings of all servers are waiting or running. Try again later.",
        }
        super().__init__(f"The queue is full: {waiting[kind]}")


class TooManyOpenJobs(Refused):
    """Raised when the member, or the server, has `limit` open jobs already."""

    code = "too_many_open_jobs"

    def __init__(self, limit: int, kind: Kind = "compose") -> None:
        pieces = "piece" if limit == 1 else "pieces"
        sentences = {
            "compose": f"You already have {limit} {pieces} in progress. "
            "Wait for one to finish or stop one, then ask again.",
            "library": f"This server has {limit} commands waiting already. Try again in a minute.",
            "train": f"This server has {limit} trainings waiting or running already. "
            "Wait until one is done, or stop one with `/train stop`.",
        }
        super().__init__(sentences[kind])


class NoWorker(Refused):
    """Raised when no worker is alive that does such jobs."""

    code = "no_worker"

    def __init__(self, kind: Kind = "compose") -> None:
        work = {
            "compose": "to compose just now: no worker is running",
            "library": "to look after data sets and models just now: no worker that does is running",
            "train": "to train just now: no worker that trains is running",
        }
        super().__init__(
            f"Nobody is there {work[kind]}. Try again in a minute; if it stays so, tell whoever runs this bot."
        )


class InvalidRequest(Refused):
    """Raised when a field of a request is not what the contract allows."""

    code = "invalid_request"


class DataSetNotReady(Refused):
    """Raised when a training cannot learn from the data set that it names."""

    code = "data_set_not_ready"


class LibraryFull(Refused):
    """Raised when a server may have no other model, or no other version of any."""

    code = "library_full"


class UnknownModel(Refused):
    """Raised when no live worker serves `name`; `served` are the names that are."""

    code = "unknown_model"

    def __init__(self, name: str, served: Sequence[str]) -> None:
        super().__init__(f"There is no model called “{name}”. These can compose now: {', '.join(sorted(served))}.")


class DuplicateJob(Refused):
    """Raised when the id is taken by a request that says something else."""

    code = "duplicate_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Another request already came in under the number {job_id}. Ask again with a new command.")


class BlobGone(JobsError):
    """Raised when the file `name` is no longer kept."""

    code = "blob_gone"

    def __init__(self, name: str) -> None:
        super().__init__(f"The file “{name}” is no longer kept here. Attach it again with a new command.")


class BlobTooBig(JobsError):
    """Raised when the file `name` is larger than `limit_bytes`."""

    code = "blob_too_big"

    def __init__(self, name: str, limit_bytes: int) -> None:
        super().__init__(f"The file “{name}” is too big: at most {limit_bytes / 2**20:.0f} MiB can be kept.")


class UnknownJob(JobsError):
    """Raised when a job's record does not exist, or no longer."""

    code = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"Nothing is stored (any more) under the number {job_id}. Ask for it again with a new command."
        )


class UnreadableRecord(JobsError):
    """Raised when a job's record says something that this version does not know; the cause is chained."""

    code = "unreadable_record"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"What was asked for under the number {job_id} was written by another version of Cadenza, and this one "
            "cannot read it. Ask for a new piece; if it stays so, tell whoever runs this bot."
        )


class QueueUnreachable(JobsError):
    """Raised when Redis does not answer; the cause is chained."""

    code = "board_unreachable"

    def __init__(self, sentence: str = "The queue cannot be reached just now. Try again in a minute.") -> None:
        super().__init__(sentence)


class FileStoreUnavailable(QueueUnreachable):
    """Raised when the file store cannot be read or written; treated like a Redis outage. The cause is chained."""

    code = "file_store_unavailable"

    def __init__(self) -> None:
        super().__init__("Files can't be stored or read right now. Try again in a minute.")


class StorageFull(QueueUnreachable):
    """Raised when Redis has no room left in its memory or on its disk; the cause is chained."""

    code = "storage_full"

    def __init__(self) -> None:
        super().__init__(
            "There is no room left to take this. Try again in a few minutes; "
            "if it stays so, tell whoever runs this bot."
        )


def is_storage_full(error: BaseException) -> bool:
    """Whether Redis refused to write because its memory or its disk is full, or its disk cannot be written."""
    is_out_of_memory = isinstance(error, redis.exceptions.OutOfMemoryError) or str(error).startswith("OOM ")
    return is_out_of_memory or (isinstance(error, redis.ResponseError) and str(error).startswith("MISCONF "))


def unreachable(error: redis.RedisError) -> QueueUnreachable:
    """What an error of Redis means for whoever asked."""
    return StorageFull() if is_storage_full(error) else QueueUnreachable()

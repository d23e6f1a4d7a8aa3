"""The names of the Redis keys of Cadenza; RQ's own start with `rq:`."""

from __future__ import annotations

UNDELIVERED = "cadenza:undelivered"  # zset: job id -> when it was asked for; until its result is delivered
ACTIVE = "cadenza:active"  # zset: job id -> when it stops counting; until it is settled
WORKERS = "cadenza:workers"  # set of worker names, some of them dead
RECOVERY_LOCK = "cadenza:recovery"  # one process looks for lost jobs at a time


def record(job_id: str) -> str:
    """Hash: all there is to know of a job."""
    return f"cadenza:record:{job_id}"


def progress(job_id: str) -> str:
    """Stream: the job's updates."""
    return f"cadenza:progress:{job_id}"


def member(user_id: int) -> str:
    """Sorted set: a member's jobs that are not settled -> when they stop counting."""
    return f"cadenza:member:{user_id}"


def blob(digest: str) -> str:
    """String: the bytes of a file."""
    return f"cadenza:blob:{digest}"


def worker(name: str) -> str:
    """String with a short life: what a live worker says of itself."""
    return f"cadenza:worker:{name}"


def stranded(job_id: str) -> str:
    """String with a short life: since when a job hangs between the queue and a worker."""
    return f"cadenza:stranded:{job_id}"

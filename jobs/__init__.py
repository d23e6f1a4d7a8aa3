"""Jobs: the contract and the queue between the bot and the workers, both kept in Redis.

contract/    versioned plain-JSON models of requests, results and progress
client       `JobClient`: what the bot uses; async, never blocks its loop
admission    from a request to a job in its queue: validation and limits
records      `RecordStore`: opens, advances and settles the record of a job, each in one atomic step
pieces       which pieces members and servers have, and which are starred
queues       `QueueConfig` for each kind of job; `JobQueue`: RQ's queue with a fair order
progress     `ProgressReporter` for workers; `Subscription`: a job's updates from the queue to the end
recovery     finds lost jobs and gives each another attempt or its failure; `JobMonitor` for one job
registry     which workers are alive and which models they serve
blobs        files named by the SHA-256 of their bytes, in a folder or object store, with a time to live
estimates    how long jobs take, and how long one that waits has to
erasure      deletes what is kept about one member
guild_state  per server: cached names of data sets and models, the default model, the nightly training
errors       the error tree; each error holds the sentence that a member sees
settings     `JobSettings`: the address of Redis, limits, times to live; secrets from files; the Redis clients
backup       `python -m jobs backup` and `restore`: records, files and library in one archive
doctor       findings and checks that the `doctor` commands of bot and worker share
redis_checks what can be wrong with Redis
logs         logging as text or JSON, with the id of the job and without secrets
keys         the names of the Redis keys
scripts      the Lua scripts

Importing `jobs` loads nothing; its modules load redis, rq and pydantic, nothing heavier.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.client import JobClient
    from jobs.settings import JobSettings

__all__ = ["JobClient", "JobSettings"]


def __getattr__(name: str) -> Any:
    """Import the two classes when they are first asked for: render processes use `jobs.logs` and need no Redis."""
    if name not in __all__:
        raise AttributeError(f"module 'jobs' has no attribute '{name}'")
    return getattr(import_module({"JobClient": "jobs.client", "JobSettings": "jobs.settings"}[name]), name)

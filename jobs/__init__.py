"""Jobs: the contract between the bot and the workers, and the queue between them, kept in Redis.

contract/    versioned plain-JSON models: requests, results, progress
client       `JobClient`: what the bot uses; async, never blocks its loop
admission    from a request to a job in its queue: validation and limits
records      the record of each job; opened, advanced and settled in one atomic step each
queues       `QueueConfig` for each kind of job; `JobQueue`: RQ's queue with a fair order
progress     `ProgressReporter` for workers; `Subscription`: a job's updates from the queue to the end
recovery     finds lost jobs and gives each another attempt or its failure; `JobMonitor` for one job
registry     which workers are alive and which models they serve
blobs        files by the SHA-256 of their bytes, in a folder or object store, with a time to live
name_cache   names and sizes of data sets and models, told by the workers; the default model of each server
schedules    which servers want a nightly training
errors       the error tree; each error holds its sentence
settings     `JobSettings`: the address of Redis, limits, times to live
secret_files reads `*_FILE` settings: secrets kept in files
connection   Redis clients for commands and for blocking reads
keys         the names of the Redis keys
scripts      the Lua scripts

Importing it loads redis, rq and pydantic, nothing heavier.
"""

from jobs.client import JobClient
from jobs.settings import JobSettings

__all__ = ["JobClient", "JobSettings"]

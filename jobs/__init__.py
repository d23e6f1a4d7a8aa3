"""Jobs: the contract and the queue between the bot and the workers, both kept in Redis.

contract/    versioned plain-JSON models of requests, results and progress
client       `JobClient`: what the bot uses; async, never blocks its loop
admission    from a request to a job in its queue: validation and limits
records      `RecordStore`: opens, advances and settles the record of a job, each in one atomic step
queues       `QueueConfig` for each kind of job; `JobQueue`: RQ's queue with a fair order
progress     `ProgressReporter` for workers; `Subscription`: a job's updates from the queue to the end
recovery     finds lost jobs and gives each another attempt or its failure; `JobMonitor` for one job
registry     which workers are alive and which models they serve
blobs        files named by the SHA-256 of their bytes, in a folder or object store, with a time to live
guild_state  per server: cached names of data sets and models, the default model, the nightly training
errors       the error tree; each error holds the sentence that a member sees
settings     `JobSettings`: the address of Redis, limits, times to live; secrets from files; the Redis clients
doctor       findings and checks that the `doctor` commands of bot and worker share
redis_checks what can be wrong with Redis
keys         the names of the Redis keys
scripts      the Lua scripts

Importing `jobs` loads redis, rq and pydantic, nothing heavier.
"""

from jobs.client import JobClient
from jobs.settings import JobSettings

__all__ = ["JobClient", "JobSettings"]

"""What is asked and where it stands: everything the bot and the workers know of each other, kept in Redis.

contract/      the plain-JSON models that cross Redis
errors         what can go wrong, as one tree; each error owns its sentence
settings       `JobSettings`: the address of Redis, limits, times to live
board          `JobBoard`: the facade that the bot uses; async, never blocks its loop
admission      from a request to a job in its queue
following      a job's updates from the queue to the end, through restarts and outages
watching       what a follower sees for itself: place in the queue, lost workers
recovery       finds jobs whose worker died, gives each its second attempt or its failure
reporting      `Reporter`: how a worker tells how far it is
records        the record of each job; admission and settling are atomic
blobs          files by the SHA-256 of their bytes, in a folder or object store, with a time to live
registry       which workers are alive and which models they serve
lanes          what differs between the kinds of jobs: queue, limits, time
job_queue      the RQ queue of one kind: enqueue, position, withdraw, stop
library_names  the names of data sets and models, for suggestions; the model a server chose
nightly        which servers want a training every night, and of what
scripts        the Lua that makes admission and settling atomic
keys           the names of the Redis keys
connection     clients for commands and for blocking reads

Importing it pulls in redis, rq and pydantic, nothing heavier.
"""

from jobs.board import JobBoard
from jobs.settings import JobSettings

__all__ = ["JobBoard", "JobSettings"]

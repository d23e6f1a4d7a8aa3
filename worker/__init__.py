"""Does the jobs: a warm process that keeps its models in memory and takes one job after another from the queue.

__main__      `python -m worker`
settings      `WorkerSettings`
process       start, warm up, announce, work, end
warm_worker   the RQ worker: heartbeat, stop, retry and shutdown without forking
pulse         the thread that renews the signs of life and sees overdue jobs
stops         which job is to stop, and why
tasks         the functions that the queue names
commission    one job from its record to its result
choosing      which model composes when nobody named one, and why
seed_traits   what a seed is like: who plays, how metrical it is
instruments   the families that a model knows instruments by
terms         the contract's words in the model's, and back
desk          what a job needs of its process
repertoire    the models at hand, loaded when asked for; the boundary to `model`
failures      the failures a worker reports
render/       audio and picture, in a process of its own

Importing it is cheap; the model's libraries load when the process warms up.
"""

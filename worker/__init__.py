"""Does the jobs: a warm process that keeps its models in memory and takes jobs from the queue, several at a time.

__main__      `python -m worker`
settings      `WorkerSettings`
process       connect, warm up, announce, work, end
crew          the slots: RQ workers on threads, started and ended together
warm_worker   the RQ worker of one slot: heartbeat, stop, retry and shutdown without forking or signals
pulse         the thread that renews the signs of life and sees jobs that do not listen
stops         which jobs run, and which of them is to stop and why
tasks         the functions that the queue names
commission    one job from its record to its result
opening       how every job begins: with its record
choosing      which model composes when nobody named one, and why
terms         the contract's words in the model's, and back
desk          what a job needs of its process
musician      what a model that is ready to compose does
repertoire    the models in memory, loaded when asked for, let go when unused
preloading    the thread that loads models while there is nothing to do
promotion     the thread that brings new versions of the store into use
shelf         the store of bundles; the boundary to `model`
failures      the failures a worker reports
library/      errands with data sets and models
training/     trainings, each in a process of its own
render/       audio and picture, in processes of its own

Importing it is cheap; the model's libraries load when the process warms up.
"""

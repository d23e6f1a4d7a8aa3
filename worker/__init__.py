"""The worker: a process that keeps its models in memory and does jobs from the queue, several at a time.

__main__        `python -m worker`
settings        `WorkerSettings`
process         the life of the process: connect, warm up, announce, work, end
worker_pool     the slots: RQ workers on threads, started and ended together
rq_worker       the RQ worker of one slot
heartbeat       heartbeats; missed cancellations; unresponsive jobs
cancellation    which jobs run, and which of them is to stop and why
tasks           the functions that RQ's jobs name
handlers/       one handler for each kind of job, over one frame
context         what a job may use of its process
mapping         maps the contract to terms of `model` and back; failures
model_choice    which model composes when nobody named one, and why
model_cache     the models in memory; preloading; switching to new versions
model_loader    loads models from the store; the boundary to `model`
scheduler       submits nightly trainings
doctor          `python -m worker doctor`: checks the set-up and says how to mend it
background      threads that repeat one thing
metrics         what it counts and measures for Prometheus
monitoring      health and metrics over HTTP
library/        data sets and models of the servers
training_run    the folder and the child process of a training
render/         audio and pictures, in child processes

Importing it is cheap; the model's libraries load when the process warms up.
"""

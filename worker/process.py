"""The life of one worker process: connect, warm up, announce, work, end."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid

import redis

from jobs.connection import connect
from jobs.contract import WorkerInfo
from jobs.settings import JobSettings
from worker import desk as desks
from worker.desk import Desk, Studio
from worker.pulse import Pulse
from worker.repertoire import Repertoire, Shelf
from worker.settings import WorkerSettings
from worker.stops import Stops
from worker.warm_worker import WarmWorker

log = logging.getLogger(__name__)


def run(settings: WorkerSettings, job_settings: JobSettings, shelf: Shelf, studio: Studio) -> bool:
    """Work until a signal ends it; False when something else did, e.g. a Redis that stayed away.

    Raises:
        redis.ConnectionError: Redis did not answer within `redis_patience_s`.
    """
    connection = connect(job_settings)
    _wait_for_redis(connection, settings.redis_patience_s)
    repertoire, stops = Repertoire(shelf, settings.kept_models), Stops()
    repertoire.musician(settings.default_model)
    desks.lay_out(Desk(settings, job_settings, connection, repertoire, studio, stops))
    name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    worker = WarmWorker(name, connection, job_settings, stops, settings.shutdown_grace_s)
    pulse = Pulse(worker, stops, _Introduction(name, repertoire, stops), connection, job_settings)
    pulse.announce()
    pulse.start()
    log.info("worker ready: %s plays %s", name, ", ".join(model.name for model in repertoire.models))
    try:
        worker.work()
    finally:
        pulse.end()
        log.info("worker ended: %s", name)
    return worker.was_asked_to_end


class _Introduction:
    """What the worker says of itself; asked again at every beat."""

    def __init__(self, name: str, repertoire: Repertoire, stops: Stops) -> None:
        self._stops = stops
        self._said = WorkerInfo(
            name=name,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            started_at=time.time(),
            device=repertoire.device(),
            models=repertoire.models,
        )

    def __call__(self) -> WorkerInfo:
        return self._said.model_copy(update={"job_id": self._stops.running})


def _wait_for_redis(connection: redis.Redis, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.ping()
            return
        except redis.BusyLoadingError:
            log.info("Redis is loading its data")
        except redis.ConnectionError as error:
            if isinstance(error, redis.AuthenticationError) or time.monotonic() > deadline:
                raise
            log.info("waiting for Redis")
        time.sleep(0.5)

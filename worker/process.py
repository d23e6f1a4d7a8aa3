"""The life of one worker process: connect, warm up, announce, work on all slots, end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import redis

from jobs.blobs import FileSweeper
from jobs.connection import connect
from jobs.contract import WorkerInfo
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings
from worker import desk as desks
from worker.background import log_lost_threads
from worker.crew import Crew
from worker.desk import Desk, Studio
from worker.library.shelves import all_servers
from worker.preloading import Preloader
from worker.promotion import StoreWatch
from worker.pulse import Pulse
from worker.repertoire import Repertoire
from worker.settings import WorkerSettings
from worker.shelf import Shelf
from worker.stops import Stops
from worker.training.night import NightWatch

log = logging.getLogger(__name__)

ASKED, HUNG = "asked", "hung"  # why a process ends


def run(settings: WorkerSettings, job_settings: JobSettings, shelf: Shelf, studio: Studio) -> bool:
    """Work until a signal ends it; False when a job that hangs did. Call it from the main thread.

    Raises:
        redis.ConnectionError: Redis did not answer within `redis_patience_s`.
    """
    log_lost_threads()
    connection = connect(job_settings)
    _wait_for_redis(connection, settings.redis_patience_s)
    WorkerRegistry(connection, job_settings).expect(_starting(settings))
    repertoire, stops = Repertoire(shelf, settings.kept_models, settings.model_memory_mib << 20), Stops()
    if "compose" in settings.slots_of:
        repertoire.warm_up(settings.default_model)
    desks.lay_out(Desk(settings, job_settings, connection, repertoire, studio, stops))
    said = _Introduction(shelf, repertoire, stops, settings)
    crew = Crew(said.name, settings.slots_of, connection, job_settings, stops)
    endings: SimpleQueue[str] = SimpleQueue()
    pulse = Pulse(crew, stops, said, connection, job_settings, on_hung=lambda: endings.put(HUNG))
    preloader = Preloader(repertoire, settings.preload_after_s if "compose" in settings.slots_of else 0.0)
    watch = StoreWatch(shelf, repertoire, settings.store_look_s, on_change=pulse.announce)
    sweeper = FileSweeper(connection, job_settings)
    pulse.announce()
    with _signals(endings), _library_open(settings, job_settings, connection):
        crew.start()
        pulse.start()
        watch.start()
        preloader.start()
        sweeper.start()
        log.info("worker ready: %s %s", said.name, _duties(settings, repertoire, shelf))
        why = endings.get()
        log.info("worker %s ends", said.name)
        crew.end(settings.shutdown_grace_s if why == ASKED else 0.0, is_urgent=lambda: not endings.empty())
        pulse.end()
        watch.end()
        preloader.end()
        sweeper.end()
    log.info("worker ended: %s", said.name)
    return why == ASKED


def _starting(settings: WorkerSettings) -> WorkerInfo:
    """What the worker says of itself before its models are loaded, so that jobs which come meanwhile are queued."""
    return WorkerInfo(
        name=f"{socket.gethostname()}-{os.getpid()}-starting",
        hostname=socket.gethostname(),
        pid=os.getpid(),
        started_at=time.time(),
        does=tuple(settings.slots_of),
    )


@contextmanager
def _library_open(settings: WorkerSettings, job_settings: JobSettings, connection: redis.Redis) -> Iterator[None]:
    """Tell which data sets and models there are, and watch for nightly trainings, where this worker does either."""
    if "library" in settings.slots_of:
        for shelves in all_servers(settings):
            shelves.tell_names(connection)
    night = NightWatch(settings, job_settings, connection)
    if "train" in settings.slots_of:
        night.start()
    try:
        yield
    finally:
        night.end()


@contextmanager
def _signals(endings: SimpleQueue[str]) -> Iterator[None]:
    """SIGTERM and Ctrl-C as a word in `endings`, the one queue that may be written to from a signal handler."""
    wanted = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, lambda *_: endings.put(ASKED)) for one in wanted]
    try:
        yield
    finally:
        for one, handler in zip(wanted, before, strict=True):
            signal.signal(one, handler)


def _duties(settings: WorkerSettings, repertoire: Repertoire, shelf: Shelf) -> str:
    """What the worker does, in words."""
    words = []
    if "compose" in settings.slots_of:
        played = ", ".join(model.key for model in repertoire.models)
        words.append(f"plays {played}, {settings.slots} at a time, on {shelf.device()}")
    if "library" in settings.slots_of:
        words.append(f"keeps data sets and models in {settings.library}")
    if "train" in settings.slots_of:
        words.append(f"trains, {settings.training_slots} at a time")
    return "; ".join(words)


class _Introduction:
    """What the worker says of itself; asked again at every beat."""

    def __init__(self, shelf: Shelf, repertoire: Repertoire, stops: Stops, settings: WorkerSettings) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._repertoire = repertoire
        self._stops = stops
        self._said = WorkerInfo(
            name=self.name,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            started_at=time.time(),
            device=shelf.device(),
            slots=settings.slots,
            does=tuple(settings.slots_of),
            remarks=shelf.remarks(),
        )

    def __call__(self) -> WorkerInfo:
        job_ids = tuple(run.job_id for run in self._stops.running)
        now = {"job_id": next(iter(job_ids), None), "job_ids": job_ids, "models": self._repertoire.models}
        return self._said.model_copy(update=now)


def _wait_for_redis(connection: redis.Redis, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.ping()
            return
        except redis.BusyLoadingError:
            log.info("Redis is loading its data")
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if isinstance(error, redis.AuthenticationError) or time.monotonic() > deadline:
                raise
            log.info("waiting for Redis")
        time.sleep(0.5)

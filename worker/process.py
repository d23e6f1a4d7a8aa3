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

from jobs.contract import WorkerInfo
from jobs.errors import is_storage_full
from jobs.pieces import PieceSweeper
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings, connect
from worker.background import log_lost_threads
from worker.cancellation import Cancellations
from worker.context import RenderService, WorkerContext, set_context
from worker.heartbeat import Heartbeat
from worker.library.server_library import all_servers
from worker.model_cache import ModelCache, Preloader, StoreWatcher
from worker.model_loader import ModelLoader
from worker.monitoring import WorkerStateCollector, is_registered, monitored
from worker.scheduler import NightlyScheduler
from worker.settings import WorkerSettings
from worker.worker_pool import WorkerPool

log = logging.getLogger(__name__)

ASKED, HUNG = "asked", "hung"  # why the process ends


def run(settings: WorkerSettings, job_settings: JobSettings, loader: ModelLoader, renderer: RenderService) -> bool:
    """Work until a signal ends it; False when a job that hangs did. Call it from the main thread.

    Raises:
        redis.ConnectionError: Redis did not answer within `redis_patience_s`.
        PortTakenError: the port for health and metrics is taken.
    """
    log_lost_threads()
    connection = connect(job_settings)
    _wait_for_redis(connection, settings.redis_patience_s)
    cache, cancellations = ModelCache(loader, settings.kept_models, settings.model_memory_mib << 20), Cancellations()
    if "compose" in settings.slots_of:
        cache.warm_up(settings.default_model)
    set_context(WorkerContext(settings, job_settings, connection, cache, renderer, cancellations))
    describe = _Description(loader, cache, cancellations, settings)
    pool = WorkerPool(describe.name, settings.slots_of, connection, job_settings, cancellations)
    endings: SimpleQueue[str] = SimpleQueue()
    heartbeat = Heartbeat(pool, cancellations, describe, connection, job_settings, on_hung=lambda: endings.put(HUNG))
    preloader = Preloader(cache, settings.preload_after_s if "compose" in settings.slots_of else 0.0)
    watcher = StoreWatcher(loader, cache, settings.store_look_s, on_change=heartbeat.announce)
    sweeper = PieceSweeper(connection, job_settings)
    registry = WorkerRegistry(connection, job_settings)
    state = WorkerStateCollector(settings, cache, cancellations, connection, job_settings)
    with _tolerating_full_storage():
        heartbeat.announce()
    with (
        _signals(endings),
        _library_open(settings, job_settings, connection),
        monitored(
            settings, job_settings, state, lambda: heartbeat.is_well, lambda: is_registered(registry, describe.name)
        ),
    ):
        pool.start()
        heartbeat.start()
        watcher.start()
        preloader.start()
        sweeper.start()
        log.info("worker ready: %s %s", describe.name, _duties(settings, cache, loader))
        why = endings.get()
        log.info("worker %s ends", describe.name)
        pool.end(settings.shutdown_grace_s if why == ASKED else 0.0, is_urgent=lambda: not endings.empty())
        heartbeat.end()
        watcher.end()
        preloader.end()
        sweeper.end()
    log.info("worker ended: %s", describe.name)
    return why == ASKED


def announce_start(settings: WorkerSettings, job_settings: JobSettings) -> None:
    """Publish that a worker is starting, so that jobs submitted while it loads its models are queued.

    Raises:
        redis.ConnectionError: Redis did not answer within `redis_patience_s`.
    """
    connection = connect(job_settings)
    _wait_for_redis(connection, settings.redis_patience_s)
    starting = WorkerInfo(
        name=f"{socket.gethostname()}-{os.getpid()}-starting",
        hostname=socket.gethostname(),
        pid=os.getpid(),
        started_at=time.time(),
        does=tuple(settings.slots_of),
    )
    with _tolerating_full_storage():
        WorkerRegistry(connection, job_settings).expect(starting)
    connection.close()


@contextmanager
def _tolerating_full_storage() -> Iterator[None]:
    """Log instead of raise when Redis has no room for the worker's description; the heartbeat repeats it."""
    try:
        yield
    except redis.ResponseError as error:
        if not is_storage_full(error):
            raise
        log.error("the worker cannot be announced: Redis has no room left: %s", error)


@contextmanager
def _library_open(settings: WorkerSettings, job_settings: JobSettings, connection: redis.Redis) -> Iterator[None]:
    """Publish the names of data sets and models, and submit nightly trainings, if this worker does either."""
    if "library" in settings.slots_of:
        with _tolerating_full_storage():
            for server in all_servers(settings):
                server.tell_names(connection)
    scheduler = NightlyScheduler(settings, job_settings, connection)
    if "train" in settings.slots_of:
        scheduler.start()
    try:
        yield
    finally:
        scheduler.end()


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


def _duties(settings: WorkerSettings, cache: ModelCache, loader: ModelLoader) -> str:
    """What the worker does, in words."""
    words = []
    if "compose" in settings.slots_of:
        played = ", ".join(model.key for model in cache.models)
        words.append(f"plays {played}, {settings.slots} at a time, on {loader.device()}")
    if "library" in settings.slots_of:
        words.append(f"keeps data sets and models in {settings.library}")
    if "train" in settings.slots_of:
        words.append(f"trains, {settings.training_slots} at a time")
    return "; ".join(words)


class _Description:
    """The worker's description; renewed at every heartbeat."""

    def __init__(
        self, loader: ModelLoader, cache: ModelCache, cancellations: Cancellations, settings: WorkerSettings
    ) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._cache = cache
        self._cancellations = cancellations
        self._description = WorkerInfo(
            name=self.name,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            started_at=time.time(),
            device=loader.device(),
            slots=settings.slots,
            does=tuple(settings.slots_of),
            remarks=loader.remarks(),
        )

    def __call__(self) -> WorkerInfo:
        job_ids = tuple(run.job_id for run in self._cancellations.running)
        now = {"job_id": next(iter(job_ids), None), "job_ids": job_ids, "models": self._cache.models}
        return self._description.model_copy(update=now)


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

"""A worker's health and metrics over HTTP, for Prometheus and for whatever restarts it; off unless a port is set.

`GET /health/live` answers 200 while the heartbeat thread runs and no job hangs, `GET /health/ready` while Redis knows
this worker as alive, `GET /metrics` in Prometheus' text format. Other paths are 404.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs.queues import KINDS, JobQueue, queue_config
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings
from worker.cancellation import Cancellations
from worker.model_cache import ModelCache
from worker.settings import WorkerSettings

log = logging.getLogger(__name__)

Checks = dict[str, bool]


class PortTakenError(Exception):
    """Raised when the port of health and metrics cannot be listened on; `sentence` says what to do."""

    def __init__(self, port: int, reason: str) -> None:
        self.sentence = (
            f"CADENZA_WORKER_METRICS_PORT: port {port} cannot be listened on ({reason}). Give another, or 0 for none."
        )
        super().__init__(self.sentence)


class WorkerStateCollector(Collector):
    """Reads slots, models and queues at the moment Prometheus asks."""

    def __init__(
        self,
        settings: WorkerSettings,
        cache: ModelCache,
        cancellations: Cancellations,
        connection: redis.Redis,
        job_settings: JobSettings,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._cancellations = cancellations
        self._queues = {kind: JobQueue(connection, job_settings, queue_config(kind, job_settings)) for kind in KINDS}

    def collect(self) -> Iterator[Metric]:
        """The gauges; those of the queues are left out while Redis does not answer."""
        slots = GaugeMetricFamily("cadenza_slots", "Jobs that this worker does at a time", labels=["kind"])
        busy = GaugeMetricFamily("cadenza_slots_in_use", "Jobs that this worker does now", labels=["kind"])
        kinds = [run.kind for run in self._cancellations.running]
        for kind, number in self._settings.slots_of.items():
            slots.add_metric([kind], number)
            busy.add_metric([kind], kinds.count(kind))
        loaded, used = self._cache.size
        yield from (
            slots,
            busy,
            GaugeMetricFamily("cadenza_models_loaded", "Models in memory", loaded),
            GaugeMetricFamily("cadenza_model_memory_bytes", "Their size, about", used),
        )
        depth = GaugeMetricFamily("cadenza_queue_depth", "Jobs that wait, of all workers", labels=["kind"])
        try:
            for kind, queue in self._queues.items():
                depth.add_metric([kind], queue.rq.count)
        except redis.RedisError as error:
            log.debug("the queues cannot be counted: %s", error)
            up = 0
        else:
            up = 1
            yield depth
        yield GaugeMetricFamily("cadenza_redis_up", "Whether Redis answers this process", up)


@contextmanager
def monitored(
    settings: WorkerSettings,
    job_settings: JobSettings,
    collector: WorkerStateCollector,
    is_live: Callable[[], bool],
    is_ready: Callable[[], Checks],
) -> Iterator[None]:
    """Answer on `settings.metrics_port` while inside; 0 = do not listen.

    Args:
        settings: of the worker.
        job_settings: of the host to listen on.
        collector: registered with Prometheus while inside.
        is_live: whether the process works at all.
        is_ready: what must hold for it to get jobs, by name.

    Raises:
        PortTakenError: the port cannot be listened on.
    """
    if settings.metrics_port == 0:
        yield
        return
    routes = {
        "/metrics": lambda: (200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY)),
        "/health/live": lambda: _checked({"live": is_live()}),
        "/health/ready": lambda: _checked(is_ready()),
    }
    try:
        server = ThreadingHTTPServer((job_settings.metrics_host, settings.metrics_port), _handler(routes))
    except OSError as error:
        raise PortTakenError(settings.metrics_port, error.strerror or str(error)) from error
    server.daemon_threads = True
    REGISTRY.register(collector)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    try:
        yield
    finally:
        REGISTRY.unregister(collector)
        server.shutdown()
        server.server_close()


def is_registered(registry: WorkerRegistry, name: str) -> Checks:
    """Whether Redis answers, and knows the worker `name` as alive."""
    try:
        return {"redis": True, "heartbeat": any(worker.name == name for worker in registry.workers())}
    except redis.RedisError:
        return {"redis": False, "heartbeat": False}


Answer = tuple[int, str, bytes]


def _checked(parts: Checks) -> Answer:
    return 200 if all(parts.values()) else 503, "application/json", json.dumps(parts).encode()


def _handler(routes: dict[str, Callable[[], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0

        def do_GET(self) -> None:
            route = routes.get(self.path.partition("?")[0])
            status, kind, body = route() if route else (404, "text/plain", b"There is nothing at this address.\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            """Log no requests: they come every few seconds."""

    return Handler

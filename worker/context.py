"""What a job may use of the process that runs it. RQ calls plain functions, so the process sets its context once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import redis

from jobs.blobs import BlobStore
from jobs.contract import JobId
from jobs.progress import ProgressReporter
from jobs.settings import JobSettings
from worker.cancellation import Cancellations
from worker.metrics import CountingReporter
from worker.model_cache import ModelCache
from worker.render import Rendering
from worker.settings import WorkerSettings


class RenderService(Protocol):
    """Renders audio and picture of a piece: see `worker.render.RenderPool`."""

    def render(
        self,
        midi_bytes: bytes,
        seed_s: float,
        title: str,
        timeout_s: float,
        owner: str = "",
        should_stop: Callable[[], bool] = lambda: False,
        wanted: Collection[str] | None = None,
    ) -> Rendering:
        """What is `wanted` of audio and picture (None: both), within `timeout_s` seconds; an error becomes a remark."""


@dataclass(frozen=True)
class WorkerContext:
    """The settings, connection, models and renderer of one worker process, shared by its slots."""

    settings: WorkerSettings
    job_settings: JobSettings
    connection: redis.Redis
    model_cache: ModelCache
    renderer: RenderService
    cancellations: Cancellations

    @property
    def blobs(self) -> BlobStore:
        """The files of all jobs."""
        return BlobStore(self.connection, self.job_settings)

    def reporter(self, job_id: JobId) -> ProgressReporter:
        """The progress reporter of one job."""
        return CountingReporter(job_id, self.connection, self.job_settings)


_current: list[WorkerContext] = []


def set_context(context: WorkerContext) -> None:
    """Make `context` the one of this process."""
    _current[:] = [context]


def current_context() -> WorkerContext:
    """The context of this process.

    Raises:
        LookupError: none is set, so this is no worker process.
    """
    if not _current:
        raise LookupError("no context is set: jobs run in the process that `python -m worker` starts")
    return _current[0]

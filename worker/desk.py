"""What a job needs of the process that does it. RQ calls plain functions, so the process lays it out once here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import redis

from jobs.blobs import BlobStore
from jobs.contract import JobId
from jobs.progress import ProgressReporter
from jobs.settings import JobSettings
from worker.render import Rendering
from worker.repertoire import Repertoire
from worker.settings import WorkerSettings
from worker.stops import Stops


class Studio(Protocol):
    """Makes a piece audible and visible: see `worker.render.RenderPool`."""

    def render(
        self,
        midi_bytes: bytes,
        seed_s: float,
        title: str,
        timeout_s: float,
        owner: str = "",
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Rendering:
        """Audio and picture of a MIDI file, within `timeout_s` seconds; a fault becomes a remark."""


@dataclass(frozen=True)
class Desk:
    """The connections, models and studio of one worker process, shared by its slots."""

    settings: WorkerSettings
    job_settings: JobSettings
    connection: redis.Redis
    repertoire: Repertoire
    studio: Studio
    stops: Stops

    @property
    def blobs(self) -> BlobStore:
        """The files of all jobs."""
        return BlobStore(self.connection, self.job_settings)

    def reporter(self, job_id: JobId) -> ProgressReporter:
        """How to report on one job."""
        return ProgressReporter(job_id, self.connection, self.job_settings)


_laid_out: list[Desk] = []


def lay_out(desk: Desk) -> None:
    """Make `desk` the one of this process."""
    _laid_out[:] = [desk]


def current() -> Desk:
    """The desk of this process.

    Raises:
        LookupError: none was laid out, so this is no worker process.
    """
    if not _laid_out:
        raise LookupError("no desk is laid out: jobs run in the process that `python -m worker` starts")
    return _laid_out[0]

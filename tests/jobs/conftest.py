"""A job_client, and a worker that is only said to be there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

import pytest
import redis

from jobs import JobClient, JobSettings, progress
from jobs.contract import BlobRef, ComposeResult, ModelInfo, WorkerInfo
from jobs.registry import WorkerRegistry


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Followers look for themselves after a tenth of the time that they leave to the stream elsewhere."""
    monkeypatch.setattr(progress, "LOOK_WAITING_S", progress.LOOK_WAITING_S / 10)
    monkeypatch.setattr(progress, "LOOK_RUNNING_S", progress.LOOK_RUNNING_S / 10)


@pytest.fixture
def settings(valkey) -> JobSettings:
    return JobSettings(adrift_limit_s=0.5)


@pytest.fixture
async def job_client(settings) -> AsyncIterator[JobClient]:
    job_client = JobClient(settings)
    yield job_client
    await job_client.close()


@pytest.fixture
def introduce() -> Callable[[redis.Redis, JobSettings], None]:
    """Says that a worker is alive, as its pulse would; no process takes the jobs."""

    def introduce(client: redis.Redis, settings: JobSettings) -> None:
        models = (ModelInfo(name="piano", version="1", title="Piano", default=True),)
        worker = WorkerInfo(name="w", hostname="h", pid=1, started_at=time.time(), models=models)
        WorkerRegistry(client, settings).publish(worker)

    return introduce


@pytest.fixture
def a_worker(introduce, valkey, settings) -> None:
    introduce(valkey.client, settings)


@pytest.fixture
def result() -> Callable[[str], ComposeResult]:
    def build(job_id: str) -> ComposeResult:
        midi = BlobRef(digest="0" * 64, size=4, name="a.mid", content_type="audio/midi")
        parts = {"midi": midi, "audio": None, "picture": None, "model": "piano", "model_version": "1"}
        return ComposeResult(job_id=job_id, notes=1, duration_s=1, seed_s=0, random_seed=1, **parts)

    return build

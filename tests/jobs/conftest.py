"""A board, a worker that is only said to be there, and requests."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from itertools import count

import pytest
import redis

from jobs import JobBoard, JobSettings
from jobs.contract import BlobRef, ComposeRequest, ComposeResult, Delivery, ModelInfo, WorkerInfo
from jobs.registry import WorkerRegistry


@pytest.fixture
def settings(valkey) -> JobSettings:
    return JobSettings(adrift_limit_s=0.5)


@pytest.fixture
async def board(settings) -> AsyncIterator[JobBoard]:
    board = JobBoard(settings)
    yield board
    await board.close()


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
def ask() -> Callable[..., tuple[ComposeRequest, Delivery]]:
    numbers = count(1)

    def build(**wishes: object) -> tuple[ComposeRequest, Delivery]:
        job_id = f"job-{next(numbers)}"
        request = ComposeRequest(job_id=job_id, requester_id=7, channel_id=5, **{"random_seed": 1, **wishes})
        token = {"interaction_token": "very-secret", "token_expires_at": time.time() + 900}
        return request, Delivery(application_id=1, channel_id=5, user_id=7, **token)

    return build


@pytest.fixture
def result() -> Callable[[str], ComposeResult]:
    def build(job_id: str) -> ComposeResult:
        midi = BlobRef(digest="0" * 64, size=4, name="a.mid", content_type="audio/midi")
        parts = {"midi": midi, "audio": None, "picture": None, "model": "piano", "model_version": "1"}
        return ComposeResult(job_id=job_id, notes=1, duration_s=1, seed_s=0, random_seed=1, **parts)

    return build

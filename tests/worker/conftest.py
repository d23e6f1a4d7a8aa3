"""Real worker processes over the real server, started and killed by the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from jobs import JobClient, JobSettings
from tests.worker import untrained
from tests.worker.play_worker import HOLD
from tests.worker.processes import WorkerProcess


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory) -> str:
    """A store with two untrained bundles."""
    folder = str(tmp_path_factory.mktemp("store"))
    untrained.publish(folder, "piano", "performance", ("waltz",))
    untrained.publish(folder, "band", "score", ("waltz",))
    return folder


@pytest.fixture
def start_worker(valkey, tmp_path, monkeypatch) -> Iterator[Callable[..., WorkerProcess]]:
    """Starts worker processes that take each other for dead after two seconds; ends what is left of them.

    The one of `play_worker`, or what the words of a command say.
    """
    monkeypatch.setenv("PLAY_FOLDER", str(tmp_path))
    monkeypatch.setenv("CADENZA_JOBS_LIVENESS_S", "2")
    monkeypatch.setenv("CADENZA_JOBS_ADRIFT_LIMIT_S", "2")
    started: list[WorkerProcess] = []

    def start(*command: str) -> WorkerProcess:
        started.append(WorkerProcess(tmp_path / f"worker-{len(started)}.log", *command))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()


@pytest.fixture
def let_go(tmp_path) -> Callable[[], None]:
    """Holds every piece that a `play_worker` begins after its first notes; lets them go on when it is called."""
    sign = tmp_path / HOLD
    sign.touch()
    return sign.unlink


@pytest.fixture
async def open_client(start_worker) -> AsyncIterator[Callable[..., JobClient]]:
    """Opens boards with settings of one's own."""
    opened: list[JobClient] = []

    def open_one(**settings: object) -> JobClient:
        opened.append(JobClient(JobSettings(**settings)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for job_client in opened:
        await job_client.close()


@pytest.fixture
async def job_client(open_client) -> JobClient:
    return open_client()

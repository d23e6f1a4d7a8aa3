"""Real worker processes over the real server, started and killed by the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from jobs import JobBoard, JobSettings
from tests.worker.processes import WorkerProcess


@pytest.fixture
def start_worker(valkey, tmp_path, monkeypatch) -> Iterator[Callable[[], WorkerProcess]]:
    """Starts worker processes that take each other for dead after two seconds; ends what is left of them."""
    monkeypatch.setenv("PLAY_FOLDER", str(tmp_path))
    monkeypatch.setenv("CADENZA_JOBS_LIVENESS_S", "2")
    monkeypatch.setenv("CADENZA_JOBS_ADRIFT_LIMIT_S", "2")
    started: list[WorkerProcess] = []

    def start() -> WorkerProcess:
        started.append(WorkerProcess(tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()


@pytest.fixture
async def open_board(start_worker) -> AsyncIterator[Callable[..., JobBoard]]:
    """Opens boards with settings of one's own."""
    opened: list[JobBoard] = []

    def open_one(**settings: object) -> JobBoard:
        opened.append(JobBoard(JobSettings(**settings)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for board in opened:
        await board.close()


@pytest.fixture
async def board(open_board) -> JobBoard:
    return open_board()

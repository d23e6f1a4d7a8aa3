"""Real worker processes over the real server, started and killed by the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count

import pytest

from jobs import JobBoard, JobSettings
from jobs.contract import ComposeRequest, Delivery
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


@pytest.fixture
def ask() -> Callable[..., tuple[ComposeRequest, Delivery]]:
    """Builds requests with ids that do not repeat; 30 s of music take the play musician 0.3 s."""
    numbers = count(1)

    def build(**wishes: object) -> tuple[ComposeRequest, Delivery]:
        user = int(wishes.pop("user", 7))  # type: ignore[call-overload]
        job_id = str(wishes.pop("job_id", f"job-{next(numbers)}"))
        request = ComposeRequest(
            job_id=job_id, requester_id=user, channel_id=5, **{"random_seed": 1, "length_s": 30, **wishes}
        )
        delivery = Delivery(
            application_id=1, interaction_token="t", token_expires_at=0, channel_id=5, user_id=user, private=False
        )
        return request, delivery

    return build

"""Real worker processes over the real server, started and killed by the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from jobs import JobBoard, JobSettings
from tests.worker.play_worker import HOLD
from tests.worker.processes import WorkerProcess

TINY_STORE = """
import sys
import keras
from model.bundles import BundleStore, Card, pack
from model.network import NetworkConfig, NoteNetwork
store = BundleStore(sys.argv[1])
card = Card(title="Tiny", description="untrained", data="none", licence="MIT")
for name, representation in (("piano", "performance"), ("band", "score")):
    keras.utils.set_random_seed(1)
    network = NoteNetwork(NetworkConfig(units=16, layers=1, representation=representation, styles=("waltz",)))
    store.point(name, store.add(name, pack(network, card, name, [])))
"""


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory) -> str:
    """A store with two untrained bundles, made in a process of its own: TensorFlow stays out of this one."""
    folder = tmp_path_factory.mktemp("store")
    subprocess.run([sys.executable, "-c", TINY_STORE, str(folder)], check=True, timeout=120)
    return str(folder)


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

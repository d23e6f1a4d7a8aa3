"""Starts the whole system and ends it: the Redis server, a worker, the bot, and (without a token) a local Discord."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sandbox.redis_server import check_answers, embedded_server
from sandbox.server.app import LocalDiscord, PortInUseError
from sandbox.settings import inherited_environment
from sandbox.supervised_process import ProcessSpec, StartError, SupervisedProcess

Say = Callable[[str], None]

WORKER_READY, BOT_READY = "worker ready", "bot ready"
REDIS_END_S = 1.0
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Commands:
    """The command lines of the worker and of the bot; tests replace them."""

    worker: Sequence[str] = (sys.executable, "-m", "worker")
    bot: Sequence[str] = (sys.executable, "-m", "bot")


@dataclass(frozen=True)
class System:
    """A running system: the address of the chat page (None on the real Discord) and the seconds it took to start."""

    url: str | None
    start_s: float
    processes: tuple[SupervisedProcess, ...]

    async def wait(self) -> None:
        """Wait until the system is ended.

        Raises:
            SupervisionError: one of its processes cannot be kept running.
        """
        await asyncio.gather(*(process.wait() for process in self.processes))


@asynccontextmanager
async def running_system(
    state: Path,
    port: int = 0,
    discord_token: str | None = None,
    redis_url: str | None = None,
    say: Say = print,
    commands: Commands | None = None,
) -> AsyncIterator[System]:
    """The whole system, ready, for the time of the context: on the real Discord with `discord_token`, else a local one.

    `port` is the wanted port of the chat page (0: any free one). Without `redis_url` a Redis server is started.

    Raises:
        StartError: a part did not start; what had started is ended again.
    """
    began = time.monotonic()
    commands = commands or Commands()
    async with AsyncExitStack() as stack:
        stack.enter_context(_exclusive(state))
        processes = _Processes(stack, state / "log")
        own_state = state if discord_token else _emptied(state / "local")
        redis_url, passwords = await _redis(processes, own_state, redis_url)
        environment = {"CADENZA_FILES": str((own_state / "files").absolute()), **_environment(redis_url)}
        url, token = None, discord_token
        bot_environment = dict(environment)
        if token is None:
            local = LocalDiscord()
            url, token = await _serve(stack, local, port, say), local.state.bot_token
            bot_environment |= {
                "CADENZA_DISCORD_API": local.api_url,
                "CADENZA_DISCORD_GATEWAY": local.gateway.url,
                "CADENZA_STATE": str(own_state),
            }
        bot_environment["DISCORD_TOKEN"] = token
        # the library keeps its data sets and models when the local Discord forgets everything else
        worker_environment = {"CADENZA_LIBRARY": str(state / "library"), **environment}
        secrets = (token, *passwords)
        worker = ProcessSpec("worker", commands.worker, WORKER_READY, worker_environment, secrets=secrets)
        bot = ProcessSpec("bot", commands.bot, BOT_READY, bot_environment, secrets=secrets)
        await processes.start_together(worker, bot)
        yield System(url, time.monotonic() - began, tuple(processes.all))


async def _redis(processes: _Processes, state: Path, redis_url: str | None) -> tuple[str, Sequence[str]]:
    """The URL of the Redis server, started if need be, and its password in all spellings."""
    if redis_url is not None:
        await check_answers(redis_url)
        quoted = urlsplit(redis_url).password
        return redis_url, sorted({quoted, unquote(quoted)}) if quoted else ()
    with _writing(state):
        spec, url = embedded_server(state / "valkey")
    await processes.start(spec, REDIS_END_S)
    return url, spec.secrets


async def _serve(stack: AsyncExitStack, local: LocalDiscord, port: int, say: Say) -> str:
    try:
        found = await stack.enter_async_context(local.serving(port))
    except PortInUseError as error:
        raise StartError(f"{error} Name another with --port.") from error
    if port not in (0, found):
        say(f"port {port} is taken, so the page is on {found}")
    return local.url


class _Processes:
    """Child processes; leaving the stack ends them, the last started first."""

    def __init__(self, stack: AsyncExitStack, log_folder: Path) -> None:
        self._stack = stack
        self._log_folder = log_folder
        self.all: list[SupervisedProcess] = []

    async def start(self, spec: ProcessSpec, end_limit_s: float) -> None:
        process = SupervisedProcess(spec, self._log_folder)
        self.all.append(process)
        self._stack.push_async_callback(process.end, end_limit_s)
        await process.start()

    async def start_together(self, *specs: ProcessSpec) -> None:
        """Start several at once; they also end at once."""
        processes = [SupervisedProcess(spec, self._log_folder) for spec in specs]
        self.all += processes

        async def end_all() -> None:
            await asyncio.gather(*(process.end() for process in processes))

        self._stack.push_async_callback(end_all)
        tasks = [asyncio.ensure_future(process.start()) for process in processes]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _environment(redis_url: str) -> dict[str, str]:
    inherited = inherited_environment()
    paths = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "REDIS_URL": redis_url, "PYTHONPATH": os.pathsep.join(paths)}


@contextmanager
def _exclusive(state: Path) -> Iterator[None]:
    """Lock the state folder: two systems in one would mix their queues.

    Raises:
        StartError: another system uses it, or it cannot be written.
    """
    with _writing(state):
        state.mkdir(parents=True, exist_ok=True)
        lock = (state / "sandbox.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(
                f"Another system already runs with the state folder {state}. End it, or set CADENZA_STATE to another."
            ) from error
        yield


def _emptied(folder: Path) -> Path:
    """The folder, empty: the local Discord forgets everything when it ends, so the bot and the queue must as well."""
    with _writing(folder):
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    return folder


@contextmanager
def _writing(state: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartError(
            f"The state folder {state} cannot be written: {error.strerror}. Set CADENZA_STATE to another."
        ) from error

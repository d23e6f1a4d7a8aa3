"""Starts the whole system and ends it: the queue's server, a worker, the bot, and (without a token) a local Discord."""

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
from urllib.parse import urlsplit

from sandbox import valkey
from sandbox.child import Child, Program
from sandbox.errors import StartError
from sandbox.local_discord import LocalDiscord
from sandbox.settings import inherited_environment

Say = Callable[[str], None]

WORKER_LINE, BOT_LINE = "worker ready", "bot ready"
VALKEY_END_S = 1.0
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Commands:
    """What is run as worker and as bot; tests put stand-ins here."""

    worker: Sequence[str] = (sys.executable, "-m", "worker")
    bot: Sequence[str] = (sys.executable, "-m", "bot")


@dataclass(frozen=True)
class System:
    """A running system: the page's address (None on the real Discord) and the seconds it took to start."""

    url: str | None
    start_s: float
    children: tuple[Child, ...]


@asynccontextmanager
async def running_system(
    state: Path,
    port: int = 0,
    discord_token: str | None = None,
    redis_url: str | None = None,
    say: Say = print,
    commands: Commands | None = None,
) -> AsyncIterator[System]:
    """The whole system, ready, while inside. With `discord_token` on the real Discord, else on a local one.

    Raises:
        StartError: a part did not start; everything is ended again.
    """
    began = time.monotonic()
    commands = commands or Commands()
    async with AsyncExitStack() as stack:
        stack.enter_context(_only_one(state))
        children = _Children(stack, state / "log")
        own_state = state if discord_token else _fresh(state / "local")
        redis_url, password = await _queue(children, own_state, redis_url, say)
        environment = {"CADENZA_FILES": str((own_state / "files").absolute()), **_environment(redis_url)}
        url, token = None, discord_token
        of_bot: dict[str, str] = {}
        if token is None:
            local = LocalDiscord()
            found = await stack.enter_async_context(local.serving(port))
            url, token = local.url, local.world.bot_token
            if port not in (0, found):
                say(f"port {port} is taken, so the page is on {found}")
            of_bot = {"CADENZA_DISCORD_API": local.api_url, "CADENZA_DISCORD_GATEWAY": local.gateway.url}
            of_bot["CADENZA_STATE"] = str(own_state)
        secrets = tuple(one for one in (token, password) if one)
        of_bot |= {**environment, **of_bot, "DISCORD_TOKEN": token}
        of_worker = {"CADENZA_LIBRARY": str(state / "library"), **environment}  # outlives the local Discord's own state
        worker = Program("worker", commands.worker, WORKER_LINE, of_worker, secrets=secrets)
        bot = Program("bot", commands.bot, BOT_LINE, of_bot, secrets=secrets)
        await children.start_together(worker, bot)
        yield System(url, time.monotonic() - began, tuple(children.all))


async def _queue(children: _Children, state: Path, redis_url: str | None, say: Say) -> tuple[str, str]:
    """The URL of the queue's server, started if need be, and its password."""
    if redis_url is not None:
        await valkey.check_answers(redis_url)
        return redis_url, urlsplit(redis_url).password or ""
    program, url = valkey.embedded(state / "valkey")
    await children.start(program, VALKEY_END_S)
    return url, program.secrets[0]


class _Children:
    """Children that are ended, the youngest first, when the stack is left."""

    def __init__(self, stack: AsyncExitStack, log_folder: Path) -> None:
        self._stack = stack
        self._log_folder = log_folder
        self.all: list[Child] = []

    async def start(self, program: Program, end_limit_s: float) -> None:
        child = Child(program, self._log_folder)
        self.all.append(child)
        self._stack.push_async_callback(child.end, end_limit_s)
        await child.start()

    async def start_together(self, *programs: Program) -> None:
        """Start several at once; they are also ended at once."""
        made = [Child(program, self._log_folder) for program in programs]
        self.all += made

        async def end_all() -> None:
            await asyncio.gather(*(child.end() for child in made))

        self._stack.push_async_callback(end_all)
        tasks = [asyncio.ensure_future(child.start()) for child in made]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _environment(redis_url: str) -> dict[str, str]:
    inherited = inherited_environment()
    places = [str(_ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "REDIS_URL": redis_url, "PYTHONPATH": os.pathsep.join(places)}


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Hold the state folder: two systems in one would mix their queues.

    Raises:
        StartError: another system uses it, or it cannot be written.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = (state / "sandbox.lock").open("w")
    except OSError as error:
        raise StartError(
            f"The state folder {state} cannot be written: {error.strerror}. Set CADENZA_STATE to another."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(
                f"Another system already runs with the state folder {state}. End it, or set CADENZA_STATE to another."
            ) from error
        yield


def _fresh(folder: Path) -> Path:
    """An empty folder: the local Discord forgets everything at its end, so nothing may remember it either."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder

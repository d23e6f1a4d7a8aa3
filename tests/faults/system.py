"""A bot, two workers and a Valkey as real processes at a local Discord; all of them come back after they are killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import redis

from sandbox.server.app import LocalDiscord
from tests.conftest import MortalValkey

ROOT = Path(__file__).resolve().parents[2]
READY_LIMIT_S = 60.0
DOWN_S = 0.3  # before a process that ended is started again


class RestartedProcess:
    """A process that is started again whenever it ends, until `end`; its log goes to a file."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._command, self._environment = command, environment
        self.log = folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.starts = 0

    async def start(self) -> None:
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            with self.log.open("a") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, cwd=ROOT, env=self._environment, stderr=log, stdout=log
                )
            self.starts += 1
            await self._process.wait()
            await asyncio.sleep(DOWN_S)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; harmless when the process is down."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def until_says(self, words: str) -> None:
        async with asyncio.timeout(READY_LIMIT_S):
            while not self.log.exists() or words not in self.log.read_text():  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)

    async def end(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self.send(signal.SIGCONT)
        self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()


class BreakableSystem:
    """Everything that runs, and the ways to break it; `valkey` may be killed and comes back over what it kept."""

    def __init__(self, discord: LocalDiscord, valkey: MortalValkey, folder: Path) -> None:
        self.discord, self.valkey = discord, valkey
        environment = {
            "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT),
            "REDIS_URL": valkey.server.url,
            "CADENZA_FILES": str(folder / "files"), "CADENZA_LIBRARY": str(folder / "library"),
            "PLAY_FOLDER": str(folder), "DISCORD_TOKEN": discord.state.bot_token,
            "CADENZA_DISCORD_API": discord.api_url, "CADENZA_DISCORD_GATEWAY": discord.gateway.url,
            "CADENZA_STATE": str(folder / "state"), "CADENZA_WORKER_DOES": "compose", "CADENZA_WORKER_SLOTS": "4",
            "CADENZA_JOBS_LIVENESS_S": "2", "CADENZA_JOBS_ADRIFT_LIMIT_S": "2", "CADENZA_JOBS_RETRIES": "5",
            "CADENZA_JOBS_MEMBER_OPEN_JOBS_LIMIT": "50", "CADENZA_JOBS_OPEN_JOBS_LIMIT": "500",
        }  # fmt: skip
        player = str(ROOT / "tests" / "worker" / "play_worker.py")
        self.bot = RestartedProcess("bot", [sys.executable, "-m", "bot"], environment, folder)
        self.workers = [
            RestartedProcess(f"worker-{number}", [sys.executable, player], environment, folder) for number in range(2)
        ]
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[BreakableSystem]:
        """Everything, ready; nothing of it is left afterwards."""
        async with aiohttp.ClientSession() as self._session:
            try:
                for process in (*self.workers, self.bot):
                    await process.start()
                for process in self.workers:
                    await process.until_says("worker ready")
                await self.bot.until_says("bot ready")
                yield self
            finally:
                for process in (*self.workers, self.bot):
                    await process.end()

    async def compose(self, member: str, random_seed: int, length_s: int) -> None:
        """Ask for a piece as a member at the page does; harmless while no bot is connected."""
        options = [
            {"name": "length", "type": 10, "value": length_s}, {"name": "random_seed", "type": 4, "value": random_seed}
        ]  # fmt: skip
        said = {"as": member, "nonce": "1", "type": 2, "name": "compose", "options": options}
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("payload_json", json.dumps(said))
        assert self._session is not None
        async with self._session.post(f"{self.discord.url}/client/interactions", data=form) as answer:
            await answer.read()

    async def break_something(self, kind: str, chance: random.Random) -> None:
        """One fault of this kind; what is frozen or killed is back when this returns."""
        match kind:
            case "kill bot":
                self.bot.send(signal.SIGKILL)
            case "kill worker":
                chance.choice(self.workers).send(signal.SIGKILL)
            case "freeze worker":
                await self._freeze(chance.choice(self.workers), chance.uniform(0.5, 5.0))
            case "freeze bot":
                await self._freeze(self.bot, chance.uniform(0.2, 1.5))
            case "kill redis":
                await asyncio.to_thread(self.valkey.kill)
                await asyncio.sleep(chance.uniform(0.0, 2.0))
                await asyncio.to_thread(self.valkey.start)
            case "drop gateway":
                self.discord.gateway.drop()
            case "ask to reconnect":
                self.discord.gateway.ask_to_reconnect()
            case "end session":
                self.discord.gateway.invalidate(resumable=chance.random() < 0.5)
            case "bad gateway":
                self.discord.faults.server_errors = chance.randrange(1, 6)
            case _:
                self.discord.faults.rate_limited = chance.randrange(1, 6)

    async def _freeze(self, process: RestartedProcess, seconds: float) -> None:
        process.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        process.send(signal.SIGCONT)

    @property
    def redis(self) -> redis.Redis:
        """A client of the server as it runs now."""
        return self.valkey.server.client


FAULTS = (
    "kill bot", "kill worker", "freeze worker", "freeze bot", "kill redis", "drop gateway", "ask to reconnect",
    "end session", "bad gateway", "rate limit",
)  # fmt: skip

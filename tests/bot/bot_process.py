"""`python -m bot` as a process in a local Discord, which checks what it is sent; a worker played by hand."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from sandbox.server.app import LocalDiscord
from tests.bot.harness import PlayedWorker

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


class BotProcess:
    """A local Discord with a guest at the page, a worker played by hand, and the means to start and kill the bot."""

    def __init__(self, discord: LocalDiscord, worker: PlayedWorker, redis_url: str, folder: Path) -> None:
        self.discord, self.worker = discord, worker
        self._log = folder / "bot.log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": redis_url,
            "CADENZA_FILES": os.environ["CADENZA_FILES"],
            "DISCORD_TOKEN": discord.state.bot_token,
            "CADENZA_DISCORD_API": discord.api_url,
            "CADENZA_DISCORD_GATEWAY": discord.gateway.url,
            "CADENZA_STATE": str(folder / "state"),
            "CADENZA_LOG_LEVEL": "DEBUG",
            "CADENZA_JOBS_LIVENESS_S": "3600",  # the worker is played by hand, and slower than a real one
            "CADENZA_JOBS_ADRIFT_LIMIT_S": "3600",
        }

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The bot, ready; ended the hard way if it still runs afterwards."""
        readies = self.log().count("bot ready")
        with self._log.open("a") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", env=self._environment, cwd=self._log.parent, stderr=log
            )
        try:
            await until(lambda: self.log().count("bot ready") > readies or process.returncode is not None)
            assert process.returncode is None, self.log()
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    async def compose(self, *options: dict[str, object], seed: bytes | None = None) -> None:
        said = {"as": "guest", "nonce": "1", "type": 2, "name": "compose", "options": list(options)}
        if seed is not None:
            said["options"].append({"name": "seed", "type": 11, "value": 0})
        await self._act(said, seed)

    async def manage(self, command: str, what: str, file: bytes | None = None, **texts: str) -> None:
        """One of the owner's commands: `/command what`, with texts as its options and a file as `file1`."""
        options = [{"name": name, "type": 3, "value": value} for name, value in texts.items()]
        options += [] if file is None else [{"name": "file1", "type": 11, "value": 0}]
        options = [{"name": what, "type": 1, "options": options}]
        await self._act({"as": "owner", "nonce": "3", "type": 2, "name": command, "options": options}, file)

    async def press(self, message: dict, label: str, who: str = "guest") -> None:
        buttons = [button for row in message["components"] for button in row["components"]]
        (custom_id,) = [button["custom_id"] for button in buttons if button["label"] == label]
        await self._act({"as": who, "nonce": "2", "type": 3, "message_id": message["id"], "custom_id": custom_id})

    async def complete(self, command: str, what: str, option: str) -> list[dict]:
        """What the owner is offered for an option of `/command what` before anything is typed."""
        focused = {"name": option, "type": 3, "value": "", "focused": True}
        options = [{"name": what, "type": 1, "options": [focused]}]
        said = {"as": "owner", "nonce": "4", "type": 4, "name": command, "options": options}
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("payload_json", json.dumps(said))
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.discord.url}/client/interactions", data=form) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return (await answer.json())["choices"]

    async def _act(self, said: dict[str, object], file: bytes | None = None) -> None:
        form = aiohttp.FormData(default_to_multipart=True)
        if file is not None:
            form.add_field("files[0]", file, filename="song.mid", content_type="audio/midi")
        form.add_field("payload_json", json.dumps(said))
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.discord.url}/client/interactions", data=form) as answer,
        ):
            assert answer.status == 204, await answer.text()

    def messages(self) -> list[dict]:
        found = [message for message in self.discord.state.messages.values() if not message.deleted]
        return [message.to_json(self.discord.state.attachments) for message in found]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)

"""`python -m bot` as a process against the local Discord: real gateway, real REST, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.commands import ALL
from jobs import JobSettings
from sandbox.local_discord import LocalDiscord
from tests.bot.theatre import SEED, Worker

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0


class House:
    """A local Discord with a guest at the page, a worker played by hand, and the means to start and kill the bot."""

    def __init__(self, discord: LocalDiscord, worker: Worker, redis_url: str, folder: Path) -> None:
        self.discord, self.worker = discord, worker
        self._log = folder / "bot.log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": redis_url,
            "DISCORD_TOKEN": discord.world.bot_token,
            "CADENZA_DISCORD_API": discord.api_url,
            "CADENZA_DISCORD_GATEWAY": discord.gateway.url,
            "CADENZA_STATE": str(folder / "state"),
            "CADENZA_LOG_LEVEL": "DEBUG",
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
        form = aiohttp.FormData(default_to_multipart=True)
        if seed is not None:
            said["options"].append({"name": "seed", "type": 11, "value": 0})
            form.add_field("files[0]", seed, filename="song.mid", content_type="audio/midi")
        form.add_field("payload_json", json.dumps(said))
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.discord.url}/client/interactions", data=form) as answer,
        ):
            assert answer.status == 204, await answer.text()

    async def press(self, message: dict, label: str) -> None:
        buttons = [button for row in message["components"] for button in row["components"]]
        (custom_id,) = [button["custom_id"] for button in buttons if button["label"] == label]
        said = {"as": "guest", "nonce": "2", "type": 3, "message_id": message["id"], "custom_id": custom_id}
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("payload_json", json.dumps(said))
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.discord.url}/client/interactions", data=form) as answer,
        ):
            assert answer.status == 204, await answer.text()

    def messages(self) -> list[dict]:
        found = [message for message in self.discord.world.messages.values() if not message.deleted]
        return [message.to_json(self.discord.world.store) for message in found]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.05)


@pytest.fixture
async def house(valkey, tmp_path: Path) -> AsyncIterator[House]:
    settings = JobSettings(liveness_s=3600, adrift_limit_s=3600)
    worker = Worker(valkey.client, settings)
    worker.arrive()
    discord = LocalDiscord()
    async with discord.serving():
        yield House(discord, worker, valkey.url, tmp_path)


async def test_a_bot_killed_while_a_job_runs_delivers_it_once_after_its_restart(house: House) -> None:
    # Given a bot that is killed while a job runs
    async with house.bot() as process:
        await house.compose({"name": "random_seed", "type": 4, "value": 5}, seed=SEED)
        await until(lambda: house.worker.queued() != [])
        job = house.worker.take()
        job.is_at(0.5)
        await until(lambda: "50%" in json.dumps(house.messages()))
        process.kill()
        await process.wait()
    # When the job ends and the bot is started again
    job.is_done()
    async with house.bot() as process:
        await until(lambda: any(message["attachments"] for message in house.messages()))
        # And ended the polite way
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    # Then there is one message, with the piece
    (message,) = house.messages()
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["cadenza-piano-5.mid", "cadenza-piano-5.mp3"]
    assert "cadenza-piano-5.png" in message["embeds"][0]["image"]["url"]  # Discord lists it there, and there only
    # And the commands were told to Discord once, and no secret is in the log, at its most talkative
    log = house.log()
    assert log.count(f"told Discord {len(ALL)} commands") == 1
    assert house.discord.world.bot_token not in log
    tokens = [interaction.token for interaction in house.discord.world.interactions.values()]
    assert tokens
    assert not [token for token in tokens if token in log]


async def test_a_token_that_discord_refuses_is_a_sentence(house: House) -> None:
    house._environment["DISCORD_TOKEN"] = "not.the.token"
    with pytest.raises(AssertionError, match="DISCORD_TOKEN was refused by Discord"):
        async with house.bot():
            pass


async def test_a_piece_that_outlives_its_token_arrives_as_a_new_message_whose_buttons_work(house: House) -> None:
    async with house.bot():
        # Given a job that takes longer than the local Discord keeps its token
        await house.compose()
        await until(lambda: house.worker.queued() != [])
        job = house.worker.take()
        await until(lambda: "Stop" in json.dumps(house.messages()))
        house.discord.clock.advance(16 * 60)
        # When it is done, then the piece comes as a message of its own, and the first one points there
        job.is_done()
        await until(lambda: any("further down" in message["content"] for message in house.messages()))
        first, late = house.messages()
        assert not first["attachments"]
        assert len(late["attachments"]) == 2
        assert [user["username"] for user in late["mentions"]] == ["guest"]
        # And its buttons work: Continue asks for more, Delete takes it away
        await house.press(late, "Continue")
        await until(lambda: house.worker.queued() != [])
        assert house.worker.take().request.parent_id == job.id
        await house.press(late, "Delete")
        await until(lambda: late["id"] not in [message["id"] for message in house.messages()])
    assert "incident" not in house.log()

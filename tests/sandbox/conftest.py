"""A local Discord in this process, and its clients: a discord.py bot, the chat page, and plain HTTP requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from sandbox.server.app import LocalDiscord
from sandbox.server.messages import Interaction

Json = dict[str, Any]


async def until(wanted: Callable[[], bool], limit_s: float = 10.0) -> None:
    """Wait for what nothing tells of."""
    async with asyncio.timeout(limit_s):
        while not wanted():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


class Bot(discord.Client):
    """A bot with a command tree; `opened` counts READY, `resumed` counts RESUMED."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True), guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.resumes = 0
        self.readies = 0
        self.errors: list[BaseException] = []
        self.tree.on_error = self._keep_error

    async def _keep_error(self, _: discord.Interaction, error: app_commands.AppCommandError) -> None:
        self.errors.append(error)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Not to wait five seconds before a second IDENTIFY."""

    async def on_ready(self) -> None:
        self.readies += 1

    async def on_resumed(self) -> None:
        self.resumes += 1


class Page:
    """The page's side of the wire: everything it was told, and what it can do."""

    def __init__(self, url: str, session: aiohttp.ClientSession, name: str) -> None:
        self._url, self._session, self._name = url, session, name
        self.frames: list[Json] = []
        self.changed = asyncio.Event()

    async def read(self) -> None:
        async with self._session.ws_connect(f"{self._url}/client?as={self._name}", headers={"Origin": self._url}) as ws:
            async for frame in ws:
                self.frames.append(json.loads(frame.data))
                self.changed.set()

    async def wait_for(self, wanted: Callable[[Json], bool], limit_s: float = 8.0) -> Json:
        """The first frame, past or to come, that is `wanted`."""
        async with asyncio.timeout(limit_s):
            while True:
                if (found := next((one for one in self.frames if wanted(one)), None)) is not None:
                    return found
                self.changed.clear()
                await self.changed.wait()

    async def message(self, wanted: Callable[[Json], bool]) -> Json:
        """The first message that is `wanted`."""
        frame = await self.wait_for(lambda one: one["t"] == "message" and wanted(one["message"]))
        found: Json = frame["message"]
        return found

    def messages(self) -> list[Json]:
        """Every message and change of one that the page was sent."""
        return [one["message"] for one in self.frames if one["t"] == "message"]

    async def act(self, payload: Json, *files: tuple[str, bytes]) -> tuple[int, Json]:
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("payload_json", json.dumps({"as": self._name, **payload}))
        for index, (name, data) in enumerate(files):
            form.add_field(f"files[{index}]", data, filename=name)
        url = f"{self._url}/client/interactions"
        async with self._session.post(url, data=form, headers={"Origin": self._url}) as response:
            return response.status, await response.json() if response.status != 204 else {}

    async def command(self, name: str, options: list[Json] | None = None, *files: tuple[str, bytes]) -> None:
        payload = {"type": 2, "nonce": f"n-{name}", "name": name, "options": options or []}
        status, body = await self.act(payload, *files)
        assert status == 204, body

    async def click(self, message: Json, custom_id: str, nonce: str = "click", **more: Any) -> None:
        payload = {"type": 3, "nonce": nonce, "message_id": message["id"], "custom_id": custom_id, **more}
        status, body = await self.act(payload)
        assert status == 204, body

    async def form(self, nonce: str) -> Json:
        """The form that the bot answered the command or click of this nonce with."""
        return await self.wait_for(lambda one: one["t"] == "modal" and one["nonce"] == nonce)

    async def submit(self, form: Json, values: Json, *files: tuple[str, bytes]) -> tuple[int, Json]:
        """Send the form; the status and what was answered."""
        payload = {"type": 5, "nonce": "form", "interaction_id": form["interaction_id"], "values": values}
        return await self.act(payload, *files)


@pytest.fixture
async def local() -> AsyncIterator[LocalDiscord]:
    found = LocalDiscord(heartbeat_s=0.4)
    async with found.serving():
        yield found


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def page(local: LocalDiscord, http: aiohttp.ClientSession) -> AsyncIterator[Page]:
    async with opened_page(local, http, "guest") as found:
        yield found


@asynccontextmanager
async def opened_page(local: LocalDiscord, http: aiohttp.ClientSession, name: str) -> AsyncIterator[Page]:
    found = Page(local.url, http, name)
    reading = asyncio.create_task(found.read())
    await found.wait_for(lambda one: one["t"] == "ready")
    yield found
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


@pytest.fixture
def other_page(local: LocalDiscord, http: aiohttp.ClientSession) -> Callable[[str], Any]:
    return lambda name: opened_page(local, http, name)


@pytest.fixture
async def start_bot(
    local: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[Bot], Awaitable[None]]]:
    """Logs a bot in, syncs its commands and waits until it is ready; it is closed after the test."""
    monkeypatch.setattr(discord.http.Route, "BASE", local.api_url)
    monkeypatch.setattr(discord.webhook.async_.Route, "BASE", local.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(local.gateway.url))
    running: list[tuple[Bot, asyncio.Task[None]]] = []

    async def start(bot: Bot) -> None:
        await bot.login(local.state.bot_token)
        await bot.tree.sync()
        running.append((bot, asyncio.create_task(bot.connect())))
        async with asyncio.timeout(10):
            await bot.wait_until_ready()

    yield start
    for bot, task in running:
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    return until


class Api:
    """Requests with the bot's token."""

    def __init__(self, local: LocalDiscord, http: aiohttp.ClientSession) -> None:
        self._local, self._http = local, http
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent = {"Authorization": f"Bot {self._local.state.bot_token}", **headers}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = None if body is None else json.dumps(body)
        async with self._http.request(method, self._local.api_url + path, data=data, headers=sent) as response:
            self.headers = dict(response.headers)
            return response.status, json.loads(await response.read() or b"null")

    async def send(self, path: str, body: Any, *files: tuple[str, bytes]) -> tuple[int, Any]:
        """POST a body with files."""
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("payload_json", json.dumps(body))
        for index, (name, data) in enumerate(files):
            form.add_field(f"files[{index}]", data, filename=name)
        return await self._post(path, form, {})

    async def post_text(self, path: str, text: str) -> tuple[int, Any]:
        """POST a text as if it were JSON."""
        return await self._post(path, text, {"Content-Type": "application/json"})

    async def _post(self, path: str, data: Any, headers: dict[str, str]) -> tuple[int, Any]:
        sent = {"Authorization": f"Bot {self._local.state.bot_token}", **headers}
        async with self._http.post(self._local.api_url + path, data=data, headers=sent) as response:
            return response.status, json.loads(await response.read() or b"null")


@pytest.fixture
def api(local: LocalDiscord, http: aiohttp.ClientSession) -> Api:
    return Api(local, http)


@pytest.fixture
def messages(local: LocalDiscord) -> str:
    """The path of the channel's messages."""
    return f"/channels/{local.state.channel.id}/messages"


@pytest.fixture
def interaction(local: LocalDiscord) -> Callable[..., Interaction]:
    """Makes interactions that wait for their first answer."""

    def make(kind: int = 2, **fields: Any) -> Interaction:
        state = local.state
        data = {"id": "1", "name": "compose", "type": 1}
        made = Interaction(
            state.ids.next(), kind, state.member("guest"), state.channel, data, state.clock.now(), **fields
        )
        state.add_interaction(made)
        return made

    return make

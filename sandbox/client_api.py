"""What the chat page talks to: `/client` (a WebSocket that tells it everything) and `/client/interactions`."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.client_actions import ClientActions
from sandbox.discord.attachments import UPLOAD_LIMIT_BYTES
from sandbox.discord.errors import DiscordError
from sandbox.discord.gateway import Gateway
from sandbox.discord.guild import GUILD_NAME, roles_json
from sandbox.discord.interactions import AUTOCOMPLETE, NOT_ANSWERED, Interaction, State
from sandbox.discord.messages import Message
from sandbox.discord.people import User
from sandbox.discord.permissions import ADMIN
from sandbox.discord.rest.body import read_body
from sandbox.discord.world import DEFAULT_MEMBER, World
from sandbox.errors import RefusedError

log = logging.getLogger(__name__)

Json = dict[str, Any]

MAX_WAITING_FRAMES = 2000


class ClientApi:
    """Serves the page; observes the world for it."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._actions = ClientActions(world)
        self._pages: dict[asyncio.Queue[str | None], User] = {}
        world.observers.append(self)
        gateway.on_presence.append(self._presence_changed)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/client", self.watch)
        router.add_post("/client/interactions", self.interact)

    # the WebSocket

    async def watch(self, request: web.Request) -> web.WebSocketResponse:
        """`GET /client?as=NAME`: what there is, then everything that happens, until the page goes."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096)
        await socket.prepare(request)
        user = self._world.member(request.query.get("as", DEFAULT_MEMBER))
        frames: asyncio.Queue[str | None] = asyncio.Queue(MAX_WAITING_FRAMES)
        frames.put_nowait(self._packed(self._greeting(user)))
        self._pages[frames] = user
        writer = asyncio.create_task(_write(socket, frames))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            del self._pages[frames]
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """End every page's connection."""
        for frames in list(self._pages):
            _put(frames, None)

    def _greeting(self, user: User) -> Json:
        world = self._world
        return {
            "t": "ready",
            "me": user.to_json(),
            "manages": world.may(user, str(int(ADMIN))),
            "bot": world.bot.to_json(),
            "guild": {"id": str(world.guild_id), "name": GUILD_NAME, "roles": roles_json()},
            "channel": world.channel.to_json(),
            "commands": world.commands_for(user),
            "messages": [self._shown(one) for one in world.visible_to(user)],
            "bot_online": self._gateway.online,
            "upload_limit": UPLOAD_LIMIT_BYTES,
        }

    def _shown(self, message: Message) -> Json:
        body = message.to_json(self._world.store)
        if message.channel.guild_id:
            body["guild_id"] = str(message.channel.guild_id)
        return body

    def _packed(self, frame: Json) -> str:
        """The frame as JSON, with files' addresses relative to the page: it may be open under another host name."""
        return json.dumps(frame, ensure_ascii=False).replace(
            f"{self._world.store.base_url}/attachments/", "/attachments/"
        )

    def _tell(self, frame: Json, only: User | None = None) -> None:
        packed = self._packed(frame)
        for frames, user in self._pages.items():
            if only is None or user == only:
                _put(frames, packed)

    def _presence_changed(self, online: bool) -> None:
        self._tell({"t": "bot", "online": online})

    def message_saved(self, message: Message, created: bool) -> None:
        """Show the message to those who may see it."""
        only = message.only_for or message.channel.recipient
        self._tell({"t": "message", "message": self._shown(message)}, only)

    def message_deleted(self, message: Message) -> None:
        """Take the message away from those who saw it."""
        self._tell({"t": "delete", "id": str(message.id)}, message.only_for or message.channel.recipient)

    def commands_changed(self) -> None:
        """Give everybody the new list of the commands they may use."""
        for user in set(self._pages.values()):
            self._tell({"t": "commands", "commands": self._world.commands_for(user)}, user)

    def interaction_changed(self, interaction: Interaction) -> None:
        """Tell who started it how far it is."""
        if interaction.type != AUTOCOMPLETE:
            if interaction.form is not None:  # before it counts as answered: pages that do not await it leave it alone
                self._tell(self._form(interaction), interaction.user)
            frame: Json = {"t": "interaction", "nonce": interaction.nonce, "state": interaction.state.value}
            if interaction.state is State.FAILED:
                frame["sentence"] = NOT_ANSWERED
            self._tell(frame, interaction.user)

    def _form(self, interaction: Interaction) -> Json:
        shown = {"interaction_id": str(interaction.id), "nonce": interaction.nonce}
        return {"t": "modal", **shown, **(interaction.form or {})}

    # commands, clicks and forms

    async def interact(self, request: web.Request) -> web.Response:
        """`POST /client/interactions`: 204, choices for an autocompletion, or 400 with a sentence."""
        try:
            body = await read_body(request)
            choices = await self._actions.act(body)
        except RefusedError as refused:
            return web.json_response({"sentence": refused.sentence}, status=400)
        except DiscordError as error:
            large = error.status == 413
            limit = f"Your file is too large: the limit is {UPLOAD_LIMIT_BYTES >> 20} MiB."
            return web.json_response({"sentence": limit if large else error.message}, status=400)
        return web.Response(status=204) if choices is None else web.json_response({"choices": choices})


async def _write(socket: web.WebSocketResponse, frames: asyncio.Queue[str | None]) -> None:
    while (frame := await frames.get()) is not None:
        try:
            await socket.send_str(frame)
        except ConnectionError:
            return
    await socket.close(code=1001)


def _put(frames: asyncio.Queue[str | None], frame: str | None) -> None:
    """Queue a frame; a page that has stopped reading is let go, and gets everything anew when it comes back."""
    if frames.full():
        while not frames.empty():
            frames.get_nowait()
        frame = None
    frames.put_nowait(frame)

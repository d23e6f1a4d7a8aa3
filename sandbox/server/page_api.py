"""The API of the chat page: `/client`, a WebSocket with everything that happens, and `/client/interactions`."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.server.attachments import UPLOAD_LIMIT_BYTES
from sandbox.server.errors import TOO_LARGE, ClientRefusalError, DiscordError
from sandbox.server.gateway import Gateway
from sandbox.server.guild import ADMIN_PERMISSIONS, GUILD_NAME, User, roles_json
from sandbox.server.messages import AUTOCOMPLETE, Interaction, InteractionState, Message
from sandbox.server.page_actions import PageActions
from sandbox.server.request_body import read_body
from sandbox.server.state import DEFAULT_MEMBER, DiscordState

log = logging.getLogger(__name__)

Json = dict[str, Any]

MAX_WAITING_FRAMES = 2000
NOT_ANSWERED = "The application did not respond"


class PageApi:
    """Serves every open page and, as an observer of the state, notifies it of changes."""

    def __init__(self, state: DiscordState, gateway: Gateway) -> None:
        self._state = state
        self._gateway = gateway
        self._actions = PageActions(state)
        self._pages: dict[asyncio.Queue[str | None], User] = {}
        state.observers.append(self)
        gateway.on_presence.append(self._presence_changed)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        router.add_get("/client", self.watch)
        router.add_post("/client/interactions", self.interact)

    # the WebSocket

    async def watch(self, request: web.Request) -> web.WebSocketResponse:
        """`GET /client?as=NAME`: the current state, then everything that happens, until the page disconnects."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096)
        await socket.prepare(request)
        user = self._state.member(request.query.get("as", DEFAULT_MEMBER))
        frames: asyncio.Queue[str | None] = asyncio.Queue(MAX_WAITING_FRAMES)
        frames.put_nowait(self._packed(self._ready_frame(user)))
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
        """Close the connection of every page."""
        for frames in list(self._pages):
            _put(frames, None)

    def _ready_frame(self, user: User) -> Json:
        state = self._state
        return {
            "t": "ready",
            "me": user.to_json(),
            "manages": state.may_use(user, str(int(ADMIN_PERMISSIONS))),
            "bot": state.bot.to_json(),
            "guild": {"id": str(state.guild_id), "name": GUILD_NAME, "roles": roles_json()},
            "channel": state.channel.to_json(),
            "commands": state.commands_for(user),
            "messages": [self._message_json(one) for one in state.visible_to(user)],
            "bot_online": self._gateway.online,
            "upload_limit": UPLOAD_LIMIT_BYTES,
        }

    def _message_json(self, message: Message) -> Json:
        body = message.to_json(self._state.attachments)
        if message.channel.guild_id:
            body["guild_id"] = str(message.channel.guild_id)
        return body

    def _packed(self, frame: Json) -> str:
        """The frame as JSON. URLs of files are relative, because the page may be open under another host name."""
        return json.dumps(frame, ensure_ascii=False).replace(
            f"{self._state.attachments.base_url}/attachments/", "/attachments/"
        )

    def _notify(self, frame: Json, only: User | None = None) -> None:
        packed = self._packed(frame)
        for frames, user in self._pages.items():
            if only is None or user == only:
                _put(frames, packed)

    def _presence_changed(self, online: bool) -> None:
        self._notify({"t": "bot", "online": online})

    def message_saved(self, message: Message, created: bool) -> None:
        """Send the message to the members who may see it."""
        only = message.only_for or message.channel.recipient
        self._notify({"t": "message", "message": self._message_json(message)}, only)

    def message_deleted(self, message: Message) -> None:
        """Tell the members who saw the message that it is gone."""
        self._notify({"t": "delete", "id": str(message.id)}, message.only_for or message.channel.recipient)

    def commands_changed(self) -> None:
        """Send every member the commands that they may use."""
        for user in set(self._pages.values()):
            self._notify({"t": "commands", "commands": self._state.commands_for(user)}, user)

    def interaction_changed(self, interaction: Interaction) -> None:
        """Send the member who started the interaction its state, and its form if it has one."""
        if interaction.type != AUTOCOMPLETE:
            if interaction.form is not None:  # sent first: a page shows the form only while it awaits an answer
                self._notify(self._form(interaction), interaction.user)
            frame: Json = {"t": "interaction", "nonce": interaction.nonce, "state": interaction.state.value}
            if interaction.state is InteractionState.FAILED:
                frame["sentence"] = NOT_ANSWERED
            self._notify(frame, interaction.user)

    def _form(self, interaction: Interaction) -> Json:
        shown = {"interaction_id": str(interaction.id), "nonce": interaction.nonce}
        return {"t": "modal", **shown, **(interaction.form or {})}

    # commands, clicks and forms

    async def interact(self, request: web.Request) -> web.Response:
        """`POST /client/interactions`: 204, or the choices of an autocompletion, or 400 with a sentence."""
        try:
            body = await read_body(request)
            choices = await self._actions.act(body)
        except ClientRefusalError as refused:
            return web.json_response({"sentence": refused.sentence}, status=400)
        except DiscordError as error:
            too_large = f"Your file is too large: the limit is {UPLOAD_LIMIT_BYTES >> 20} MiB."
            sentence = too_large if error.kind == TOO_LARGE else error.kind.message
            return web.json_response({"sentence": sentence}, status=400)
        return web.Response(status=204) if choices is None else web.json_response({"choices": choices})


async def _write(socket: web.WebSocketResponse, frames: asyncio.Queue[str | None]) -> None:
    while (frame := await frames.get()) is not None:
        try:
            await socket.send_str(frame)
        except ConnectionError:
            return
    await socket.close(code=1001)


def _put(frames: asyncio.Queue[str | None], frame: str | None) -> None:
    """Queue a frame. A page that has stopped reading is disconnected; it gets everything when it connects again."""
    if frames.full():
        while not frames.empty():
            frames.get_nowait()
        frame = None
    frames.put_nowait(frame)

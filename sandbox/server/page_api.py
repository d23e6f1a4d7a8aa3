"""The page's API: what it shows, and what it does: a command, a click, a form, typing in an option.

An action at the page becomes an interaction for the bot.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.server.attachments import UPLOAD_LIMIT_BYTES
from sandbox.server.errors import TOO_LARGE, ClientRefusalError, DiscordError
from sandbox.server.gateway import Gateway
from sandbox.server.guild import ADMIN_PERMISSIONS, GUILD_NAME, Channel, User, roles_json
from sandbox.server.input_checks import Resolved, check_focus, check_options, chosen_values, form_answers
from sandbox.server.limits import SELECTS
from sandbox.server.messages import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    FORM,
    MESSAGE_COMMAND,
    SLASH,
    Interaction,
    InteractionState,
    Message,
    find_control,
)
from sandbox.server.request_body import Body, read_body
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


MAX_NONCE = 64
GONE_MESSAGE = "This message is no longer there."


class PageActions:
    """The actions of all pages."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state

    async def act(self, body: Body) -> list[Json] | None:
        """Send the interaction; for an autocompletion wait for its choices.

        Raises:
            ClientRefusalError: the action is refused for the reason in the sentence.
        """
        action = body.payload
        if not isinstance(action, dict):
            raise ClientRefusalError("The request could not be read.")
        user = self._state.member(str(action.get("as", DEFAULT_MEMBER)))
        nonce = action.get("nonce")
        if nonce is not None and (not isinstance(nonce, str) or len(nonce) > MAX_NONCE):
            raise ClientRefusalError("The request could not be read: its nonce is no short text.")
        if action.get("type") == AUTOCOMPLETE:
            return await self._complete(action, user, body)
        kinds: dict[Any, Callable[[Json, User, Body], Interaction]] = {
            COMMAND: self._command,
            COMPONENT: self._click,
            FORM: self._form,
        }
        kind = action.get("type")
        make = kinds.get(kind) if isinstance(kind, int) else None
        if make is None:
            raise ClientRefusalError("The request could not be read: it is neither a command, nor a click, nor a form.")
        interaction = make(action, user, body)
        interaction.nonce = nonce
        self._state.send_interaction(interaction)
        return None

    def _made(self, kind: int, user: User, data: Json, channel: Channel | None = None, **more: Any) -> Interaction:
        state = self._state
        return Interaction(state.ids.next(), kind, user, channel or state.channel, data, state.clock.now(), **more)

    # commands

    def _command(self, action: Json, user: User, body: Body) -> Interaction:
        kind = action.get("command_type", SLASH)
        if kind == SLASH:
            return self._made(COMMAND, user, self._slash_data(action, user, body))
        if kind != MESSAGE_COMMAND:
            raise ClientRefusalError("The request could not be read: only slash and message commands can be used here.")
        command = self._find_command(action, user, MESSAGE_COMMAND)
        message = self._message(action.get("target_id"), user)
        if message.only_for is not None or message.is_loading:
            raise ClientRefusalError("Apps cannot be used on this message.")
        resolved = Resolved(self._state)
        data = {**_head(command), "target_id": resolved.add_message(message), **resolved.to_json()}
        return self._made(COMMAND, user, data, message.channel)

    def _find_command(self, action: Json, user: User, kind: int) -> Json:
        name = action.get("name")
        everything = self._state.all_commands()
        command = next((one for one in everything if (one["type"], one["name"]) == (kind, name)), None)
        if command is None:
            raise ClientRefusalError(f"There is no command {'/' if kind == SLASH else ''}{name}.")
        if not self._state.may_use(user, command["default_member_permissions"]):
            raise ClientRefusalError("You do not have permission to use this command.")
        return command

    def _slash_data(self, action: Json, user: User, body: Body, partial: bool = False) -> Json:
        command = self._find_command(action, user, SLASH)
        described, resolved = command.get("options") or (), Resolved(self._state, body.files)
        options = check_options(action.get("options", []), described, resolved, partial)
        if partial:
            check_focus(options, described)
        return {**_head(command), "options": options, **resolved.to_json()}

    async def _complete(self, action: Json, user: User, body: Body) -> list[Json]:
        choices: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
        data = self._slash_data(action, user, body, partial=True)
        interaction = self._made(AUTOCOMPLETE, user, data, choices=choices)
        self._state.send_interaction(interaction)
        found = await choices
        if interaction.state is InteractionState.FAILED:
            raise ClientRefusalError("Loading options failed.")
        return found

    # messages and forms

    def _message(self, message_id: Any, user: User) -> Message:
        message = self._state.find_message(str(message_id))
        hidden = message is not None and message.only_for not in (None, user)
        if message is None or hidden or message.channel.recipient not in (None, user):
            raise ClientRefusalError(GONE_MESSAGE)
        return message

    def _click(self, action: Json, user: User, body: Body) -> Interaction:
        message, custom_id = self._message(action.get("message_id"), user), str(action.get("custom_id", ""))
        control = find_control(message.components, custom_id)
        if control is None or control.get("disabled"):
            raise ClientRefusalError("This button is no longer there.")
        data: Json = {"id": control["id"], "custom_id": custom_id, "component_type": control["type"]}
        if control["type"] in SELECTS:
            resolved = Resolved(self._state)
            data |= {"values": chosen_values(control, action.get("values"), resolved), **resolved.to_json()}
        return self._made(COMPONENT, user, data, message.channel, message=message)

    def _form(self, action: Json, user: User, body: Body) -> Interaction:
        origin = self._state.find_interaction(str(action.get("interaction_id")))
        if origin is None or origin.user != user or origin.form is None:
            raise ClientRefusalError("This form is no longer open; begin again.")
        resolved = Resolved(self._state, body.files)
        answers = form_answers(origin.form["components"], action.get("values"), resolved)
        data = {"custom_id": origin.form["custom_id"], "components": answers, **resolved.to_json()}
        return self._made(FORM, user, data, origin.channel, message=origin.message, origin=origin)


def _head(command: Json) -> Json:
    head = {key: command[key] for key in ("id", "name", "type")}
    return {**head, "guild_id": command["guild_id"]} if "guild_id" in command else head

"""Turns what a person does at the page (a command, a click, a form, typing) into an interaction for the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.command_options import check_focus, check_options
from sandbox.control_values import SELECTS, chosen_values
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, FORM, Interaction, State, send
from sandbox.discord.messages import MESSAGE_COMMAND, SLASH, Message, find_control
from sandbox.discord.people import Channel, User
from sandbox.discord.rest.body import Body
from sandbox.discord.world import DEFAULT_MEMBER, World
from sandbox.errors import RefusedError
from sandbox.form_answers import form_answers
from sandbox.resolved import Resolved

Json = dict[str, Any]

MAX_NONCE = 64
GONE_MESSAGE = "This message is no longer there."


class ClientActions:
    """What the page asks for, over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def act(self, body: Body) -> list[Json] | None:
        """Send the interaction; for an autocompletion wait for its choices.

        Raises:
            RefusedError: it is not sent, for the reason in the sentence.
        """
        asked = body.payload
        if not isinstance(asked, dict):
            raise RefusedError("The request could not be read.")
        user = self._world.member(str(asked.get("as", DEFAULT_MEMBER)))
        nonce = asked.get("nonce")
        if nonce is not None and (not isinstance(nonce, str) or len(nonce) > MAX_NONCE):
            raise RefusedError("The request could not be read: its nonce is no short text.")
        if asked.get("type") == AUTOCOMPLETE:
            return await self._complete(asked, user, body)
        kinds: dict[Any, Callable[[Json, User, Body], Interaction]] = {
            COMMAND: self._command,
            COMPONENT: self._click,
            FORM: self._form,
        }
        kind = asked.get("type")
        make = kinds.get(kind) if isinstance(kind, int) else None
        if make is None:
            raise RefusedError("The request could not be read: it is neither a command, nor a click, nor a form.")
        interaction = make(asked, user, body)
        interaction.nonce = nonce
        send(self._world, interaction)
        return None

    def _made(self, kind: int, user: User, data: Json, channel: Channel | None = None, **more: Any) -> Interaction:
        world = self._world
        return Interaction(world.ids.next(), kind, user, channel or world.channel, data, world.clock.now(), **more)

    # commands

    def _command(self, asked: Json, user: User, body: Body) -> Interaction:
        kind = asked.get("command_type", SLASH)
        if kind == SLASH:
            return self._made(COMMAND, user, self._slash_data(asked, user, body))
        if kind != MESSAGE_COMMAND:
            raise RefusedError("The request could not be read: only slash and message commands can be used here.")
        command = self._find_command(asked, user, MESSAGE_COMMAND)
        message = self._message(asked.get("target_id"), user)
        if message.only_for is not None or message.is_loading:
            raise RefusedError("Apps cannot be used on this message.")
        resolved = Resolved(self._world)
        data = {**_head(command), "target_id": resolved.message(message), **resolved.to_json()}
        return self._made(COMMAND, user, data, message.channel)

    def _find_command(self, asked: Json, user: User, kind: int) -> Json:
        name = asked.get("name")
        everything = self._world.all_commands()
        command = next((one for one in everything if (one["type"], one["name"]) == (kind, name)), None)
        if command is None:
            raise RefusedError(f"There is no command {'/' if kind == SLASH else ''}{name}.")
        if not self._world.may(user, command["default_member_permissions"]):
            raise RefusedError("You do not have permission to use this command.")
        return command

    def _slash_data(self, asked: Json, user: User, body: Body, partial: bool = False) -> Json:
        command = self._find_command(asked, user, SLASH)
        described, resolved = command.get("options") or (), Resolved(self._world, body.files)
        options = check_options(asked.get("options", []), described, resolved, partial)
        if partial:
            check_focus(options, described)
        return {**_head(command), "options": options, **resolved.to_json()}

    async def _complete(self, asked: Json, user: User, body: Body) -> list[Json]:
        choices: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
        data = self._slash_data(asked, user, body, partial=True)
        interaction = self._made(AUTOCOMPLETE, user, data, choices=choices)
        send(self._world, interaction)
        found = await choices
        if interaction.state is State.FAILED:
            raise RefusedError("Loading options failed.")
        return found

    # messages and forms

    def _message(self, message_id: Any, user: User) -> Message:
        number = int(message_id) if isinstance(message_id, str) and message_id.isdigit() else 0
        message = self._world.messages.get(number)
        hidden = message is not None and message.only_for not in (None, user)
        if message is None or hidden or message.channel.recipient not in (None, user):
            raise RefusedError(GONE_MESSAGE)
        return message

    def _click(self, asked: Json, user: User, body: Body) -> Interaction:
        message, custom_id = self._message(asked.get("message_id"), user), str(asked.get("custom_id", ""))
        control = find_control(message.components, custom_id)
        if control is None or control.get("disabled"):
            raise RefusedError("This button is no longer there.")
        data: Json = {"id": control["id"], "custom_id": custom_id, "component_type": control["type"]}
        if control["type"] in SELECTS:
            resolved = Resolved(self._world)
            data |= {"values": chosen_values(control, asked.get("values"), resolved), **resolved.to_json()}
        return self._made(COMPONENT, user, data, message.channel, message=message)

    def _form(self, asked: Json, user: User, body: Body) -> Interaction:
        asker = str(asked.get("interaction_id", ""))
        origin = self._world.interactions.get(int(asker)) if asker.isdigit() else None
        if origin is None or origin.user != user or origin.form is None:
            raise RefusedError("This form is no longer open; begin again.")
        resolved = Resolved(self._world, body.files)
        answers = form_answers(origin.form["components"], asked.get("values"), resolved)
        data = {"custom_id": origin.form["custom_id"], "components": answers, **resolved.to_json()}
        return self._made(FORM, user, data, origin.channel, message=origin.message, origin=origin)


def _head(command: Json) -> Json:
    head = {key: command[key] for key in ("id", "name", "type")}
    return {**head, "guild_id": command["guild_id"]} if "guild_id" in command else head

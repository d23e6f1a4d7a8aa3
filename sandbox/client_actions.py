"""Turns what a person does at the page (a command, a click, typing) into an interaction for the bot."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.command_options import RefusedError, check_options
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, Interaction, State, send
from sandbox.discord.messages import find_control
from sandbox.discord.people import Channel, User
from sandbox.discord.permissions import Permission, allows
from sandbox.discord.rest.body import Body
from sandbox.discord.world import World

Json = dict[str, Any]

MAX_NONCE = 64
SLASH = 1


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
        user = self._world.member(str(asked.get("as", "guest")))
        nonce = asked.get("nonce")
        if nonce is not None and (not isinstance(nonce, str) or len(nonce) > MAX_NONCE):
            raise RefusedError("The request could not be read: its nonce is no short text.")
        kind = asked.get("type")
        if kind == COMMAND:
            self._send(COMMAND, user, self._command_data(asked, user, body), nonce)
            return None
        if kind == AUTOCOMPLETE:
            return await self._complete(asked, user, body)
        if kind == COMPONENT:
            self._click(asked, user, nonce)
            return None
        raise RefusedError("The request could not be read: it is neither a command nor a click.")

    def _send(self, kind: int, user: User, data: Json, nonce: str | None, **more: Any) -> Interaction:
        world = self._world
        channel: Channel = more.pop("channel", world.channel)
        interaction = Interaction(world.ids.next(), kind, user, channel, data, world.clock.now(), nonce=nonce, **more)
        send(world, interaction)
        return interaction

    def _command_data(self, asked: Json, user: User, body: Body, partial: bool = False) -> Json:
        name = asked.get("name")
        command = next((one for one in self._world.all_commands() if (one["type"], one["name"]) == (SLASH, name)), None)
        if command is None:
            raise RefusedError(f"There is no command /{name}.")
        needed = command["default_member_permissions"]
        if needed is not None and not self._may(user, int(needed)):
            raise RefusedError("You do not have permission to use this command.")
        attachments: Json = {}

        def attach(index: int) -> str:
            upload = body.files.get(index)
            if upload is None:
                raise RefusedError("The file did not arrive; attach it again.")
            kept = self._world.store.add(self._world.channel.id, upload.filename, upload.data)
            attachments[str(kept.id)] = {**self._world.store.to_json(kept), "ephemeral": True}
            return str(kept.id)

        options = check_options(asked.get("options", []), command.get("options", ()), attach, partial)
        data: Json = {"id": command["id"], "name": command["name"], "type": SLASH, "options": options}
        if attachments:
            data["resolved"] = {"attachments": attachments}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        return data

    def _may(self, user: User, needed: int) -> bool:
        held = self._world.permissions_of(user)
        return bool(held & Permission.ADMINISTRATOR) if needed == 0 else allows(held, needed)

    async def _complete(self, asked: Json, user: User, body: Body) -> list[Json]:
        choices: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
        data = self._command_data(asked, user, body, partial=True)
        interaction = self._send(AUTOCOMPLETE, user, data, None, choices=choices)
        found = await choices
        if interaction.state is State.FAILED:
            raise RefusedError("Loading options failed.")
        return found

    def _click(self, asked: Json, user: User, nonce: str | None) -> None:
        message_id, custom_id = str(asked.get("message_id", "")), str(asked.get("custom_id", ""))
        message = self._world.messages.get(int(message_id)) if message_id.isdigit() else None
        hidden = message is not None and message.only_for not in (None, user)
        if message is None or hidden or message.channel.recipient not in (None, user):
            raise RefusedError("This message is no longer there.")
        control = find_control(message.components, custom_id)
        if control is None or control.get("disabled"):
            raise RefusedError("This button is no longer there.")
        data: Json = {"id": control["id"], "custom_id": custom_id, "component_type": control["type"]}
        if "values" in asked:
            data["values"] = asked["values"]
        self._send(COMPONENT, user, data, nonce, message=message, channel=message.channel)

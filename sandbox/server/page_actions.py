"""Turns an action at the page (a command, a click, a form, typing in an option) into an interaction for the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.server.errors import ClientRefusalError
from sandbox.server.guild import Channel, User
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
from sandbox.server.request_body import Body
from sandbox.server.state import DEFAULT_MEMBER, DiscordState

Json = dict[str, Any]

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

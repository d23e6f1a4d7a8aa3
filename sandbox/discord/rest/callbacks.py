"""The first answer to an interaction: `POST /interactions/{id}/{token}/callback`."""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from sandbox.discord.errors import invalid_form, invalid_webhook_token, unknown_interaction, unknown_message
from sandbox.discord.form_rules import check_form
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, FORM, Interaction, State
from sandbox.discord.messages import (
    DEFAULT,
    EPHEMERAL,
    LOADING,
    MESSAGE_COMMAND,
    MESSAGE_COMMAND_ANSWER,
    REPLY,
    SLASH_ANSWER,
    Message,
    numbered,
)
from sandbox.discord.ratelimits import PREFIX
from sandbox.discord.rest.body import Body, read_body
from sandbox.discord.rest.gate import answer
from sandbox.discord.rest.writing import change, fill
from sandbox.discord.schema import CALLBACKS, checked
from sandbox.discord.world import World

Json = dict[str, Any]

SEND, DEFER_SEND, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9  # types of answers
_FITTING = {
    COMMAND: (SEND, DEFER_SEND, MODAL),
    COMPONENT: (SEND, DEFER_SEND, DEFER_UPDATE, UPDATE, MODAL),
    FORM: (SEND, DEFER_SEND, DEFER_UPDATE, UPDATE),
    AUTOCOMPLETE: (CHOICES,),
}


class CallbackRoute:
    """The handler over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the route."""
        router.add_post(f"{PREFIX}/interactions/{{interaction_id}}/{{token}}/callback", self.callback)

    async def callback(self, request: web.Request) -> web.Response:
        """Take the answer: 204, or with `with_response` what it made."""
        interaction = self._find(request)
        body = await read_body(request)
        kind = self._check(interaction, body)
        now = self._world.clock.now()
        if interaction.state is not State.CREATED:
            interaction.acknowledge(now)
        message = self._prepare(interaction, kind, body)
        interaction.acknowledge(now)
        self._finish(interaction, kind, body, message)
        self._world.changed(interaction)
        if request.query.get("with_response", "").lower() not in ("1", "true"):
            return answer()
        return answer(self._described(interaction, kind, message))

    def _find(self, request: web.Request) -> Interaction:
        interaction_id = request.match_info["interaction_id"]
        found = self._world.interactions.get(int(interaction_id)) if interaction_id.isdigit() else None
        if found is None:
            raise unknown_interaction()
        if not hmac.compare_digest(found.token.encode(), request.match_info["token"].encode()):
            raise invalid_webhook_token()
        return found

    def _check(self, interaction: Interaction, body: Body) -> int:
        kind = body.payload.get("type") if isinstance(body.payload, dict) else None
        if kind not in CALLBACKS:
            raise invalid_form([(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(CALLBACKS)}.")])
        body.payload = checked(body.payload, CALLBACKS[kind])
        if kind not in _FITTING[interaction.type]:
            sentence = f"Value must be one of {set(_FITTING[interaction.type])}."
            raise invalid_form([(("type",), "BASE_TYPE_CHOICES", sentence)])
        return int(kind)

    def _prepare(self, interaction: Interaction, kind: int, body: Body) -> Message | None:
        """Make or change the message; nobody is told before the interaction counts as acknowledged."""
        inner = Body(body.payload.get("data") or {}, body.files)
        world = self._world
        if kind in (SEND, DEFER_SEND):
            message = world.new_message(
                interaction.channel, world.bot, type=_type_of_answer(interaction), interaction=interaction
            )
            if interaction.message is not None:
                message.reply_to = interaction.message
                message.type = REPLY
            if kind == SEND:
                fill(world, message, inner)
            else:
                message.flags = LOADING | ((inner.payload.get("flags") or 0) & EPHEMERAL)
            if message.flags & EPHEMERAL:
                message.only_for = interaction.user
            return message
        if kind == DEFER_UPDATE and interaction.type == FORM and interaction.message is None:
            return None  # a form that a command opened: it closes, and nothing comes of it yet
        if kind in (UPDATE, DEFER_UPDATE):
            if interaction.message is None or interaction.message.deleted:
                raise unknown_message()
            if kind == UPDATE:
                change(world, interaction.message, inner)
            return interaction.message
        if kind == MODAL:
            check_form(inner.payload)
        return None

    def _finish(self, interaction: Interaction, kind: int, body: Body, message: Message | None) -> None:
        if kind == CHOICES and interaction.choices is not None and not interaction.choices.done():
            interaction.choices.set_result((body.payload["data"] or {}).get("choices") or [])
        if kind == MODAL:
            form = body.payload["data"]
            interaction.form = {**form, "components": numbered(form["components"])}
        if interaction.origin is not None:
            interaction.origin.form = None
        interaction.original = message
        if message is not None and kind != DEFER_UPDATE:
            self._world.save(message)

    def _described(self, interaction: Interaction, kind: int, message: Message | None) -> Json:
        found: Json = {"id": str(interaction.id), "type": interaction.type}
        if message is None:
            return {"interaction": found, "resource": {"type": kind}} if kind == MODAL else {"interaction": found}
        found |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.is_loading,
            "response_message_ephemeral": message.only_for is not None,
            "channel_id": str(message.channel.id),
        }
        if message.channel.guild_id:
            found["guild_id"] = str(message.channel.guild_id)
        resource: Json = {"type": kind}
        if kind != DEFER_UPDATE:
            resource["message"] = message.to_json(self._world.store)
        return {"interaction": found, "resource": resource}


def _type_of_answer(interaction: Interaction) -> int:
    if interaction.type != COMMAND:
        return DEFAULT
    return MESSAGE_COMMAND_ANSWER if interaction.data["type"] == MESSAGE_COMMAND else SLASH_ANSWER

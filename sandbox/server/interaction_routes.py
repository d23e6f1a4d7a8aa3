"""REST routes of interactions: the bot's first answer within 3 s, then the interaction's webhook for 15 minutes."""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from sandbox.server.errors import (
    INVALID_WEBHOOK_TOKEN,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    DiscordError,
    invalid_form,
)
from sandbox.server.limits import SETTABLE_FLAGS, check_flags, check_form
from sandbox.server.message_routes import change_message, edit_message, fill_message
from sandbox.server.messages import (
    AUTOCOMPLETE,
    COMMAND,
    COMMAND_REPLY,
    COMPONENT,
    DEFAULT,
    EPHEMERAL,
    FORM,
    LOADING,
    MESSAGE_COMMAND,
    MESSAGE_COMMAND_REPLY,
    REPLY,
    Interaction,
    InteractionState,
    Message,
    numbered,
)
from sandbox.server.middleware import json_answer, query_flag, takes_query
from sandbox.server.rate_limits import PREFIX
from sandbox.server.request_body import Body, read_body, read_validated
from sandbox.server.state import DiscordState
from sandbox.server.validation import CALLBACKS, validated

Json = dict[str, Any]

# types of answers
SEND, DEFER_SEND, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_ANSWERS = {
    COMMAND: (SEND, DEFER_SEND, MODAL),
    COMPONENT: (SEND, DEFER_SEND, DEFER_UPDATE, UPDATE, MODAL),
    FORM: (SEND, DEFER_SEND, DEFER_UPDATE, UPDATE),
    AUTOCOMPLETE: (CHOICES,),
}
_DEFERRED_FIELDS = {DEFER_SEND: {"flags"}, DEFER_UPDATE: set[str]()}
_WEBHOOK = f"{PREFIX}/webhooks/{{webhook_id}}/{{token}}"
_MESSAGE = f"{_WEBHOOK}/messages/{{message_id}}"


class CallbackRoute:
    """The first answer: `POST /interactions/{id}/{token}/callback`."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the route."""
        router.add_post(f"{PREFIX}/interactions/{{interaction_id}}/{{token}}/callback", self.callback)

    @takes_query("with_response")
    async def callback(self, request: web.Request) -> web.Response:
        """Accept the answer: 204, or with `with_response` the message it made."""
        interaction = self._find(request)
        wants_response = query_flag(request, "with_response")
        body = await read_body(request)
        kind = self._validate(interaction, body)
        now = self._state.clock.now()
        if interaction.state is not InteractionState.CREATED:
            interaction.acknowledge(now)
        message = self._prepare(interaction, kind, body)
        interaction.acknowledge(now)
        self._finish(interaction, kind, body, message)
        self._state.interaction_changed(interaction)
        return json_answer(self._described(interaction, kind, message) if wants_response else None)

    def _find(self, request: web.Request) -> Interaction:
        found = self._state.find_interaction(request.match_info["interaction_id"])
        if found is None:
            raise DiscordError(UNKNOWN_INTERACTION)
        if not hmac.compare_digest(found.token.encode(), request.match_info["token"].encode()):
            raise DiscordError(INVALID_WEBHOOK_TOKEN)
        return found

    def _validate(self, interaction: Interaction, body: Body) -> int:
        kind = body.payload.get("type") if isinstance(body.payload, dict) else None
        fitting = _ANSWERS[interaction.type]
        if not isinstance(kind, int) or kind not in CALLBACKS or kind not in fitting:
            raise invalid_form([(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(fitting)}.")])
        body.payload = validated(body.payload, CALLBACKS[kind])
        data = body.payload.get("data") or {}
        if kind in _DEFERRED_FIELDS:
            ignored = [key for key, value in data.items() if value and key not in _DEFERRED_FIELDS[kind]]
            if ignored:
                sentence = "A deferred answer has no content yet; send it with the message that follows."
                raise invalid_form([(("data", key), "UNSUPPORTED_FIELD", sentence) for key in ignored])
            check_flags(data, EPHEMERAL, ("data",))
        return kind

    def _prepare(self, interaction: Interaction, kind: int, body: Body) -> Message | None:
        """Make or change the message; observers are notified only after the interaction is acknowledged."""
        inner = Body(body.payload.get("data") or {}, body.files, ("data",))
        if kind in (SEND, DEFER_SEND):
            return self._new_message(interaction, kind, inner)
        if kind == MODAL:
            check_form(inner.payload)
            return None
        if kind == CHOICES or (kind == DEFER_UPDATE and interaction.type == FORM and interaction.message is None):
            return None  # the latter: a form that a command opened closes, and no message exists yet
        if interaction.message is None or interaction.message.deleted:
            raise DiscordError(UNKNOWN_MESSAGE)
        if kind == UPDATE:
            change_message(self._state, interaction.message, inner)
        return interaction.message

    def _new_message(self, interaction: Interaction, kind: int, inner: Body) -> Message:
        message = self._state.new_message(
            interaction.channel, self._state.bot, type=_type_of_answer(interaction), interaction=interaction
        )
        if interaction.message is not None:
            message.reply_to, message.type = interaction.message, REPLY
        if kind == SEND:
            fill_message(self._state, message, inner, SETTABLE_FLAGS | EPHEMERAL)
        else:
            message.flags = LOADING | (inner.payload.get("flags") or 0)
        if message.flags & EPHEMERAL:
            message.only_for = interaction.user
        return message

    def _finish(self, interaction: Interaction, kind: int, body: Body, message: Message | None) -> None:
        data = body.payload.get("data") or {}
        if kind == CHOICES and interaction.choices is not None and not interaction.choices.done():
            interaction.choices.set_result(data.get("choices") or [])
        if kind == MODAL:
            interaction.form = {**data, "components": numbered(data["components"])}
        if interaction.origin is not None:
            interaction.origin.form = None
        interaction.original = message
        if message is not None and kind != DEFER_UPDATE:
            self._state.save(message)

    def _described(self, interaction: Interaction, kind: int, message: Message | None) -> Json:
        described: Json = {"id": str(interaction.id), "type": interaction.type}
        if message is None:
            return {"interaction": described, **({"resource": {"type": kind}} if kind == MODAL else {})}
        described |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.is_loading,
            "response_message_ephemeral": message.only_for is not None,
            "channel_id": str(message.channel.id),
        }
        if message.channel.guild_id:
            described["guild_id"] = str(message.channel.guild_id)
        resource: Json = {"type": kind}
        if kind != DEFER_UPDATE:
            resource["message"] = message.to_json(self._state.attachments)
        return {"interaction": described, "resource": resource}


def _type_of_answer(interaction: Interaction) -> int:
    if interaction.type != COMMAND:
        return DEFAULT
    return MESSAGE_COMMAND_REPLY if interaction.data["type"] == MESSAGE_COMMAND else COMMAND_REPLY


class WebhookRoutes:
    """The messages of an interaction after its first answer."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        router.add_post(_WEBHOOK, self.follow_up)
        router.add_get(_MESSAGE, self.get, allow_head=False)
        router.add_patch(_MESSAGE, self.edit)
        router.add_delete(_MESSAGE, self.delete)

    def _interaction(self, request: web.Request) -> Interaction:
        if request.match_info["webhook_id"] != str(self._state.bot.id):
            raise DiscordError(UNKNOWN_WEBHOOK)
        token = request.match_info["token"].encode()
        everyone = self._state.interactions.values()
        found = next((one for one in everyone if hmac.compare_digest(one.token.encode(), token)), None)
        if found is None:
            raise DiscordError(INVALID_WEBHOOK_TOKEN)
        found.check_token(self._state.clock.now())
        if found.state is not InteractionState.ACKNOWLEDGED:
            raise DiscordError(UNKNOWN_WEBHOOK)
        return found

    def _message(self, request: web.Request, interaction: Interaction) -> Message:
        message_id = request.match_info["message_id"]
        if message_id == "@original":
            found = interaction.original
        else:
            found = self._state.find_message(message_id)
            if found is not None and found.interaction is not interaction and found is not interaction.original:
                found = None
        if found is None or found.deleted:
            raise DiscordError(UNKNOWN_MESSAGE)
        return found

    @takes_query("wait", "with_components")
    async def follow_up(self, request: web.Request) -> web.Response:
        """Another message; the first one after a deferral takes the place of 'thinking…'."""
        interaction = self._interaction(request)
        waits = query_flag(request, "wait")
        body = await read_validated(request, "IncomingWebhookRequestPartial")
        state, first = self._state, interaction.original
        if first is not None and first.is_loading and not first.deleted:
            # who sees it was decided by the deferral
            body.payload["flags"] = (body.payload.get("flags") or 0) & ~EPHEMERAL
            change_message(state, first, body)
            message = first
        else:
            message = state.new_message(interaction.channel, state.bot, interaction=interaction, follows=first)
            fill_message(state, message, body, SETTABLE_FLAGS | EPHEMERAL)
            if message.flags & EPHEMERAL:
                message.only_for = interaction.user
        state.save(message)
        return json_answer(message.to_json(state.attachments) if waits else None)

    async def get(self, request: web.Request) -> web.Response:
        """A message of this interaction."""
        message = self._message(request, self._interaction(request))
        return json_answer(message.to_json(self._state.attachments))

    @takes_query("with_components")
    async def edit(self, request: web.Request) -> web.Response:
        """Change a message of this interaction."""
        message = self._message(request, self._interaction(request))
        return await edit_message(self._state, message, request, "IncomingWebhookUpdateRequestPartial")

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message of this interaction."""
        self._state.delete(self._message(request, self._interaction(request)))
        return json_answer()

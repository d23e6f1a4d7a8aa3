"""REST routes of a channel's messages, and what every route does to fill or change a message."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.server.attachments import Attachment
from sandbox.server.errors import (
    EMPTY_MESSAGE,
    FOREIGN_MESSAGE,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    UNKNOWN_MESSAGE,
    DiscordError,
    invalid_form,
)
from sandbox.server.guild import Channel, Permission, allows
from sandbox.server.limits import SETTABLE_FLAGS, check_message
from sandbox.server.messages import COMPONENTS_V2, EPHEMERAL, LOADING, REPLY, Message, mentioned_users, numbered
from sandbox.server.middleware import json_answer, takes_query
from sandbox.server.rate_limits import PREFIX
from sandbox.server.request_body import Body, Upload, read_validated
from sandbox.server.state import MAX_ID_DIGITS, DiscordState

Json = dict[str, Any]

_MESSAGES = f"{PREFIX}/channels/{{channel_id}}/messages"
_MESSAGE = f"{_MESSAGES}/{{message_id}}"
MAX_PAGE, DEFAULT_PAGE = 100, 50


class ChannelMessageRoutes:
    """Messages of a channel."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        router.add_get(_MESSAGES, self.list, allow_head=False)
        router.add_post(_MESSAGES, self.create)
        router.add_get(_MESSAGE, self.get, allow_head=False)
        router.add_patch(_MESSAGE, self.edit)
        router.add_delete(_MESSAGE, self.delete)
        router.add_post(f"{PREFIX}/channels/{{channel_id}}/typing", self.typing)

    def _channel(self, request: web.Request, *needed: Permission) -> Channel:
        channel = self._state.channel_of(request.match_info["channel_id"])
        if channel.guild_id:
            held = self._state.bot_permissions
            if not allows(held, Permission.VIEW_CHANNEL):
                raise DiscordError(MISSING_ACCESS)
            if not all(allows(held, one) for one in needed):
                raise DiscordError(MISSING_PERMISSIONS)
        return channel

    def _message(self, request: web.Request, channel: Channel) -> Message:
        found = self._state.find_message(request.match_info["message_id"])
        if found is None or found.channel is not channel or found.only_for is not None:
            raise DiscordError(UNKNOWN_MESSAGE)
        return found

    @takes_query("limit", "before", "after")
    async def list(self, request: web.Request) -> web.Response:
        """Messages of the channel, newest first."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        limit = _query_number(request, "limit", DEFAULT_PAGE)
        if not 1 <= limit <= MAX_PAGE:
            sentence = f"int value should be between 1 and {MAX_PAGE}."
            raise invalid_form([(("limit",), "NUMBER_TYPE_MAX", sentence)])
        before, after = _query_number(request, "before"), _query_number(request, "after")
        shown = [one for one in self._state.messages.values() if one.channel is channel and one.only_for is None]
        shown = [one for one in shown if one.id > after and (one.id < before or not before)]
        page = shown[:limit] if after else shown[-limit:]
        return json_answer([one.to_json(self._state.attachments) for one in reversed(page)])

    async def create(self, request: web.Request) -> web.Response:
        """Send a message."""
        channel = self._channel(request, Permission.SEND_MESSAGES)
        body = await read_validated(request, "MessageCreateRequest")
        if body.files:
            self._channel(request, Permission.ATTACH_FILES)
        state, payload = self._state, body.payload
        nonce = payload.get("nonce")
        if payload.get("enforce_nonce") and (same := state.message_with_nonce(channel, nonce)) is not None:
            return json_answer(same.to_json(state.attachments))
        message = state.new_message(channel, state.bot, nonce=nonce)
        self._link_reply(message, payload)
        fill_message(state, message, body)
        state.save(message)
        return json_answer(message.to_json(state.attachments))

    def _link_reply(self, message: Message, payload: Json) -> None:
        reference = payload.get("message_reference")
        if not reference:
            return
        found = self._state.find_message(reference["message_id"])
        if found is not None and found.channel is message.channel and found.only_for is None:
            message.type, message.reply_to = REPLY, found
        elif reference.get("fail_if_not_exists", True):
            raise invalid_form([(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")])

    async def get(self, request: web.Request) -> web.Response:
        """One message."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        return json_answer(self._message(request, channel).to_json(self._state.attachments))

    async def edit(self, request: web.Request) -> web.Response:
        """Change one of the bot's own messages."""
        message = self._message(request, self._channel(request))
        if message.author != self._state.bot:
            raise DiscordError(FOREIGN_MESSAGE)
        return await edit_message(self._state, message, request, "MessageEditRequestPartial")

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message; somebody else's only with the permission to manage messages."""
        message = self._message(request, self._channel(request))
        if message.author != self._state.bot:
            if message.channel.guild_id is None:
                raise DiscordError(FOREIGN_MESSAGE)
            self._channel(request, Permission.MANAGE_MESSAGES)
        self._state.delete(message)
        return json_answer()

    async def typing(self, request: web.Request) -> web.Response:
        """Accept that the bot is typing; the page does not show it."""
        self._channel(request, Permission.SEND_MESSAGES)
        return json_answer()


def _query_number(request: web.Request, name: str, default: int = 0) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > MAX_ID_DIGITS:
        raise invalid_form([((name,), "NUMBER_TYPE_COERCE", f'Value "{text[:40]}" is not int.')])
    return int(text)


async def edit_message(state: DiscordState, message: Message, request: web.Request, schema: str) -> web.Response:
    """Answer a request to change a message, whose body has the schema of this name.

    Raises:
        DiscordError: as `read_validated` and `change_message`, and 10008 if the message was deleted meanwhile.
    """
    body = await read_validated(request, schema)
    if message.deleted:
        raise DiscordError(UNKNOWN_MESSAGE)
    change_message(state, message, body)
    state.save(message)
    return json_answer(message.to_json(state.attachments))


def fill_message(state: DiscordState, message: Message, body: Body, settable: int = SETTABLE_FLAGS) -> None:
    """Put the content of a request into a new message; it may set the flags `settable`.

    Raises:
        DiscordError: 50035 for whatever is over a limit, 50006 for a message without content.
    """
    payload = body.payload
    check_message(payload, settable=settable, path=body.path)
    descriptions = _file_descriptions(body, set())
    if not any([payload.get("content"), payload.get("embeds"), payload.get("components"), body.files]):
        raise DiscordError(EMPTY_MESSAGE)
    message.content = payload.get("content") or ""
    message.embeds = payload.get("embeds") or []
    message.components = numbered(payload.get("components") or [])
    message.flags |= payload.get("flags") or 0
    message.tts = bool(payload.get("tts"))
    message.mentions = mentioned_users(message.content, payload.get("allowed_mentions"), state.users.get)
    message.files = [_store(state, message, one, descriptions.get(n)) for n, one in sorted(body.files.items())]


def change_message(state: DiscordState, message: Message, body: Body) -> None:
    """Change a message: fields that the request leaves out stay. A message that says 'thinking…' is filled by it.

    Raises:
        DiscordError: 50035 for whatever is over a limit, 50006 if nothing would be left.
    """
    payload = body.payload
    check_message(payload, already=message.flags, path=body.path)
    descriptions = _file_descriptions(body, {str(one.id) for one in message.files})
    files = list(message.files)
    if payload.get("attachments") is not None:
        listed = {str(one["id"]) for one in payload["attachments"]}
        in_embeds = message.files_in_embeds() if "embeds" not in payload else []
        files = [one for one in files if str(one.id) in listed or one in in_embeds]
    after = {key: payload.get(key, getattr(message, key)) or [] for key in ("embeds", "components")}
    content = (payload["content"] or "") if "content" in payload else message.content
    if not any([content, after["embeds"], after["components"], files, body.files]):
        raise DiscordError(EMPTY_MESSAGE)
    new_files = [_store(state, message, one, descriptions.get(n)) for n, one in sorted(body.files.items())]
    message.files = files + new_files
    message.content, message.embeds = content, after["embeds"]
    message.components = numbered(after["components"])
    message.mentions = mentioned_users(content, payload.get("allowed_mentions"), state.users.get)
    if payload.get("flags") is not None:
        fixed = message.flags & (EPHEMERAL | LOADING | COMPONENTS_V2)
        message.flags = fixed | (payload["flags"] & SETTABLE_FLAGS)
    if message.is_loading:
        message.flags &= ~LOADING
    else:
        message.edited_at = state.clock.now()


def _file_descriptions(body: Body, kept: set[str]) -> dict[int, Json]:
    """The entries of `attachments` that describe new files, by the n of their `files[n]`."""
    found: dict[int, Json] = {}
    for index, entry in enumerate(body.payload.get("attachments") or ()):
        if entry["id"] in kept:
            continue
        if int(entry["id"]) not in body.files:
            sentence = f'Attachment data for "{entry["id"]}" was not found'
            raise invalid_form([((*body.path, "attachments", index, "id"), "ATTACHMENT_NOT_FOUND", sentence)])
        found[int(entry["id"])] = entry
    return found


def _store(state: DiscordState, message: Message, upload: Upload, entry: Json | None) -> Attachment:
    entry = entry or {}
    name = entry.get("filename") or upload.filename
    if entry.get("is_spoiler") and not name.startswith("SPOILER_"):
        name = f"SPOILER_{name}"
    return state.attachments.add(message.channel.id, name, upload.data, entry.get("description"))

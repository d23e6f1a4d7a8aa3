"""Messages of a channel, with the permissions that the bot needs there."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.discord.errors import (
    foreign_message,
    invalid_form,
    missing_access,
    missing_permissions,
    unknown_message,
)
from sandbox.discord.messages import DEFAULT, EPHEMERAL, REPLY, Message
from sandbox.discord.people import Channel
from sandbox.discord.permissions import Permission, allows
from sandbox.discord.ratelimits import PREFIX
from sandbox.discord.rest.body import Body, read_checked
from sandbox.discord.rest.gate import answer
from sandbox.discord.rest.writing import edit, fill
from sandbox.discord.world import World

Json = dict[str, Any]

_MESSAGES = f"{PREFIX}/channels/{{channel_id}}/messages"
_MESSAGE = f"{_MESSAGES}/{{message_id}}"
MAX_PAGE, DEFAULT_PAGE = 100, 50


class ChannelMessageRoutes:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get(_MESSAGES, self.list, allow_head=False)
        router.add_post(_MESSAGES, self.create)
        router.add_get(_MESSAGE, self.get, allow_head=False)
        router.add_patch(_MESSAGE, self.edit)
        router.add_delete(_MESSAGE, self.delete)
        router.add_post(f"{PREFIX}/channels/{{channel_id}}/typing", self.typing)

    def _channel(self, request: web.Request, *needed: Permission) -> Channel:
        channel = self._world.channel_of(request.match_info["channel_id"])
        if channel.guild_id:
            held = self._world.bot_permissions
            if not allows(held, Permission.VIEW_CHANNEL):
                raise missing_access()
            if not all(allows(held, one) for one in needed):
                raise missing_permissions()
        return channel

    def _message(self, request: web.Request, channel: Channel) -> Message:
        message_id = request.match_info["message_id"]
        found = self._world.messages.get(int(message_id)) if message_id.isdigit() else None
        if found is None or found.channel is not channel or found.only_for is not None:
            raise unknown_message()
        return found

    async def list(self, request: web.Request) -> web.Response:
        """Messages of the channel, newest first; `before`, `after` and `limit` as in Discord."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        limit = request.query.get("limit", str(DEFAULT_PAGE))
        if not limit.isdigit() or not 1 <= int(limit) <= MAX_PAGE:
            sentence = f"int value should be between 1 and {MAX_PAGE}."
            raise invalid_form([(("limit",), "NUMBER_TYPE_MAX", sentence)])
        shown = [one for one in self._world.messages.values() if one.channel is channel and one.only_for is None]
        before, after = request.query.get("before", ""), request.query.get("after", "")
        if before.isdigit():
            shown = [one for one in shown if one.id < int(before)]
        if after.isdigit():
            shown = [one for one in shown if one.id > int(after)]
        page = shown[: int(limit)] if after.isdigit() else shown[-int(limit) :]
        return answer([one.to_json(self._world.store) for one in reversed(page)])

    async def create(self, request: web.Request) -> web.Response:
        """Send a message."""
        channel = self._channel(request, Permission.SEND_MESSAGES)
        body = await read_checked(request, "MessageCreateRequest")
        if body.files:
            self._channel(request, Permission.ATTACH_FILES)
        world, payload = self._world, body.payload
        if payload.get("enforce_nonce") and (same := world.same_nonce(channel, payload.get("nonce"))) is not None:
            return answer(same.to_json(world.store))
        message = world.new_message(channel, world.bot, nonce=payload.get("nonce"))
        self._link_reply(message, body)
        fill(world, message, body)
        message.flags &= ~EPHEMERAL
        world.save(message)
        return answer(message.to_json(world.store))

    def _link_reply(self, message: Message, body: Body) -> None:
        wanted = body.payload.get("message_reference")
        if not wanted:
            return
        found = self._world.messages.get(int(wanted["message_id"]))
        if found is None or found.channel is not message.channel or found.only_for is not None:
            if wanted.get("fail_if_not_exists", True):
                found_error = ("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message"
                raise invalid_form([found_error])
            message.type = DEFAULT
            return
        message.type, message.reply_to = REPLY, found

    async def get(self, request: web.Request) -> web.Response:
        """One message."""
        channel = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        return answer(self._message(request, channel).to_json(self._world.store))

    async def edit(self, request: web.Request) -> web.Response:
        """Change one of the bot's own messages."""
        message = self._message(request, self._channel(request))
        if message.author != self._world.bot:
            raise foreign_message()
        return await edit(self._world, message, request, "MessageEditRequestPartial")

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message; one of somebody else only with the permission to manage messages."""
        message = self._message(request, self._channel(request))
        if message.author != self._world.bot:
            if message.channel.guild_id is None:
                raise foreign_message()
            self._channel(request, Permission.MANAGE_MESSAGES)
        self._world.delete(message)
        return answer()

    async def typing(self, request: web.Request) -> web.Response:
        """Show that the bot is typing; the page does not."""
        self._channel(request, Permission.SEND_MESSAGES)
        return answer()

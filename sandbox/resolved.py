"""What an interaction carries beside its ids: the files, people, roles, channels and messages that they stand for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from sandbox.discord.guild import roles_json
from sandbox.discord.messages import Message
from sandbox.discord.people import Channel, User, member_json
from sandbox.discord.rest.body import Upload
from sandbox.discord.world import World
from sandbox.errors import RefusedError

Json = dict[str, Any]

RESOLVED = "resolved"  # the key that Discord reads them under
GONE_FILE = "The file did not arrive; attach it again."


class Kind(StrEnum):
    """What can be chosen from the guild itself, named as the sentences name it."""

    USER = "member"
    ROLE = "role"
    MENTIONABLE = "member or role"
    CHANNEL = "channel"


class Resolved:
    """Collects `resolved` of one interaction, from the ids and files that the page sent with it."""

    def __init__(self, world: World, files: Mapping[int, Upload] | None = None) -> None:
        self._world = world
        self._files = files or {}
        self._parts: dict[str, Json] = {}

    def _add(self, part: str, key: int | str, value: Json) -> str:
        self._parts.setdefault(part, {})[str(key)] = value
        return str(key)

    def attach(self, index: Any) -> str:
        """Keep the upload of this index; the id of the attachment.

        Raises:
            RefusedError: there is no such upload.
        """
        upload = self._files.get(index) if isinstance(index, int) else None
        if upload is None:
            raise RefusedError(GONE_FILE)
        kept = self._world.store.add(self._world.channel.id, upload.filename, upload.data)
        return self._add("attachments", kept.id, {**self._world.store.to_json(kept), "ephemeral": True})

    def choose(self, kind: Kind, chosen: Any, channel_types: Collection[int] | None = None) -> str:
        """Take the id of somebody or something of the guild; the same id.

        Raises:
            RefusedError: there is no such member, role or channel, or the channel is of another type than wanted.
        """
        number = int(chosen) if isinstance(chosen, str) and chosen.isdigit() else 0
        if kind is Kind.CHANNEL:
            channel = self._world.channels.get(number)
            if channel is not None and channel.guild_id and channel.type in (channel_types or (channel.type,)):
                return self._add("channels", number, self._channel(channel))
            raise RefusedError("There is no such channel to choose here.")
        if kind is not Kind.ROLE and (user := self._world.users.get(number)) is not None:
            return self._user(user)
        role = next((one for one in roles_json() if one["id"] == chosen), None)
        if kind is not Kind.USER and role is not None:
            return self._add("roles", number, role)
        raise RefusedError(f"There is no such {kind}.")

    def _channel(self, channel: Channel) -> Json:
        return {**channel.to_json(), "permissions": str(self._world.permissions_of(self._world.owner))}

    def _user(self, user: User) -> str:
        permissions = self._world.permissions_of(user)
        self._add("members", user.id, member_json(user, permissions, with_user=False))
        return self._add("users", user.id, user.to_json())

    def message(self, message: Message) -> str:
        """Add a message; its id."""
        return self._add("messages", message.id, message.to_json(self._world.store))

    def to_json(self) -> Json:
        """What is to be merged into an interaction's data: the parts under the key RESOLVED, nothing without any."""
        return {RESOLVED: self._parts} if self._parts else {}

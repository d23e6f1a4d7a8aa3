"""Users, the guild's members, and channels, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

GUILD_TEXT, DIRECT = 0, 1
_JOINED = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class User:
    """A person or a bot; `name` is unique among people."""

    id: int
    name: str
    bot: bool = False

    def to_json(self) -> Json:
        """The user as Discord sends it."""
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.bot else self.name,
            "discriminator": "0000" if self.bot else "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
        }


def member_json(user: User, permissions: int | None = None) -> Json:
    """The user as a member of the guild; with `permissions` as an interaction carries it."""
    member: Json = {
        "user": user.to_json(),
        "nick": None,
        "avatar": None,
        "roles": [],
        "joined_at": _JOINED,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }
    if permissions is not None:
        member["permissions"] = str(permissions)
    return member


@dataclass
class Channel:
    """The guild's text channel, or (without a `guild_id`) direct messages between the bot and `recipient`."""

    id: int
    name: str = ""
    guild_id: int | None = None
    recipient: User | None = None
    last_message_id: int | None = None

    def to_json(self) -> Json:
        """The channel as Discord sends it."""
        last = None if self.last_message_id is None else str(self.last_message_id)
        if self.recipient is not None:
            people = [self.recipient.to_json()]
            return {"id": str(self.id), "type": DIRECT, "recipients": people, "last_message_id": last, "flags": 0}
        return {
            "id": str(self.id),
            "type": GUILD_TEXT,
            "guild_id": str(self.guild_id),
            "name": self.name,
            "topic": "Type / to see what the bot can do",
            "position": 0,
            "permission_overwrites": [],
            "parent_id": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
            "last_message_id": last,
            "flags": 0,
        }

"""Users, the guild's members, and channels, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

GUILD_TEXT, DIRECT = 0, 1
_JOINED = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class User:
    """A person or a bot; `name` is unique among people. `roles` are ids of the guild's roles, without `@everyone`."""

    id: int
    name: str
    bot: bool = False
    roles: tuple[int, ...] = ()

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


def member_json(user: User, permissions: int | None = None, with_user: bool = True) -> Json:
    """The user as a member of the guild; with `permissions` as an interaction carries it."""
    member: Json = {
        **({"user": user.to_json()} if with_user else {}),
        "nick": None,
        "avatar": None,
        "roles": [str(one) for one in user.roles],
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

    @property
    def type(self) -> int:
        """Discord's number for this kind of channel."""
        return GUILD_TEXT if self.recipient is None else DIRECT

    def to_json(self) -> Json:
        """The channel as Discord sends it."""
        last = None if self.last_message_id is None else str(self.last_message_id)
        if self.recipient is not None:
            people = [self.recipient.to_json()]
            return {"id": str(self.id), "type": self.type, "recipients": people, "last_message_id": last, "flags": 0}
        return {
            "id": str(self.id),
            "type": self.type,
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

"""The one guild: its ids, roles and permissions, its members and channels, as objects and as JSON.

The ids of the guild, its channel and its roles are the same at every start, so that data kept for a guild in a folder
that outlives a restart belongs to the same guild afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Any

Json = dict[str, Any]

GUILD_NAME = "Your server"
CHANNEL_NAME = "music"
ADMIN_ROLE_NAME = "Admin"
# Snowflakes of the first milliseconds of 2026: older than every id that the clock gives.
GUILD_ID = 1_456_074_443_980_800_000
ADMIN_ROLE_ID = GUILD_ID + 1
CHANNEL_ID = GUILD_ID + 2
GUILD_TEXT, DIRECT = 0, 1
_JOINED_AT = "2026-01-01T00:00:00+00:00"


class Permission(IntFlag):
    """The permission bits that matter here, with Discord's values."""

    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL_PERMISSIONS = (1 << 53) - 1
# What the invite link of the README asks for.
BOT_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
)
MEMBER_PERMISSIONS = BOT_PERMISSIONS | Permission.ADD_REACTIONS | Permission.USE_APPLICATION_COMMANDS
ADMIN_PERMISSIONS = Permission.MANAGE_GUILD  # added by the role Admin


def allows(held: int, needed: int) -> bool:
    """Whether `held` covers every bit of `needed`; an administrator's bits cover all."""
    return bool(held & Permission.ADMINISTRATOR) or held & needed == needed


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
        "roles": [str(role) for role in user.roles],
        "joined_at": _JOINED_AT,
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
        common: Json = {"id": str(self.id), "type": self.type, "last_message_id": last, "flags": 0}
        if self.recipient is not None:
            return {**common, "recipients": [self.recipient.to_json()]}
        return {
            **common,
            "guild_id": str(self.guild_id),
            "name": self.name,
            "topic": "Type / to see what the bot can do",
            "position": 0,
            "permission_overwrites": [],
            "parent_id": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
        }


def roles_json() -> list[Json]:
    """The roles: `@everyone`, whose id is the guild's, and Admin, whose members manage the server."""
    return [
        _role_json(GUILD_ID, "@everyone", int(MEMBER_PERMISSIONS), 0),
        _role_json(ADMIN_ROLE_ID, ADMIN_ROLE_NAME, int(ADMIN_PERMISSIONS), 1),
    ]


def _role_json(role_id: int, name: str, bits: int, position: int) -> Json:
    return {
        "id": str(role_id),
        "name": name,
        "permissions": str(bits),
        "color": 0,
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "managed": False,
        "mentionable": False,
        "flags": 0,
        "colors": {"primary_color": 0},
    }


def guild_json(owner: User) -> Json:
    """The guild as `GET /guilds/{id}` gives it."""
    return {
        "id": str(GUILD_ID),
        "name": GUILD_NAME,
        "owner_id": str(owner.id),
        "roles": roles_json(),
        **dict.fromkeys(("icon", "splash", "discovery_splash", "banner", "description", "afk_channel_id")),
        **dict.fromkeys(("application_id", "system_channel_id", "rules_channel_id", "vanity_url_code")),
        **dict.fromkeys(("public_updates_channel_id", "safety_alerts_channel_id"), None),
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "features": [],
        "preferred_locale": "en-US",
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
    }


def guild_create_json(owner: User, bot: User, member_count: int, channel: Channel) -> Json:
    """The guild as the event GUILD_CREATE gives it."""
    return {
        **guild_json(owner),
        "joined_at": _JOINED_AT,
        "large": False,
        "unavailable": False,
        "member_count": member_count,
        "members": [member_json(bot)],
        "channels": [channel.to_json()],
        **{key: [] for key in ("threads", "voice_states", "presences", "stage_instances")},
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }

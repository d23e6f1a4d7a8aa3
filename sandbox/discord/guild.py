"""The one guild as JSON: its ids, its roles, and what every request and event tells of it.

The ids of the guild, its channel and its roles are the same at every start: whoever keeps things for each server (in a
folder that outlives a restart) finds them again.
"""

from __future__ import annotations

from typing import Any

from sandbox.discord import permissions
from sandbox.discord.people import Channel, User, member_json

Json = dict[str, Any]

GUILD_NAME = "Your server"
CHANNEL_NAME = "music"
ADMIN_ROLE_NAME = "Admin"
# Snowflakes of the first milliseconds of 2026: long before every id that the clock gives.
GUILD_ID = 1_456_074_443_980_800_000
ADMIN_ROLE_ID = GUILD_ID + 1
CHANNEL_ID = GUILD_ID + 2


def roles_json() -> list[Json]:
    """The roles: `@everyone`, whose id is the guild's, and that of those who manage the server."""
    return [
        _role(GUILD_ID, "@everyone", int(permissions.MEMBER), 0),
        _role(ADMIN_ROLE_ID, ADMIN_ROLE_NAME, int(permissions.ADMIN), 1),
    ]


def _role(role_id: int, name: str, bits: int, position: int) -> Json:
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
    """The guild as GUILD_CREATE and `GET /guilds/{id}` give it."""
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


def guild_event_json(owner: User, bot: User, member_count: int, channel: Channel) -> Json:
    """The guild with the extra parts that only the gateway sends."""
    return {
        **guild_json(owner),
        "joined_at": "2026-01-01T00:00:00+00:00",
        "large": False,
        "unavailable": False,
        "member_count": member_count,
        "members": [member_json(bot)],
        "channels": [channel.to_json()],
        **{key: [] for key in ("threads", "voice_states", "presences", "stage_instances")},
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }

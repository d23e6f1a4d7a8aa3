"""Permission bits: what members and the bot may do in the guild's one channel."""

from __future__ import annotations

from enum import IntFlag


class Permission(IntFlag):
    """The bits that matter here, with Discord's values."""

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


ALL = (1 << 53) - 1

MEMBER = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)

# What the role of those who manage the server adds.
ADMIN = Permission.MANAGE_GUILD

# What the invite link of the README asks for, and nothing more.
BOT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
)


def allows(held: int, needed: int) -> bool:
    """Whether `held` covers every bit of `needed`; an administrator's bits cover all."""
    return bool(held & Permission.ADMINISTRATOR) or held & needed == needed

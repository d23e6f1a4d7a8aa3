"""The state of the local Discord, all in memory: one guild with one channel, its people, messages and commands.

Whoever wants to know of changes (the gateway, the page) adds itself to `observers`.
"""

from __future__ import annotations

import re
import secrets
from typing import Any, Protocol

from sandbox.clock import Clock
from sandbox.discord import guild, permissions
from sandbox.discord.attachments import AttachmentStore
from sandbox.discord.errors import unknown_channel
from sandbox.discord.ids import Snowflakes
from sandbox.discord.interactions import TOKEN_LIMIT_S, Interaction
from sandbox.discord.messages import DEFAULT, Message
from sandbox.discord.people import Channel, User

Json = dict[str, Any]

BOT_NAME = "Cadenza"
OWNER_NAME = "owner"
DEFAULT_MEMBER = "guest"  # whom the page speaks as where nobody is named: manages the server, so that all can be tried
MAX_NAME = 32
MAX_SHOWN = 100
_NONCE_S = 300.0


class Observer(Protocol):
    """Is told of what happens."""

    def message_saved(self, message: Message, created: bool) -> None:
        """A message was created, or changed."""

    def message_deleted(self, message: Message) -> None:
        """A message is gone."""

    def commands_changed(self) -> None:
        """The application has other commands now."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """An interaction was created, acknowledged, or has failed."""


class World:
    """Everything that the local Discord remembers."""

    def __init__(self, bot_token: str, clock: Clock) -> None:
        self.clock = clock
        self.bot_token = bot_token
        self.ids = Snowflakes(clock)
        self.store = AttachmentStore(clock, self.ids)
        self.bot = User(self.ids.next(), BOT_NAME, bot=True)
        self.owner = User(self.ids.next(), OWNER_NAME)
        self.users = {user.id: user for user in (self.bot, self.owner)}
        self.guild_id = guild.GUILD_ID
        self.channel = Channel(guild.CHANNEL_ID, guild.CHANNEL_NAME, self.guild_id)
        self.channels = {self.channel.id: self.channel}
        self.messages: dict[int, Message] = {}
        self.interactions: dict[int, Interaction] = {}
        self.commands: dict[int | None, list[Json]] = {None: [], self.guild_id: []}
        self.bot_permissions = int(permissions.BOT)
        self.observers: list[Observer] = []

    # people

    def member(self, name: str) -> User:
        """The member of this name, who joins if new. The name is trimmed to what Discord takes."""
        name = re.sub(r"[^\w.\- ]", "", name).strip()[:MAX_NAME] or DEFAULT_MEMBER
        found = next((user for user in self.users.values() if user.name == name and not user.bot), None)
        if found is None:
            roles = (guild.ADMIN_ROLE_ID,) if name == DEFAULT_MEMBER else ()
            found = User(self.ids.next(), name, roles=roles)
            self.users[found.id] = found
        return found

    def permissions_of(self, user: User) -> int:
        """The member's permission bits in the channel."""
        if user == self.owner:
            return permissions.ALL
        if user == self.bot:
            return self.bot_permissions
        admin = permissions.ADMIN if guild.ADMIN_ROLE_ID in user.roles else 0
        return int(permissions.MEMBER | admin)

    def may(self, user: User, needed: str | None) -> bool:
        """Whether the member may use a command with these `default_member_permissions`."""
        if needed is None:
            return True
        held = self.permissions_of(user)
        return permissions.allows(held, int(needed) or permissions.Permission.ADMINISTRATOR)

    def direct_channel(self, user: User) -> Channel:
        """The channel of direct messages between the bot and `user`."""
        found = next((one for one in self.channels.values() if one.recipient == user), None)
        if found is None:
            found = Channel(self.ids.next(), recipient=user)
            self.channels[found.id] = found
        return found

    def channel_of(self, channel_id: str) -> Channel:
        """The channel of this id.

        Raises:
            DiscordError: 10003 where there is none.
        """
        found = self.channels.get(int(channel_id)) if channel_id.isdigit() else None
        if found is None:
            raise unknown_channel()
        return found

    # commands

    def all_commands(self) -> list[Json]:
        """Every command of the guild: the guild's own hide global ones of the same name."""
        own = self.commands[self.guild_id]
        names = {(one["type"], one["name"]) for one in own}
        return own + [one for one in self.commands[None] if (one["type"], one["name"]) not in names]

    def commands_for(self, user: User) -> list[Json]:
        """Those of the commands that this member is shown."""
        return [one for one in self.all_commands() if self.may(user, one["default_member_permissions"])]

    # messages

    def new_message(self, channel: Channel, author: User, **what: Any) -> Message:
        """A message that is not in the world yet: `save` puts it there."""
        return Message(self.ids.next(), channel, author, self.clock.now(), **{"type": DEFAULT, **what})

    def save(self, message: Message) -> None:
        """Put a message into the world, or tell that it changed."""
        created = message.id not in self.messages
        self.messages[message.id] = message
        if created and message.only_for is None:
            message.channel.last_message_id = message.id
        for observer in self.observers:
            observer.message_saved(message, created)

    def delete(self, message: Message) -> None:
        """Take a message out of the world."""
        message.deleted = True
        self.messages.pop(message.id, None)
        for observer in self.observers:
            observer.message_deleted(message)

    def same_nonce(self, channel: Channel, nonce: str | int | None) -> Message | None:
        """A message of the last minutes in this channel with the same nonce."""
        since = self.clock.now() - _NONCE_S
        recent = (one for one in self.messages.values() if one.channel is channel and one.created_at >= since)
        return next((one for one in recent if nonce is not None and one.nonce == nonce), None)

    def visible_to(self, user: User) -> list[Message]:
        """What the member sees on opening the page, oldest first: no ephemeral messages, the last `MAX_SHOWN`."""
        shown = [one for one in self.messages.values() if one.only_for is None]
        return [one for one in shown if one.channel.recipient in (None, user)][-MAX_SHOWN:]

    # interactions

    def add_interaction(self, interaction: Interaction) -> None:
        """Remember a new interaction, and forget those whose tokens are long gone."""
        since = self.clock.now() - 2 * TOKEN_LIMIT_S
        self.interactions = {key: one for key, one in self.interactions.items() if one.created_at >= since}
        self.interactions[interaction.id] = interaction
        self.changed(interaction)

    def changed(self, interaction: Interaction) -> None:
        """Tell that an interaction has another state."""
        for observer in self.observers:
            observer.interaction_changed(interaction)

    def commands_changed(self) -> None:
        """Tell that the commands are others."""
        for observer in self.observers:
            observer.commands_changed()

    # the guild

    def guild_json(self) -> Json:
        """The guild as `GET /guilds/{id}` gives it."""
        return guild.guild_json(self.owner)

    def guild_event_json(self) -> Json:
        """The guild as GUILD_CREATE gives it."""
        return guild.guild_event_json(self.owner, self.bot, len(self.users), self.channel)


def random_token() -> str:
    """A token in the form of a bot's."""
    return f"{secrets.token_urlsafe(18)}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"

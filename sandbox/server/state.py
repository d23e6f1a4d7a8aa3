"""Everything the local Discord remembers: members, messages, interactions and commands, all in memory.

The gateway and the page API are notified of every change as `Observer`s.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Any, Protocol

from sandbox.server import guild
from sandbox.server.attachments import UPLOAD_LIMIT_BYTES, AttachmentStore
from sandbox.server.clock import Clock, Snowflakes
from sandbox.server.errors import UNKNOWN_CHANNEL, DiscordError
from sandbox.server.guild import Channel, Permission, User
from sandbox.server.messages import ANSWER_LIMIT_S, TOKEN_LIMIT_S, Interaction, InteractionState, Message

Json = dict[str, Any]

BOT_NAME = "Cadenza"
OWNER_NAME = "owner"
DEFAULT_MEMBER = "guest"  # the page's member if none is named; an admin, so that everything can be tried
MAX_NAME = 32
MAX_ID_DIGITS = 20
MAX_SHOWN = 100
_NONCE_S = 300.0


class Observer(Protocol):
    """Is notified of changes."""

    def message_saved(self, message: Message, created: bool) -> None:
        """A message was created or changed."""

    def message_deleted(self, message: Message) -> None:
        """A message was deleted."""

    def commands_changed(self) -> None:
        """The application's commands were replaced."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """An interaction was created, was acknowledged, or failed."""


class DiscordState:
    """One guild with one channel, direct messages, and one application with its bot."""

    def __init__(self, bot_token: str, clock: Clock) -> None:
        self.clock = clock
        self.bot_token = bot_token
        self.ids = Snowflakes(clock)
        self.attachments = AttachmentStore(clock, self.ids)
        self.bot = User(self.ids.next(), BOT_NAME, bot=True)
        self.owner = User(self.ids.next(), OWNER_NAME)
        self.users = {user.id: user for user in (self.bot, self.owner)}
        self.guild_id = guild.GUILD_ID
        self.channel = Channel(guild.CHANNEL_ID, guild.CHANNEL_NAME, self.guild_id)
        self.channels = {self.channel.id: self.channel}
        self.messages: dict[int, Message] = {}
        self.interactions: dict[int, Interaction] = {}
        self.commands: dict[int | None, list[Json]] = {None: [], self.guild_id: []}
        self.bot_permissions = int(guild.BOT_PERMISSIONS)
        self.observers: list[Observer] = []

    # members and channels

    def member(self, name: str) -> User:
        """The member of this name (cleaned as Discord does), who joins if new."""
        name = re.sub(r"[^\w.\- ]", "", name).strip()[:MAX_NAME] or DEFAULT_MEMBER
        found = next((user for user in self.users.values() if user.name == name and not user.bot), None)
        if found is None:
            roles = (guild.ADMIN_ROLE_ID,) if name == DEFAULT_MEMBER else ()
            found = User(self.ids.next(), name, roles=roles)
            self.users[found.id] = found
        return found

    def permissions_of(self, user: User) -> int:
        """The permission bits of a member in the channel."""
        if user == self.owner:
            return guild.ALL_PERMISSIONS
        if user == self.bot:
            return self.bot_permissions
        admin = guild.ADMIN_PERMISSIONS if guild.ADMIN_ROLE_ID in user.roles else 0
        return int(guild.MEMBER_PERMISSIONS | admin)

    def may_use(self, user: User, default_member_permissions: str | None) -> bool:
        """Whether the member may use a command with these `default_member_permissions`."""
        if default_member_permissions is None:
            return True
        return guild.allows(self.permissions_of(user), int(default_member_permissions) or Permission.ADMINISTRATOR)

    def direct_channel(self, user: User) -> Channel:
        """The channel of direct messages between the bot and `user`."""
        found = next((one for one in self.channels.values() if one.recipient == user), None)
        if found is None:
            found = Channel(self.ids.next(), recipient=user)
            self.channels[found.id] = found
        return found

    def find_user(self, user_id: str) -> User | None:
        """The user with this id."""
        return self.users.get(_parse_id(user_id))

    def find_message(self, message_id: str) -> Message | None:
        """The message with this id."""
        return self.messages.get(_parse_id(message_id))

    def find_interaction(self, interaction_id: str) -> Interaction | None:
        """The interaction with this id."""
        return self.interactions.get(_parse_id(interaction_id))

    def channel_of(self, channel_id: str) -> Channel:
        """The channel with this id.

        Raises:
            DiscordError: 10003 if there is none.
        """
        found = self.channels.get(_parse_id(channel_id))
        if found is None:
            raise DiscordError(UNKNOWN_CHANNEL)
        return found

    # commands

    def all_commands(self) -> list[Json]:
        """Every command of the guild; the guild's own hide global ones of the same type and name."""
        own = self.commands[self.guild_id]
        names = {(command["type"], command["name"]) for command in own}
        return own + [one for one in self.commands[None] if (one["type"], one["name"]) not in names]

    def commands_for(self, user: User) -> list[Json]:
        """The commands that this member may use."""
        return [one for one in self.all_commands() if self.may_use(user, one["default_member_permissions"])]

    def replace_commands(self, scope: int | None, commands: list[Json]) -> None:
        """Replace the commands of one guild, or the global ones (None)."""
        self.commands[scope] = commands
        for observer in self.observers:
            observer.commands_changed()

    # messages

    def new_message(self, channel: Channel, author: User, **fields: Any) -> Message:
        """A message that is not yet part of the state: `save` adds it."""
        return Message(self.ids.next(), channel, author, self.clock.now(), **fields)

    def save(self, message: Message) -> None:
        """Add a message, or notify that it changed."""
        created = message.id not in self.messages
        self.messages[message.id] = message
        if created and message.only_for is None:
            message.channel.last_message_id = message.id
        for observer in self.observers:
            observer.message_saved(message, created)

    def delete(self, message: Message) -> None:
        """Remove a message."""
        message.deleted = True
        self.messages.pop(message.id, None)
        for observer in self.observers:
            observer.message_deleted(message)

    def message_with_nonce(self, channel: Channel, nonce: str | int | None) -> Message | None:
        """A message of the last minutes in this channel with the same nonce."""
        since = self.clock.now() - _NONCE_S
        recent = (one for one in self.messages.values() if one.channel is channel and one.created_at >= since)
        return next((one for one in recent if nonce is not None and one.nonce == nonce), None)

    def visible_to(self, user: User) -> list[Message]:
        """What the member sees on opening the page, oldest first: the last `MAX_SHOWN`, no ephemeral messages."""
        public = [one for one in self.messages.values() if one.only_for is None]
        return [one for one in public if one.channel.recipient in (None, user)][-MAX_SHOWN:]

    # interactions

    def add_interaction(self, interaction: Interaction) -> None:
        """Add an interaction and notify the bot of it; those whose tokens expired long ago are forgotten."""
        since = self.clock.now() - 2 * TOKEN_LIMIT_S
        self.interactions = {key: one for key, one in self.interactions.items() if one.created_at >= since}
        self.interactions[interaction.id] = interaction
        self.interaction_changed(interaction)

    def send_interaction(self, interaction: Interaction) -> None:
        """Add an interaction that fails if it is not answered within 3 s."""
        self.add_interaction(interaction)

        def give_up() -> None:
            if interaction.state is InteractionState.CREATED:
                interaction.fail()
                self.interaction_changed(interaction)

        asyncio.get_running_loop().call_later(ANSWER_LIMIT_S, give_up)

    def interaction_changed(self, interaction: Interaction) -> None:
        """Notify that an interaction has another state."""
        for observer in self.observers:
            observer.interaction_changed(interaction)

    def interaction_json(self, interaction: Interaction) -> Json:
        """The interaction as the event INTERACTION_CREATE gives it."""
        channel, user = interaction.channel, interaction.user
        permissions = self.permissions_of(user)
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(self.bot.id),
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel": {**channel.to_json(), "permissions": str(permissions)},
            "channel_id": str(channel.id),
            "locale": "en-US",
            "app_permissions": str(self.bot_permissions),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(channel.guild_id or 0)},
            "context": 0 if channel.guild_id else 1,
            "attachment_size_limit": UPLOAD_LIMIT_BYTES,
        }
        if channel.guild_id:
            body["guild"] = {"id": str(self.guild_id), "locale": "en-US", "features": []}
            body |= {"guild_id": str(self.guild_id), "guild_locale": "en-US"}
            body["member"] = guild.member_json(user, permissions)
        else:
            body["user"] = user.to_json()
        if interaction.message is not None:
            body["message"] = interaction.message.to_json(self.attachments)
        return body

    # the guild

    def guild_json(self) -> Json:
        """The guild as `GET /guilds/{id}` gives it."""
        return guild.guild_json(self.owner)

    def guild_create_json(self) -> Json:
        """The guild as the event GUILD_CREATE gives it."""
        return guild.guild_create_json(self.owner, self.bot, len(self.users), self.channel)


def _parse_id(text: str) -> int:
    """The number of an id; 0, which nothing has, for any other text."""
    return int(text) if text.isdecimal() and len(text) <= MAX_ID_DIGITS else 0


def random_token() -> str:
    """A token that looks like a bot's."""
    return f"{secrets.token_urlsafe(18)}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"

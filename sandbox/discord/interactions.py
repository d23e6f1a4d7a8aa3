"""Interactions: a command, a click or a form on its way to the bot, its answer within 3 s, its token of 15 minutes."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox.discord.attachments import UPLOAD_LIMIT_BYTES
from sandbox.discord.errors import already_acknowledged, invalid_webhook_token, unknown_interaction
from sandbox.discord.people import Channel, User, member_json

if TYPE_CHECKING:
    from sandbox.discord.messages import Message
    from sandbox.discord.world import World

Json = dict[str, Any]

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
_SUBCOMMANDS = (1, 2)  # types of options: a subcommand, a group of them
ANSWER_LIMIT_S = 3.0
TOKEN_LIMIT_S = 15 * 60.0
NOT_ANSWERED = "The application did not respond"


class State(StrEnum):
    """How far an interaction has come."""

    CREATED = "created"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


@dataclass(eq=False)
class Interaction:
    """One command, click, autocompletion or submitted form.

    `original` is the message that its `@original` names; `form` is what it was answered with, `origin` the interaction
    that the form of this one had answered.
    """

    id: int
    type: int
    user: User
    channel: Channel
    data: Json
    created_at: float
    nonce: str | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96), repr=False)
    message: Message | None = None
    original: Message | None = None
    form: Json | None = None
    origin: Interaction | None = None
    state: State = State.CREATED
    choices: asyncio.Future[list[Json]] | None = None

    @property
    def command_name(self) -> str:
        """A command's name with its group and subcommand."""
        names, part = [self.data["name"]], self.data
        while below := [one for one in part.get("options") or () if one["type"] in _SUBCOMMANDS]:
            part = below[0]
            names.append(part["name"])
        return " ".join(names)

    def acknowledge(self, now: float) -> None:
        """Take the bot's first answer.

        Raises:
            DiscordError: 10062 after 3 s, 40060 when it was answered before.
        """
        if self.state is State.ACKNOWLEDGED:
            raise already_acknowledged()
        if self.state is State.FAILED or now - self.created_at > ANSWER_LIMIT_S:
            raise unknown_interaction()
        self.state = State.ACKNOWLEDGED

    def check_token(self, now: float) -> None:
        """Check that the token still lives.

        Raises:
            DiscordError: 401 / 50027 after 15 minutes.
        """
        if now - self.created_at > TOKEN_LIMIT_S:
            raise invalid_webhook_token()

    def metadata(self, message: Message) -> Json:
        """`interaction_metadata` of a message that came of this."""
        found = self._own_metadata()
        if self.origin is not None:
            found["triggering_interaction_metadata"] = self.origin._own_metadata()
        if message.answers is not None:
            found["original_response_message_id"] = str(message.answers.id)
        return found

    def _own_metadata(self) -> Json:
        owners = {"0": str(self.channel.guild_id)} if self.channel.guild_id else {"0": "0"}
        found: Json = {
            "id": str(self.id),
            "type": self.type,
            "user": self.user.to_json(),
            "authorizing_integration_owners": owners,
        }
        if self.type == COMMAND:
            found |= {"name": self.command_name, "command_type": self.data["type"]}
            if "target_id" in self.data:
                found["target_message_id"] = self.data["target_id"]
        if self.message is not None:
            found["interacted_message_id"] = str(self.message.id)
        return found

    def short_metadata(self) -> Json:
        """The older `interaction` of a command's answer."""
        return {"id": str(self.id), "type": self.type, "name": self.command_name, "user": self.user.to_json()}

    def to_json(self, world: World) -> Json:
        """INTERACTION_CREATE."""
        in_guild = self.channel.guild_id is not None
        body: Json = {
            "id": str(self.id),
            "application_id": str(world.bot.id),
            "type": self.type,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel": {**self.channel.to_json(), "permissions": str(world.permissions_of(self.user))},
            "channel_id": str(self.channel.id),
            "locale": "en-US",
            "app_permissions": str(world.bot_permissions),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(self.channel.guild_id or 0)},
            "context": 0 if in_guild else 1,
            "attachment_size_limit": UPLOAD_LIMIT_BYTES,
        }
        if in_guild:
            guild = {"id": str(world.guild_id), "locale": "en-US", "features": []}
            member = member_json(self.user, world.permissions_of(self.user))
            body |= {"guild": guild, "guild_id": str(world.guild_id), "guild_locale": "en-US", "member": member}
        else:
            body["user"] = self.user.to_json()
        if self.message is not None:
            body["message"] = self.message.to_json(world.store)
        return body


def send(world: World, interaction: Interaction) -> None:
    """Put an interaction on its way; after 3 s without an answer it has failed."""
    world.add_interaction(interaction)

    def give_up() -> None:
        if interaction.state is State.CREATED:
            interaction.state = State.FAILED
            if interaction.choices is not None and not interaction.choices.done():
                interaction.choices.set_result([])
            world.changed(interaction)

    asyncio.get_running_loop().call_later(ANSWER_LIMIT_S, give_up)

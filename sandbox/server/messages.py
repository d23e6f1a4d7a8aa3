"""Messages and the interactions they answer: what they hold, and their JSON for a bot and for the page.

An interaction is a command, a click, an autocompletion or a submitted form on its way to the bot. The bot has 3 s for
its first answer and a token that lives for 15 minutes.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sandbox.server.attachments import Attachment, AttachmentStore
from sandbox.server.errors import ALREADY_ACKNOWLEDGED, INVALID_WEBHOOK_TOKEN, UNKNOWN_INTERACTION, DiscordError
from sandbox.server.guild import Channel, User

Json = dict[str, Any]

# flags of messages
SUPPRESS_EMBEDS, EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 6, 1 << 7, 1 << 12
COMPONENTS_V2 = 1 << 15
# types of messages
DEFAULT, REPLY, COMMAND_REPLY, MESSAGE_COMMAND_REPLY = 0, 19, 20, 23
# types of commands
SLASH, MESSAGE_COMMAND = 1, 3
# types of interactions
COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
# types of options that hold options
SUBCOMMAND, GROUP = 1, 2

ANSWER_LIMIT_S = 3.0
TOKEN_LIMIT_S = 15 * 60.0

_SCHEME = "attachment://"
_PICTURES = ("image", "thumbnail", "video")
_MENTION = re.compile(r"<@!?(\d{1,20})>")


class InteractionState(StrEnum):
    """How far an interaction has come."""

    CREATED = "created"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


@dataclass(eq=False)
class Interaction:
    """One command, click, autocompletion or submitted form.

    `message` is the message it was used on, `original` the one that `@original` names. `form` is the form it was
    answered with; `origin` is the interaction whose form this one submits. `choices` receives an autocompletion.
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
    state: InteractionState = InteractionState.CREATED
    choices: asyncio.Future[list[Json]] | None = None

    @property
    def command_name(self) -> str:
        """The name of a command with its group and subcommand."""
        names, part = [self.data["name"]], self.data
        while below := [one for one in part.get("options") or () if one["type"] in (SUBCOMMAND, GROUP)]:
            part = below[0]
            names.append(part["name"])
        return " ".join(names)

    def acknowledge(self, now: float) -> None:
        """Accept the bot's first answer.

        Raises:
            DiscordError: 10062 after 3 s, 40060 if it was answered before.
        """
        if self.state is InteractionState.ACKNOWLEDGED:
            raise DiscordError(ALREADY_ACKNOWLEDGED)
        if self.state is InteractionState.FAILED or now - self.created_at > ANSWER_LIMIT_S:
            raise DiscordError(UNKNOWN_INTERACTION)
        self.state = InteractionState.ACKNOWLEDGED

    def fail(self) -> None:
        """Give up on an interaction that was not answered in time."""
        self.state = InteractionState.FAILED
        if self.choices is not None and not self.choices.done():
            self.choices.set_result([])

    def check_token(self, now: float) -> None:
        """Check that the token has not expired.

        Raises:
            DiscordError: 401 / 50027 after 15 minutes.
        """
        if now - self.created_at > TOKEN_LIMIT_S:
            raise DiscordError(INVALID_WEBHOOK_TOKEN)

    def metadata(self, message: Message) -> Json:
        """`interaction_metadata` of a message that answers this interaction."""
        metadata = self._own_metadata()
        if self.origin is not None:
            metadata["triggering_interaction_metadata"] = self.origin._own_metadata()
        if message.follows is not None:
            metadata["original_response_message_id"] = str(message.follows.id)
        return metadata

    def _own_metadata(self) -> Json:
        metadata: Json = {
            "id": str(self.id),
            "type": self.type,
            "user": self.user.to_json(),
            "authorizing_integration_owners": {"0": str(self.channel.guild_id or 0)},
        }
        if self.type == COMMAND:
            metadata |= {"name": self.command_name, "command_type": self.data["type"]}
            if "target_id" in self.data:
                metadata["target_message_id"] = self.data["target_id"]
        if self.message is not None:
            metadata["interacted_message_id"] = str(self.message.id)
        return metadata

    def deprecated_metadata(self) -> Json:
        """The older field `interaction` of a message that answers a command."""
        return {"id": str(self.id), "type": self.type, "name": self.command_name, "user": self.user.to_json()}


@dataclass(eq=False)
class Message:
    """A message. `only_for` is set if it is ephemeral, `follows` (a follow-up's first message) and `reply_to` if any.

    Files that an embed shows by `attachment://name` are left out of `attachments` in JSON, and come back there when the
    embed goes, as on the real Discord.
    """

    id: int
    channel: Channel
    author: User
    created_at: float
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    flags: int = 0
    type: int = DEFAULT
    edited_at: float | None = None
    mentions: list[User] = field(default_factory=list)
    nonce: str | int | None = None
    reply_to: Message | None = None
    interaction: Interaction | None = None
    follows: Message | None = None
    only_for: User | None = None
    tts: bool = False
    deleted: bool = False

    @property
    def is_loading(self) -> bool:
        """Whether it still says 'thinking…'."""
        return bool(self.flags & LOADING)

    def files_in_embeds(self) -> list[Attachment]:
        """The files that an embed shows."""
        names = {url.removeprefix(_SCHEME) for url in self._embed_urls() if url.startswith(_SCHEME)}
        return [one for one in self.files if one.filename in names]

    def _embed_urls(self) -> Iterator[str]:
        for embed in self.embeds:
            for key in _PICTURES:
                yield (embed.get(key) or {}).get("url") or ""
            for key in ("author", "footer"):
                yield (embed.get(key) or {}).get("icon_url") or ""

    def to_json(self, store: AttachmentStore) -> Json:
        """The message as Discord sends it."""
        in_embeds = self.files_in_embeds()
        body: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.type,
            "content": self.content,
            "author": self.author.to_json(),
            "timestamp": _iso(self.created_at),
            "edited_timestamp": None if self.edited_at is None else _iso(self.edited_at),
            "tts": self.tts,
            "mention_everyone": False,
            "mentions": [user.to_json() for user in self.mentions],
            "mention_roles": [],
            "attachments": [store.to_json(one) for one in self.files if one not in in_embeds],
            "embeds": [self._embed_json(embed, store) for embed in self.embeds],
            "components": self.components,
            "pinned": False,
            "flags": self.flags,
        }
        if self.author.bot:
            body["application_id"] = str(self.author.id)
        if self.nonce is not None:
            body["nonce"] = self.nonce
        self._add_links(body, store)
        return body

    def _add_links(self, body: Json, store: AttachmentStore) -> None:
        earlier = self.reply_to or self.follows
        if earlier is not None:
            body["message_reference"] = {
                "type": 0,
                "message_id": str(earlier.id),
                "channel_id": str(earlier.channel.id),
                **({"guild_id": str(self.channel.guild_id)} if self.channel.guild_id else {}),
            }
        if self.reply_to is not None:
            body["referenced_message"] = None if self.reply_to.deleted else self.reply_to.to_json(store)
        if self.interaction is not None:
            body["webhook_id"] = str(self.author.id)
            body["interaction_metadata"] = self.interaction.metadata(self)
            if self.interaction.type == COMMAND and self.follows is None:
                body["interaction"] = self.interaction.deprecated_metadata()

    def _embed_json(self, embed: Json, store: AttachmentStore) -> Json:
        shown: Json = {"type": "rich", **{key: value for key, value in embed.items() if value is not None}}
        by_name = {one.filename: one for one in self.files}

        def resolve(part: Json, key: str) -> Json:
            name = str(part.get(key) or "")
            file = by_name.get(name.removeprefix(_SCHEME)) if name.startswith(_SCHEME) else None
            if file is None:
                return part
            url = store.url(file)
            size = {"width": file.width, "height": file.height} if file.width and key == "url" else {}
            return {**part, key: url, f"proxy_{key}": url, **size}

        for place in (*_PICTURES, "author", "footer"):
            if shown.get(place):
                shown[place] = resolve(shown[place], "url" if place in _PICTURES else "icon_url")
        return shown


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def numbered(components: list[Json]) -> list[Json]:
    """The components with an `id` each: the bot's own, or their position."""
    counter = 0

    def walk(component: Json) -> Json:
        nonlocal counter
        counter += 1
        copy = {key: value for key, value in component.items() if value is not None}
        copy.setdefault("id", counter)
        for key in ("components", "items"):
            if isinstance(copy.get(key), list):
                copy[key] = [walk(inner) if "type" in inner else inner for inner in copy[key]]
        for key in ("component", "accessory"):
            if key in copy:
                copy[key] = walk(copy[key])
        return copy

    return [walk(component) for component in components]


def find_control(components: list[Json], custom_id: str) -> Json | None:
    """The button or menu with this `custom_id`, at any depth."""
    for component in components:
        if component.get("custom_id") == custom_id:
            return component
        inner = [*component.get("components", ()), *([component["accessory"]] if "accessory" in component else [])]
        if (found := find_control(inner, custom_id)) is not None:
            return found
    return None


def mentioned_users(content: str, allowed: Json | None, find: Callable[[int], User | None]) -> list[User]:
    """The users whom `content` mentions and `allowed_mentions` lets be notified."""
    users = dict.fromkeys(user for one in _MENTION.findall(content) if (user := find(int(one))) is not None)
    if allowed is None or "users" in (allowed.get("parse") or ()):
        return list(users)
    named = set(allowed.get("users") or ())
    return [user for user in users if str(user.id) in named]

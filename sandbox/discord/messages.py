"""Messages: what they hold, and how they read as JSON to a bot or to the page.

Files that an embed shows by `attachment://name` are left out of `attachments`, and come back there when the embed
goes: so does the real one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.discord.attachments import Attachment, AttachmentStore
from sandbox.discord.interactions import COMMAND, Interaction
from sandbox.discord.people import Channel, User

Json = dict[str, Any]

EPHEMERAL = 1 << 6
LOADING = 1 << 7
SETTABLE_FLAGS = (1 << 2) | (1 << 12) | (1 << 15)  # suppress embeds, suppress notifications, components v2
DEFAULT, REPLY, SLASH_ANSWER, MESSAGE_COMMAND_ANSWER = 0, 19, 20, 23  # types of messages
SLASH, MESSAGE_COMMAND = 1, 3  # types of commands

_SCHEME = "attachment://"
_PICTURES = ("image", "thumbnail", "video")
_MENTION = re.compile(r"<@!?(\d{1,20})>")


@dataclass(eq=False)
class Message:
    """A message; `only_for` is set where it is ephemeral, `deleted` once it is gone."""

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
    answers: Message | None = None  # a follow-up's first message
    only_for: User | None = None
    tts: bool = False
    deleted: bool = False

    @property
    def is_loading(self) -> bool:
        """Whether it still says 'thinking…'."""
        return bool(self.flags & LOADING)

    def in_embeds(self) -> list[Attachment]:
        """The files that an embed shows."""
        names = {url.removeprefix(_SCHEME) for url in self._picture_urls() if url.startswith(_SCHEME)}
        return [one for one in self.files if one.filename in names]

    def _picture_urls(self) -> Iterator[str]:
        for embed in self.embeds:
            for key in _PICTURES:
                yield (embed.get(key) or {}).get("url") or ""
            for key in ("author", "footer"):
                yield (embed.get(key) or {}).get("icon_url") or ""

    def to_json(self, store: AttachmentStore) -> Json:
        """The message as Discord sends it."""
        shown = self.in_embeds()
        body: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.type,
            "content": self.content,
            "author": self.author.to_json(),
            "timestamp": iso(self.created_at),
            "edited_timestamp": None if self.edited_at is None else iso(self.edited_at),
            "tts": self.tts,
            "mention_everyone": False,
            "mentions": [user.to_json() for user in self.mentions],
            "mention_roles": [],
            "attachments": [store.to_json(one) for one in self.files if one not in shown],
            "embeds": [self._embed_to_json(embed, store) for embed in self.embeds],
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
        earlier = self.reply_to or self.answers
        if earlier is not None:
            body["message_reference"] = {
                "type": 0,
                "message_id": str(earlier.id),
                "channel_id": str(earlier.channel.id),
                **({"guild_id": str(self.channel.guild_id)} if self.channel.guild_id else {}),
            }
        if self.reply_to is not None:
            gone = self.reply_to.deleted
            body["referenced_message"] = None if gone else self.reply_to.to_json(store)
        if self.interaction is not None:
            body["webhook_id"] = str(self.author.id)
            body["interaction_metadata"] = self.interaction.metadata(self)
            if self.interaction.type == COMMAND and self.answers is None:
                body["interaction"] = self.interaction.short_metadata()

    def _embed_to_json(self, embed: Json, store: AttachmentStore) -> Json:
        shown: Json = {"type": "rich", **{key: value for key, value in embed.items() if value is not None}}
        by_name = {one.filename: one for one in self.files}

        def resolve(part: Json, key: str) -> Json:
            name = str(part.get(key) or "")
            kept = by_name.get(name.removeprefix(_SCHEME)) if name.startswith(_SCHEME) else None
            if kept is None:
                return part
            url = store.url(kept)
            size = {"width": kept.width, "height": kept.height} if kept.width and key == "url" else {}
            return {**part, key: url, f"proxy_{key}": url, **size}

        for place in (*_PICTURES, "author", "footer"):
            if shown.get(place):
                shown[place] = resolve(shown[place], "url" if place in _PICTURES else "icon_url")
        return shown


def iso(at_s: float) -> str:
    """A time as Discord writes it."""
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def numbered(components: list[Json]) -> list[Json]:
    """The components with an `id` on each, counted through where the bot gave none."""
    counter = 0

    def walk(one: Json) -> Json:
        nonlocal counter
        counter += 1
        copy = {key: value for key, value in one.items() if value is not None}
        copy.setdefault("id", counter)
        for key in ("components", "items"):
            if isinstance(copy.get(key), list):
                copy[key] = [walk(inner) if "type" in inner else inner for inner in copy[key]]
        for key in ("component", "accessory"):
            if key in copy:
                copy[key] = walk(copy[key])
        return copy

    return [walk(one) for one in components]


def find_control(components: list[Json], custom_id: str) -> Json | None:
    """The button or menu with this `custom_id`, wherever it sits."""
    for one in components:
        if one.get("custom_id") == custom_id:
            return one
        inner = [*one.get("components", ()), *([one["accessory"]] if "accessory" in one else [])]
        if (found := find_control(inner, custom_id)) is not None:
            return found
    return None


def mentioned(content: str, allowed: Json | None, find: Callable[[int], User | None]) -> list[User]:
    """The users whom `content` mentions and `allowed_mentions` lets be told."""
    users = dict.fromkeys(user for one in _MENTION.findall(content) if (user := find(int(one))) is not None)
    if allowed is None or "users" in (allowed.get("parse") or ()):
        return list(users)
    named = set(allowed.get("users") or ())
    return [user for user in users if str(user.id) in named]

"""The parts of a message before it is sent. Sending may be tried several times, so files and views are built each time.

Everything the bot sends as a message is a `MessageParts`, so Discord's limits are kept in one place.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot import limits

MakesView = Callable[[], discord.ui.View]


@dataclass(frozen=True)
class Attached:
    """A file's name and bytes; `optional` ones may be left out where Discord finds them too large.

    `description` is the alt text of a picture.
    """

    name: str
    data: bytes
    optional: bool = False
    description: str | None = None


@dataclass(frozen=True)
class MessageParts:
    """What a message holds: text, embed, files and buttons.

    `lighter` is added to the text where optional files had to be left out; `plain` replaces the embed where Discord
    does not accept it. `is_refusal` marks an answer that only the member who asked needs to see.
    """

    content: str | None = None
    card: discord.Embed | None = None
    attached: tuple[Attached, ...] = ()
    buttons: MakesView | None = None
    lighter: str | None = None
    plain: str | None = None
    is_refusal: bool = False

    def files(self) -> list[discord.File]:
        """The files, ready to be sent once."""
        return [
            discord.File(io.BytesIO(file.data), filename=file.name, description=file.description)
            for file in self.attached[: limits.FILES]
        ]

    def view(self) -> discord.ui.View | None:
        """The buttons, or None; to be called on the event loop."""
        return limits.fit_view(self.buttons()) if self.buttons else None

    def text(self, greeting: str = "") -> str | None:
        """The text after `greeting`, within Discord's limit; None for none."""
        words = "\n".join(part for part in (greeting, self.content) if part)
        return limits.cut(words, limits.CONTENT) or None

    def embeds(self) -> list[discord.Embed]:
        """The embed, within Discord's limits."""
        return [limits.fit_embed(self.card)] if self.card else []

    def for_edit(self, files: list[discord.File] | None = None) -> dict[str, Any]:
        """Arguments for editing a message so that it holds these parts and nothing else.

        Without `files` the message keeps the files that it has.
        """
        return {
            "content": self.text(),
            "embeds": self.embeds(),
            "attachments": discord.utils.MISSING if files is None else files,
            "view": self.view(),
            "allowed_mentions": discord.AllowedMentions.none(),
        }

    def for_send(self, greeting: str = "", mentioned: int | None = None) -> dict[str, Any]:
        """Arguments for sending a new message that begins with `greeting` and may ping the user `mentioned`."""
        pinged = [discord.Object(mentioned)] if mentioned is not None else []
        return {
            "content": self.text(greeting),
            "embeds": self.embeds(),
            "files": self.files(),
            "view": self.view() or discord.utils.MISSING,
            "allowed_mentions": discord.AllowedMentions(everyone=False, roles=False, users=pinged),
        }

    def without_optional_files(self) -> MessageParts:
        """The same without the files that may be left out; a card's picture is one that may not."""
        left = tuple(file for file in self.attached if not file.optional)
        said = [words for words in (self.content, self.lighter) if words]
        return self if left == self.attached else replace(self, attached=left, content="\n".join(said) or None)

    def without_card(self) -> MessageParts:
        """The same with a plain sentence in place of the embed."""
        if self.card is None:
            return self
        said = [words for words in (self.content, self.plain) if words]
        return replace(self, card=None, content="\n".join(said) or self.card.title or "Here it is.")


WAITING = MessageParts(card=discord.Embed(description="…"))  # for the moment until a public reply is taken away

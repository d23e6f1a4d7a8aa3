"""A message's parts before they are sent; sending may be tried several times, so files are built anew each time."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import discord

from bot.buttons.rows import MakesRow


@dataclass(frozen=True)
class Attached:
    """A file's name and bytes; `optional` ones may be left out where Discord finds them too large."""

    name: str
    data: bytes
    optional: bool = False


@dataclass(frozen=True)
class MessageParts:
    """What a message is to hold: text or card, files, and buttons; `lighter` is said where files had to be left out."""

    content: str | None = None
    card: discord.Embed | None = None
    attached: tuple[Attached, ...] = ()
    buttons: MakesRow | None = None
    lighter: str | None = None

    def files(self) -> list[discord.File]:
        """The files, ready to be sent once."""
        return [discord.File(io.BytesIO(file.data), filename=file.name) for file in self.attached]

    def view(self) -> discord.ui.View | None:
        """The buttons, or None; to be called on the event loop."""
        return self.buttons() if self.buttons else None

    def without_optional_files(self) -> MessageParts:
        """The same without the files that may be left out; a card's picture is one that may not."""
        left = tuple(file for file in self.attached if not file.optional)
        said = [words for words in (self.content, self.lighter) if words]
        return self if left == self.attached else replace(self, attached=left, content="\n".join(said) or None)

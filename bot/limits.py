"""Discord's limits, and the one place that makes texts, embeds, views and choices fit into them.

Everything the bot sends passes through here: `bot.message` for messages, `choices` for autocomplete.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import discord
from discord import app_commands

CONTENT = 2000
TITLE, DESCRIPTION, FOOTER, AUTHOR = 256, 4096, 2048, 256
FIELDS, FIELD_NAME, FIELD_VALUE = 25, 256, 1024
EMBED_TOTAL = 6000  # characters of title, description, fields, footer and author together
CHOICES, CHOICE = 25, 100
SELECT_OPTIONS, SELECT_TEXT = 25, 100
BUTTON_LABEL, CUSTOM_ID = 80, 100
MODAL_TITLE, MODAL_LABEL = 45, 45
FILES = 10
FILE_NAME = 200  # of what is kept; Discord itself takes a little more

SHORTEST = 40  # characters that are left of a text when an embed as a whole is too long
EMPTY = "\u200b"  # Discord refuses a field without a name or value
FENCE = "```"


def cut(text: str, limit: int) -> str:
    """`text` with at most `limit` characters. Closes a code block that the cut opens, and leaves no half escape."""
    if len(text) <= limit:
        return text
    end = "…"
    kept = text[: limit - len(end)]
    if kept.count(FENCE) % 2:
        end = f"…\n{FENCE}"
        kept = text[: max(0, limit - len(end))].rstrip("`")
    kept = kept[: len(kept) - (len(kept) - len(kept.rstrip("\\"))) % 2]
    return (kept + end)[:limit]


def file_name(name: str) -> str:
    """A file's name with at most `FILE_NAME` characters; its suffix stays."""
    if len(name) <= FILE_NAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 20:
        return name[:FILE_NAME]
    return f"{stem[: FILE_NAME - len(suffix) - 1]}.{suffix}"


def fit_embed(embed: discord.Embed) -> discord.Embed:
    """A copy of `embed` that Discord accepts: texts cut, at most 25 fields, at most 6,000 characters in all."""
    fitted = discord.Embed.from_dict(copy.deepcopy(embed.to_dict()))
    fitted.title = cut(embed.title, TITLE) if embed.title else None
    fitted.description = cut(embed.description, DESCRIPTION) if embed.description else None
    fitted.clear_fields()
    for field in embed.fields[:FIELDS]:
        name, value = str(field.name or ""), str(field.value or "")
        fitted.add_field(
            name=cut(name, FIELD_NAME) if name.strip() else EMPTY,
            value=cut(value, FIELD_VALUE) if value.strip() else EMPTY,
            inline=field.inline,
        )
    if embed.footer.text:
        fitted.set_footer(text=cut(embed.footer.text, FOOTER), icon_url=embed.footer.icon_url)
    if embed.author.name:
        fitted.set_author(name=cut(embed.author.name, AUTHOR), url=embed.author.url, icon_url=embed.author.icon_url)
    _shorten(fitted)
    return fitted


def _shorten(embed: discord.Embed) -> None:
    """Cut description and field values to one common length so that `embed` fits; drop the last fields if need be."""
    while len(embed) > EMBED_TOTAL:
        texts = [len(embed.description or ""), *(len(field.value or "") for field in embed.fields)]
        room = EMBED_TOTAL - (len(embed) - sum(texts))
        longest = max(
            (limit for limit in range(DESCRIPTION) if sum(min(limit, one) for one in texts) <= room), default=0
        )
        if longest < SHORTEST and embed.fields:
            embed.remove_field(len(embed.fields) - 1)
            continue
        embed.description = cut(embed.description or "", longest) or None
        for place, field in enumerate(embed.fields):
            embed.set_field_at(place, name=field.name, value=cut(field.value or "", longest), inline=field.inline)


def fit_view(view: discord.ui.View | None) -> discord.ui.View | None:
    """`view` with button labels cut; a button whose id is too long for Discord is left out."""
    if view is None:
        return None
    for item in list(view.children):
        button = item.item if isinstance(item, discord.ui.DynamicItem) else item
        if len(getattr(button, "custom_id", None) or "") > CUSTOM_ID:
            view.remove_item(item)
        elif isinstance(button, discord.ui.Button) and button.label:
            button.label = cut(button.label, BUTTON_LABEL)
    return view if view.children else None


def choices(pairs: Iterable[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """Autocomplete choices of (name shown, value sent), both text. A value that is too long cannot be offered."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if 0 < len(value) <= CHOICE and name.strip():
            found.setdefault(value, cut(name, CHOICE))
    return [app_commands.Choice(name=name, value=value) for value, name in list(found.items())[:CHOICES]]


def select_options(pairs: Iterable[tuple[str, str]], most: int = SELECT_OPTIONS) -> list[discord.SelectOption]:
    """Options of a select menu, from (label, value)."""
    fitting = [(label, value) for label, value in pairs if 0 < len(value) <= SELECT_TEXT]
    return [discord.SelectOption(label=cut(label, SELECT_TEXT), value=value) for label, value in fitting[:most]]

"""Many rows on one card, in pages: as many rows as fit, and which page it is."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.limits import EMBED_TOTAL, FIELDS, cut

MAX_VALUE = 1000  # characters of a row; Discord takes 1024
RESERVE = 500  # characters of a card, for its title, description and footer

Rows = Sequence[tuple[str, str]]


def pages_of(rows: Rows) -> list[Rows]:
    """`rows` (name, value) in pages that each fit on one card; at least one page."""
    pages: list[list[tuple[str, str]]] = [[]]
    size = 0
    for name, value in rows:
        value = cut(value, MAX_VALUE)
        if len(pages[-1]) == FIELDS or size + len(name) + len(value) > EMBED_TOTAL - RESERVE:
            pages.append([])
            size = 0
        pages[-1].append((name, value))
        size += len(name) + len(value)
    return list(pages)


def fill(card: discord.Embed, rows: Rows, rest: str = "", page: int = 1) -> int:
    """Put page `page` of `rows` on `card`, and how many pages there are; `rest` says how to see the others."""
    pages = pages_of(rows)
    number = min(max(1, page), len(pages))
    for name, value in pages[number - 1]:
        card.add_field(name=name, value=value, inline=False)
    if len(pages) > 1:
        card.set_footer(text=f"Page {number} of {len(pages)}{rest}")
    return len(pages)

"""Many rows on one card: as many as Discord takes, and how many there are besides."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.cards.wording import cut

MAX_FIELDS = 25  # Discord's limit
MAX_VALUE = 1000  # of a field; Discord takes 1024
MAX_CARD = 5500  # characters; Discord takes 6000


def fill(card: discord.Embed, rows: Sequence[tuple[str, str]], rest: str = "") -> None:
    """Put each row's name and value on `card` while it has room; `rest` says where to find the others."""
    for done, (name, value) in enumerate(rows):
        value = cut(value, MAX_VALUE)
        if done == MAX_FIELDS or len(card) + len(name) + len(value) > MAX_CARD:
            card.set_footer(text=f"and {len(rows) - done} more{rest}")
            return
        card.add_field(name=name, value=value, inline=False)

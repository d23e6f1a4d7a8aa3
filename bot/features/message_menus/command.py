"""Continue, Vary and Accompany in the menu of a message: a piece with the message's MIDI file as its seed.

For everybody, on any message they can see. The piece is requested with the default options, within the limits of
`/compose`. Discord allows an app few such entries, so they stand for the modes and nothing else.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.buttons import piece_under
from bot.context import Interaction
from bot.features.compose import requests
from bot.submission import midi_in
from jobs.contract import Mode


async def _compose_from(interaction: Interaction, message: discord.Message, mode: Mode) -> None:
    """Ask for a piece that continues, varies or accompanies the MIDI file of `message`.

    Raises:
        BadSeed: it has none, or it cannot be a seed.
        NotKnown: no available model knows the mode.
        NotAllowedHere: the bot may not reply here.
    """
    is_own = message.author == interaction.client.user
    parent_id = piece_under(message) if is_own else None
    await requests.compose(interaction, {"seed": midi_in(message), "mode": mode.value}, parent_id)


async def _continue(interaction: Interaction, message: discord.Message) -> None:
    """Compose what follows."""
    await _compose_from(interaction, message, Mode.CONTINUE)


async def _vary(interaction: Interaction, message: discord.Message) -> None:
    """Compose a variation."""
    await _compose_from(interaction, message, Mode.VARY)


async def _accompany(interaction: Interaction, message: discord.Message) -> None:
    """Compose an accompaniment."""
    await _compose_from(interaction, message, Mode.ACCOMPANY)


menus = (
    app_commands.ContextMenu(name="Continue", callback=_continue),
    app_commands.ContextMenu(name="Vary", callback=_vary),
    app_commands.ContextMenu(name="Accompany", callback=_accompany),
)

"""Continue, Vary and Accompany in the menu of a message: a piece with the message's MIDI file as its seed.

For everybody, on any message they can see. The piece is requested with the default options, within the limits of
`/compose`. Discord allows an app few such entries, so they stand for the modes and nothing else.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot import submission
from bot.context import Interaction
from bot.features.compose import requests
from bot.features.compose.options import fields_of
from bot.permissions import check_may_reply
from bot.replies import acknowledge
from bot.submission import midi_in, read_seed
from jobs.admission import validated
from jobs.contract import ComposeRequest, Mode


async def _compose_from(interaction: Interaction, message: discord.Message, mode: Mode) -> None:
    """Ask for a piece that continues, varies or accompanies the MIDI file of `message`.

    Raises:
        BadSeed: it has none, or it cannot be a seed.
        NotKnown: no available model knows the mode.
        NotAllowedHere: the bot may not reply here.
    """
    check_may_reply(interaction)
    file = midi_in(message)
    message_id = await acknowledge(interaction, private=False)
    fields = fields_of({"mode": mode.value}, await submission.available_models(interaction), has_seed=True)
    data = await read_seed(file, interaction.client.max_seed_bytes)
    seed = await requests.keep_seed(interaction, data, file.filename)
    fields |= submission.origin(interaction) | {"seed": seed, "mode": mode}
    fields["preferred"] = await interaction.client.board.preferred(interaction.guild_id)
    fields |= requests.defaults(interaction, fields)
    await submission.submit(interaction, validated(ComposeRequest, fields), message_id)


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

"""`/models`: which models can compose just now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cards import information
from jobs.errors import NoWorker

if TYPE_CHECKING:
    from bot.client import Cadenza


@app_commands.command(name="models", description="Which models can compose just now.")
async def command(interaction: discord.Interaction[Cadenza]) -> None:
    """Ask the live workers' registry; a server's own models are told there only.

    Raises:
        NoWorker: nobody is there to compose.
    """
    await interaction.response.defer(ephemeral=True, thinking=True)
    models = await interaction.client.board.models(interaction.guild_id)
    if not models:
        raise NoWorker
    await interaction.edit_original_response(embed=information.models_card(models))

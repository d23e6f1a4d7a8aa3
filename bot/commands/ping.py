"""`/ping`: whether everything between Discord and the workers is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cards import information

if TYPE_CHECKING:
    from bot.client import Cadenza


@app_commands.command(name="ping", description="Whether all is well: Discord, queue, workers.")
async def command(interaction: discord.Interaction[Cadenza]) -> None:
    """Ask each part on the way; one that is silent is answered by the error handler's sentence."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    board = interaction.client.board
    redis_s = await board.ping()
    workers = await board.workers()
    open_jobs = len(await board.open_records())
    card = information.ping_card(interaction.client.latency, redis_s, workers, open_jobs)
    await interaction.edit_original_response(embed=card)

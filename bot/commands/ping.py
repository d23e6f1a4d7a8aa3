"""`/ping`: whether everything between Discord and the workers is working."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cards import information
from bot.delivery.message import MessageParts
from bot.replies import acknowledge, answer

if TYPE_CHECKING:
    from bot.client import Cadenza


@app_commands.command(name="ping", description="Check that everything is working.")
async def command(interaction: discord.Interaction[Cadenza]) -> None:
    """Ask each part on the way; the error handler answers for one that is silent."""
    await acknowledge(interaction, private=True)
    board = interaction.client.board
    redis_s = await board.ping()
    workers = await board.workers()
    open_jobs = len(await board.open_records())
    card = information.ping_card(interaction.client.latency, redis_s, workers, open_jobs)
    await answer(interaction, MessageParts(card=card))

"""`/help`: what the bot can do and how to start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cards import information
from bot.delivery.message import MessageParts
from bot.replies import answer

if TYPE_CHECKING:
    from bot.client import Cadenza


@app_commands.command(name="help", description="What Cadenza can do and how to start.")
async def command(interaction: discord.Interaction[Cadenza]) -> None:
    """Answer at once: nothing has to be looked up."""
    commands = interaction.client.tree.get_commands()
    described = {found.name: found.description for found in commands if isinstance(found, app_commands.Command)}
    card = information.help_card(described, interaction.client.max_seed_bytes)
    await answer(interaction, MessageParts(card=card))

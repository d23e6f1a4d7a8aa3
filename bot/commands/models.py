"""`/models`: which models are available."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.cards import information
from bot.delivery.message import MessageParts
from bot.replies import acknowledge, answer
from bot.submission import available_models

if TYPE_CHECKING:
    from bot.client import Cadenza


@app_commands.command(name="models", description="See which models are available.")
@app_commands.describe(page="Page of the list. Default: 1.")
async def command(interaction: discord.Interaction[Cadenza], page: app_commands.Range[int, 1, 100] = 1) -> None:
    """Ask the registry of workers; a server's own models are shown on that server only.

    Raises:
        NoWorker: nobody is there to compose.
    """
    await acknowledge(interaction, private=True)
    models = await available_models(interaction)
    await answer(interaction, MessageParts(card=information.models_card(models, page)))

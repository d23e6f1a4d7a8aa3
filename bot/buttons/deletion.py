"""Delete: takes the message away; for whoever asked for the piece only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.errors import NotYours
from jobs.contract import JobId

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Delete the message that holds the button.

    Raises:
        NotYours: somebody else presses it.
    """
    if interaction.user.id != requester_id:
        raise NotYours("delete")
    await interaction.response.defer()
    await interaction.delete_original_response()

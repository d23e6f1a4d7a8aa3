"""Stop: ends a running or waiting job; the piece so far is delivered. For whoever asked for it only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.errors import NotYours
from jobs.contract import JobId

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Ask the worker to end; whoever follows the job shows what comes of it.

    Raises:
        NotYours: somebody else presses it.
    """
    if interaction.user.id != requester_id:
        raise NotYours("stop")
    await interaction.response.defer()
    await interaction.client.board.cancel(job_id)

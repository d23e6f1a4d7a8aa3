"""Again: the same parameters with another random seed, for whoever presses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import submission
from jobs.contract import JobId

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Ask for another piece like that of `job_id`, as visible as the message that holds the button.

    Raises:
        PieceGone: the parameters are no longer kept.
    """
    await submission.once_more(interaction, job_id)

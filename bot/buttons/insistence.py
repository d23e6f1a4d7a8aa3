"""All the same: does what was held back because there is something to be said against it. For admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import errands
from bot.errors import Contradiction
from jobs.contract import LibraryResult, NeedsConfirmation

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Do what the answer of the errand `subject` holds ready.

    Raises:
        AdminsOnly: somebody else presses it.
        Contradiction: the answer is no longer kept.
    """
    message_id = await errands.acknowledge(interaction)
    record = await interaction.client.board.record(subject)
    result = record.result if record is not None and record.request.guild_id == interaction.guild_id else None
    if not isinstance(result, LibraryResult) or not isinstance(result.answer, NeedsConfirmation):
        raise Contradiction("This question is too old to be answered. Give the command again.")
    await errands.submit(interaction, result.answer.action, message_id)

"""Again: the same parameters with another random seed, for whoever presses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import submission
from bot.errors import PieceGone
from bot.permissions import check_may_reply
from jobs.contract import ComposeRequest, JobId

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Ask for another piece like that of `job_id`, as visible as the message that holds the button.

    Raises:
        PieceGone: the parameters are no longer kept.
    """
    private = interaction.message is not None and interaction.message.flags.ephemeral
    message_id = await submission.acknowledge(interaction, private)
    check_may_reply(interaction)
    record = await interaction.client.board.record(job_id)
    if record is None:
        raise PieceGone
    changed = {"random_seed": submission.new_random_seed(), "private": private, "parent_id": job_id}
    fields = record.request.model_dump() | submission.origin(interaction) | changed
    await submission.submit(interaction, ComposeRequest.model_validate(fields), message_id)

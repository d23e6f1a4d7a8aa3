"""Star: puts the piece into the server's data set of starred pieces, on which the server's models may be trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import errands, submission
from bot.buttons.made_piece import midi_of
from bot.errors import ServersOnly
from bot.submission import Composition
from jobs.contract import STARRED, AddToDataSet, JobId

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Add the piece of `job_id`, for any member; only whoever presses it is told.

    Raises:
        ServersOnly: a direct message has no data sets.
        PieceGone: the piece is no longer to be had.
    """
    if interaction.guild_id is None:
        raise ServersOnly("Stars belong")
    message_id = await submission.acknowledge(interaction, private=True)
    piece = Composition.of(await interaction.client.board.record(job_id))
    file = await midi_of(interaction, piece)
    action = AddToDataSet(name=STARRED, files=(file,), source="starred", create_as="composed")
    await errands.submit(interaction, action, message_id)

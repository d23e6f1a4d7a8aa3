"""Continue: the piece becomes the seed of the next, for whoever presses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import submission
from bot.errors import PieceGone
from bot.seeds import read_seed
from jobs.contract import BlobRef, JobId, Record

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Ask for what follows the piece of `job_id`, as visible as the message that holds the button.

    Raises:
        PieceGone: the parameters or the MIDI file are no longer to be had.
    """
    await submission.once_more(interaction, job_id, find_seed=_piece)


async def _piece(interaction: discord.Interaction[Cadenza], record: Record) -> BlobRef:
    """The piece's MIDI, from the message itself, which outlives every time to live; else from what is kept."""
    attachments = interaction.message.attachments if interaction.message else []
    attached = next((file for file in attachments if file.filename.endswith(".mid")), None)
    if attached is not None:
        data = await read_seed(attached, interaction.client.max_seed_bytes)
        return await submission.keep_seed(interaction, data, attached.filename)
    if record.result is None:
        raise PieceGone
    return record.result.midi

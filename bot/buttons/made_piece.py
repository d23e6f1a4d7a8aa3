"""The piece under a message as the seed of the next, for buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import submission
from bot.errors import PieceGone
from bot.seeds import read_seed
from bot.submission import Composition
from jobs.contract import BlobRef

if TYPE_CHECKING:
    from bot.client import Cadenza


async def made_piece(interaction: discord.Interaction[Cadenza], piece: Composition) -> dict[str, Any]:
    """The fields of a request that make `piece` the seed, for the model that composed it.

    Raises:
        PieceGone: its MIDI file is no longer to be had.
    """
    composed_by = piece.result.model if piece.result else None
    return {"seed": await midi_of(interaction, piece), "model": piece.request.model or composed_by}


async def midi_of(interaction: discord.Interaction[Cadenza], piece: Composition) -> BlobRef:
    """The piece's MIDI, from the message itself, which outlives every time to live; else from what is kept.

    Raises:
        PieceGone: it is no longer to be had.
    """
    attachments = interaction.message.attachments if interaction.message else []
    attached = next((file for file in attachments if file.filename.endswith(".mid")), None)
    if attached is not None:
        data = await read_seed(attached, interaction.client.max_seed_bytes)
        return await submission.keep_seed(interaction, data, attached.filename)
    if piece.result is None:
        raise PieceGone
    return piece.result.midi

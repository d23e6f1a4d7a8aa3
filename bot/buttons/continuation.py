"""Continue: the piece becomes the seed of the next, for whoever presses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import submission
from bot.buttons.made_piece import made_piece
from bot.submission import Composition
from jobs.contract import JobId, Mode

if TYPE_CHECKING:
    from bot.client import Cadenza


async def press(interaction: discord.Interaction[Cadenza], job_id: JobId, requester_id: int) -> None:
    """Ask for what follows the piece of `job_id`, as visible as the message that holds the button.

    Raises:
        PieceGone: the parameters or the MIDI file are no longer to be had.
    """
    await submission.once_more(interaction, job_id, _going_on)


async def _going_on(interaction: discord.Interaction[Cadenza], piece: Composition) -> dict[str, Any]:
    was_variation = piece.request.mode is Mode.VARY  # which leaves its seed out, as nobody wants of a continuation
    return await made_piece(interaction, piece) | {
        "mode": Mode.CONTINUE,
        "strength": None,
        "include_seed": was_variation or piece.request.include_seed,
    }

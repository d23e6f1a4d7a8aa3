"""Vary: another piece with the rhythm of this one, for whoever presses it."""

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
    """Ask for a variation on the piece of `job_id`, as visible as the message that holds the button.

    Raises:
        PieceGone: the parameters or the MIDI file are no longer to be had.
    """
    await submission.once_more(interaction, job_id, _varied)


async def _varied(interaction: discord.Interaction[Cadenza], piece: Composition) -> dict[str, Any]:
    """A variation is as long as what it varies, so the length once asked for no longer counts."""
    own = {"mode": Mode.VARY, "include_seed": False, "length_s": None, "bars": None}
    return await made_piece(interaction, piece) | own

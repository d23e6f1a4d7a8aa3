"""The buttons under a piece: Again, Continue, Vary, Star, Delete, Stop."""

from __future__ import annotations

from typing import Any

import discord

from bot.buttons import PIECE_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.errors import NotYours, PieceGone, ServersOnly
from bot.features import library_requests
from bot.features.compose import requests
from bot.features.stopping import stop
from bot.replies import acknowledge, update_silently
from jobs.contract import STARRED, AddToDataSet, Mode

OVER = "This piece is finished already."


async def _again(interaction: Interaction, job_id: str) -> None:
    """Ask for another piece with the same settings, for whoever presses."""
    await requests.rerun(interaction, job_id)


async def _continue(interaction: Interaction, job_id: str) -> None:
    """Ask for what follows the piece, for whoever presses."""
    await requests.rerun(interaction, job_id, _continued)


async def _continued(interaction: Interaction, piece: requests.Composition) -> dict[str, Any]:
    was_variation = piece.request.mode is Mode.VARY  # it leaves its seed out; a continuation should not
    return await requests.made_piece(interaction, piece) | {
        "mode": Mode.CONTINUE,
        "strength": None,
        "include_seed": was_variation or piece.request.include_seed,
    }


async def _vary(interaction: Interaction, job_id: str) -> None:
    """Ask for a variation on the piece, for whoever presses."""
    await requests.rerun(interaction, job_id, _varied)


async def _varied(interaction: Interaction, piece: requests.Composition) -> dict[str, Any]:
    """A variation is as long as what it varies, so a requested length no longer counts."""
    own = {"mode": Mode.VARY, "include_seed": False, "length_s": None, "bars": None}
    return await requests.made_piece(interaction, piece) | own


async def _star(interaction: Interaction, job_id: str) -> None:
    """Add the piece to the server's data set of starred pieces, for any member; only they are told.

    Raises:
        ServersOnly: a direct message has no data sets.
        PieceGone: the piece is no longer to be had.
    """
    if interaction.guild_id is None:
        raise ServersOnly("Stars belong")
    message_id = await acknowledge(interaction, private=True)
    file = await requests.midi_of(interaction, await requests.piece_of(interaction, job_id))
    action = AddToDataSet(name=STARRED, files=(file,), source="starred", create_as="composed", piece=job_id)
    await library_requests.submit(interaction, action, message_id)


async def _delete(interaction: Interaction, job_id: str) -> None:
    """Delete the message that holds the button.

    Raises:
        NotYours: the message answers another member.
    """
    if not await _is_own_message(interaction, job_id):
        raise NotYours("delete")
    await update_silently(interaction)
    await interaction.delete_original_response()


async def _is_own_message(interaction: Interaction, job_id: str) -> bool:
    """Whether the message under the button answers whoever presses it: by Discord's word, else by the job's record."""
    message = interaction.message
    if message is None or interaction.guild_id is None:  # a direct message is its reader's
        return True
    if message.interaction_metadata is not None:
        return message.interaction_metadata.user.id == interaction.user.id
    if interaction.user.id in [user.id for user in message.mentions]:  # one that was delivered late names its reader
        return True
    record = await interaction.client.board.record(job_id)
    return (
        record is not None
        and record.delivery.message_id == message.id
        and record.request.requester_id == interaction.user.id
    )


async def _stop(interaction: Interaction, job_id: str) -> None:
    """End a running or waiting job, and show at once what is kept; the piece so far is delivered.

    Raises:
        NotYours: another member asked for it.
        PieceGone: it is not known.
    """
    record = await interaction.client.board.record(job_id)
    requests.Composition.of(record)
    if record is None or not requests.may_see(interaction, record):
        raise PieceGone
    if interaction.user.id != record.request.requester_id:
        raise NotYours("stop")
    await stop(interaction, record, OVER)


PIECE_ACTIONS.update(
    {
        "again": ButtonAction("Again", discord.ButtonStyle.primary, "🔁", _again, "Your next piece"),
        "continue": ButtonAction("Continue", discord.ButtonStyle.secondary, "⏩", _continue, "Your next piece"),
        "vary": ButtonAction("Vary", discord.ButtonStyle.secondary, "🎲", _vary, "Your next piece"),
        "star": ButtonAction("Star", discord.ButtonStyle.secondary, "⭐", _star, "Your star"),
        "delete": ButtonAction("Delete", discord.ButtonStyle.danger, "🗑️", _delete),
        "stop": ButtonAction("Stop", discord.ButtonStyle.secondary, "⏹️", _stop),
    }
)

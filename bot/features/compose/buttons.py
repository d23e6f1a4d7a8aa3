"""The buttons under a piece. Their names in `PIECE_ACTIONS` stand in old messages and never change."""

from __future__ import annotations

from functools import partial
from typing import Any

import discord

from bot.buttons import PIECE_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.errors import NotYours, PieceGone, ServersOnly
from bot.features import library_requests
from bot.features.compose import forms, requests
from bot.features.compose.cards import PICKS
from bot.features.embeds import stop
from bot.replies import acknowledge, answer, update_silently
from jobs.contract import STARRED, AddToDataSet, Mode

OVER = "This piece is finished already."


async def _again(interaction: Interaction, job_id: str) -> None:
    """Ask for another piece with the same settings, for whoever presses."""
    await requests.rerun(interaction, job_id, "Again")


async def _continue(interaction: Interaction, job_id: str) -> None:
    """Ask for what follows the piece, for whoever presses."""
    await requests.rerun(interaction, job_id, "Continue", _continued)


async def _continued(interaction: Interaction, piece: requests.Composition) -> dict[str, Any]:
    was_variation = piece.request.mode is Mode.VARY  # it leaves its seed out; a continuation should not
    own = {**requests.NEXT, "include_seed": was_variation or piece.request.include_seed}
    return await requests.made_piece(interaction, piece) | own


async def _vary(interaction: Interaction, job_id: str) -> None:
    """Ask for a variation on the piece, for whoever presses."""
    await requests.rerun(interaction, job_id, "Vary", _varied)


async def _varied(interaction: Interaction, piece: requests.Composition) -> dict[str, Any]:
    """A variation is as long as what it varies, so a requested length no longer counts."""
    own = {"mode": Mode.VARY, "include_seed": False, "length_s": None, "bars": None, "recast": None, "count": 1}
    return await requests.made_piece(interaction, piece) | own


async def _pick(interaction: Interaction, job_id: str, number: int) -> None:
    """Ask for piece `number` (from 1) of several as a piece of its own: its random seed gives it again."""

    async def chosen(_: Interaction, piece: requests.Composition) -> dict[str, Any]:
        result = piece.finished
        seeds = [result.random_seed, *(other.random_seed for other in result.others)]
        return {"random_seed": seeds[number - 1], "count": 1, "model": piece.request.model or result.model}

    await requests.rerun(interaction, job_id, str(number), chosen)


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


async def _copy(interaction: Interaction, job_id: str) -> None:
    """Show whoever presses the command that gives the same piece."""
    piece = await requests.piece_of(interaction, job_id)
    await answer(interaction, forms.copied_command(piece.request, piece.result))


async def _delete(interaction: Interaction, job_id: str) -> None:
    """Delete the message that holds the button, for its requester and for moderators.

    Raises:
        NotYours: the message answers another member.
    """
    is_moderator = interaction.guild_id is not None and interaction.permissions.manage_messages
    if not is_moderator and not await _is_own_message(interaction, job_id):
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


GREY = discord.ButtonStyle.secondary
PIECE_ACTIONS.update(
    {
        "again": ButtonAction("Again", discord.ButtonStyle.primary, "🔁", _again, "Your next piece"),
        "continue": ButtonAction("Continue", GREY, "⏩", _continue, "Your next piece"),
        "vary": ButtonAction("Vary", GREY, "🎲", _vary, "Your next piece"),
        **{
            action: ButtonAction(str(number), GREY, None, partial(_pick, number=number), "That piece")
            for number, action in enumerate(PICKS, start=1)
        },
        "edit": ButtonAction("Edit", GREY, "✏️", forms.open_edit),
        "recast": ButtonAction("Key and tempo", GREY, "🎚️", forms.open_recast),
        "copy": ButtonAction("Copy command", GREY, "📋", _copy),
        "star": ButtonAction("Star", GREY, "⭐", _star, "Your star"),
        "delete": ButtonAction("Delete", GREY, "🗑️", _delete),
        "stop": ButtonAction("Stop", GREY, "⏹️", _stop),
    }
)

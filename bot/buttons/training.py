"""Stop and Train on: under the message of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import trainings
from bot.errors import AdminsOnly
from bot.permissions import check_in_server, is_admin
from bot.trainings import request_of

if TYPE_CHECKING:
    from bot.client import Cadenza


async def stop(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """End the training `subject`, for an admin or whoever began it; what it learnt so far is kept and judged.

    Raises:
        AdminsOnly: somebody else presses it.
        TrainingGone: it is no longer known.
    """
    guild_id = check_in_server(interaction)
    board = interaction.client.board
    request = request_of(await board.record(subject), guild_id)
    if interaction.user.id != request.requester_id and not is_admin(interaction):
        raise AdminsOnly
    await interaction.response.defer()
    await board.cancel(subject)


async def resume(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Go on from where the training `subject` got to, for as long again, in a message of its own.

    Raises:
        AdminsOnly: somebody else than an admin presses it.
        TrainingGone: it is no longer known.
    """
    message_id = await trainings.acknowledge(interaction)
    older = request_of(await interaction.client.board.record(subject), interaction.guild_id or 0)
    await trainings.resume(interaction, older, {}, message_id)

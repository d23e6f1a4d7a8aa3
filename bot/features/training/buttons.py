"""The buttons under a training: Stop and Train on."""

from __future__ import annotations

import discord

from bot.buttons import ADMIN_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.errors import AdminsOnly
from bot.features.stopping import stop
from bot.features.training import requests
from bot.permissions import check_in_server, is_admin

OVER = "This training is finished already."


async def _stop(interaction: Interaction, subject: str) -> None:
    """End the training `subject`, for an admin or whoever started it; what it learned so far is kept and evaluated.

    Raises:
        AdminsOnly: somebody else presses it.
        TrainingGone: it is no longer known.
    """
    guild_id = check_in_server(interaction)
    record = await interaction.client.board.record(subject)
    request = requests.request_of(record, guild_id)
    if record is None or (interaction.user.id != request.requester_id and not is_admin(interaction)):
        raise AdminsOnly
    await stop(interaction, record, OVER)


async def _resume(interaction: Interaction, subject: str) -> None:
    """Continue from where the training `subject` got to, for as long again, in a message of its own. For admins."""
    message_id = await requests.acknowledge(interaction)
    older = requests.request_of(await interaction.client.board.record(subject), interaction.guild_id or 0)
    await requests.resume(interaction, older, {}, message_id)


ADMIN_ACTIONS.update(
    {
        "stop": ButtonAction("Stop", discord.ButtonStyle.secondary, "⏹️", _stop),
        "resume": ButtonAction("Train on", discord.ButtonStyle.primary, "⏩", _resume, "The training"),
    }
)

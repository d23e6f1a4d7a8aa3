"""Requests about a server's data sets and models: from an interaction to a job in the queue.

Only whoever asked sees the answer. Used by commands and buttons.
"""

from __future__ import annotations

import discord

from bot import replies, submission
from bot.buttons import ADMIN_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.errors import OutdatedForm
from bot.permissions import check_admin, check_in_server
from jobs.admission import validated
from jobs.contract import Action, DeleteDataSet, ForgetMember, LibraryRequest, LibraryResult, NeedsConfirmation


async def acknowledge(interaction: Interaction) -> int:
    """Tell an admin that an answer follows, which only they see; the answer's message id.

    Raises:
        ServersOnly, AdminsOnly: it is not for whoever asks, or not here.
    """
    check_admin(interaction)
    return await replies.acknowledge(interaction, private=True)


async def submit(interaction: Interaction, action: Action, message_id: int) -> None:
    """Put `action` into the queue and follow its answer.

    Raises:
        NotInstalled: it concerns a server that the bot is no member of.
        JobsError: no worker, too many requests, …; its sentence says what to do.
    """
    if interaction.guild_id is not None and not isinstance(action, ForgetMember):
        check_in_server(interaction)
    fields = submission.origin(interaction) | {"action": action, "private": True}
    await submission.submit(interaction, validated(LibraryRequest, fields), message_id)


async def ask(interaction: Interaction, action: Action) -> None:
    """Have `action` done for an admin."""
    await submit(interaction, action, await acknowledge(interaction))


async def _erase_set(interaction: Interaction, subject: str) -> None:
    """Delete the data set `subject`: a question of older messages."""
    await ask(interaction, validated(DeleteDataSet, {"name": subject, "confirmed": True}))


async def _confirm(interaction: Interaction, subject: str) -> None:
    """Do what the answer to the library request `subject` asked about.

    Raises:
        AdminsOnly: somebody else presses it.
        OutdatedForm: the answer is no longer kept.
    """
    message_id = await acknowledge(interaction)
    record = await interaction.client.board.record(subject)
    result = record.result if record is not None and record.request.guild_id == interaction.guild_id else None
    if not isinstance(result, LibraryResult) or not isinstance(result.answer, NeedsConfirmation):
        raise OutdatedForm("question", "Use the command again.")
    await submit(interaction, result.answer.action, message_id)


ADMIN_ACTIONS.update(
    {
        "erase_set": ButtonAction("Delete for good", discord.ButtonStyle.danger, None, _erase_set, "Your request"),
        "insist": ButtonAction("Do it anyway", discord.ButtonStyle.danger, None, _confirm, "Your request"),
    }
)

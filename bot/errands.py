"""Requests about a server's data sets and models: from an interaction to a job in the queue.

Only whoever asked sees the answer. Used by commands and buttons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import submission
from bot.permissions import check_admin
from jobs.admission import validated
from jobs.contract import LibraryRequest

if TYPE_CHECKING:
    from bot.client import Cadenza
    from jobs.contract import Action


async def acknowledge(interaction: discord.Interaction[Cadenza]) -> int:
    """Tell an admin that an answer follows, which only they see; the answer's message id.

    Raises:
        ServersOnly, AdminsOnly: it is not for whoever asks, or not here.
    """
    check_admin(interaction)
    return await submission.acknowledge(interaction, private=True)


async def submit(interaction: discord.Interaction[Cadenza], action: Action, message_id: int) -> None:
    """Put `action` into the queue and follow its answer.

    Raises:
        JobsError: no worker, too many requests, …; its sentence says what to do.
    """
    fields = submission.origin(interaction) | {"action": action, "private": True}
    await submission.submit(interaction, validated(LibraryRequest, fields), message_id)


async def ask(interaction: discord.Interaction[Cadenza], action: Action) -> None:
    """Have `action` done for an admin."""
    await submit(interaction, action, await acknowledge(interaction))

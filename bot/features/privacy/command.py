"""`/privacy` says what is kept; `/forget-me` deletes all of it, once the member has confirmed."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.buttons import ADMIN_ACTIONS, ButtonAction, admin_view
from bot.context import Interaction
from bot.errors import OutdatedForm, StillInProgress
from bot.features import library_requests
from bot.features.privacy.retention import privacy_card
from bot.message import MessageParts
from bot.replies import acknowledge, answer
from jobs.contract import ForgetMember

QUESTION = (
    "Delete everything that is kept about you, on all servers? That is: your pieces and requests, the MIDI files you "
    "sent, your stars, your pieces that others starred, and what you added to data sets. Your pieces' buttons stop "
    "working. This can't be undone."
)


@app_commands.command(name="privacy", description="See what is kept about you, and for how long.")
async def privacy(interaction: Interaction) -> None:
    """Answer at once, from the settings in force."""
    await answer(interaction, MessageParts(card=privacy_card(interaction.client.board.settings)))


@app_commands.command(name="forget-me", description="Delete all that is kept about you. You are asked to confirm.")
async def forget_me(interaction: Interaction) -> None:
    """Ask first."""
    await answer(
        interaction, MessageParts(content=QUESTION, buttons=admin_view(("forget_me", str(interaction.user.id))))
    )


async def _forget(interaction: Interaction, subject: str) -> None:
    """Have a worker delete everything, for the member whom the question asked.

    Raises:
        OutdatedForm: the question was another member's.
        StillInProgress: something of theirs is waiting or running, and would be written after the deletion.
    """
    if subject != str(interaction.user.id):
        raise OutdatedForm("question", "Use `/forget-me` yourself.")
    message_id = await acknowledge(interaction, private=True)
    open_jobs = await interaction.client.board.open_jobs()
    own = [record for record in open_jobs if record.request.requester_id == interaction.user.id]
    if own:
        raise StillInProgress(len(own))
    interaction.client.tracker.forget(interaction.user.id)
    await library_requests.submit(interaction, ForgetMember(), message_id)


commands: tuple[app_commands.Command[Any, Any, None], ...] = (privacy, forget_me)
ADMIN_ACTIONS["forget_me"] = ButtonAction(
    "Delete everything", discord.ButtonStyle.danger, None, _forget, "Your request"
)

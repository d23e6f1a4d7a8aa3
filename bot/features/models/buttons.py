"""The buttons about models: Promote, Roll back, Discard, and Delete for good under questions of older messages."""

from __future__ import annotations

import discord

from bot.buttons import ADMIN_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.features import library_requests
from jobs.admission import validated
from jobs.contract import DeleteModel, PromoteModel, RollBackModel

REQUEST = "Your request"


async def _promote(interaction: Interaction, subject: str) -> None:
    """Use the version in `subject`, 'name:version', from now on; the admin is asked first about one that copies."""
    name, _, version = subject.partition(":")
    await library_requests.ask(interaction, validated(PromoteModel, {"name": name, "version": version or None}))


async def _roll_back(interaction: Interaction, subject: str) -> None:
    """Use the version of the model `subject` that was used before."""
    await library_requests.ask(interaction, validated(RollBackModel, {"name": subject}))


async def _discard(interaction: Interaction, subject: str) -> None:
    """Delete a version, once the admin has confirmed it."""
    name, _, version = subject.partition(":")
    await library_requests.ask(interaction, validated(DeleteModel, {"name": name, "version": version or None}))


async def _erase_model(interaction: Interaction, subject: str) -> None:
    """Delete the model in `subject`, 'name:version' or 'name' for all versions: a question of older messages."""
    name, _, version = subject.partition(":")
    await library_requests.ask(
        interaction, validated(DeleteModel, {"name": name, "version": version or None, "confirmed": True})
    )


ADMIN_ACTIONS.update(
    {
        "promote": ButtonAction("Promote", discord.ButtonStyle.success, "⬆️", _promote, REQUEST),
        "rollback": ButtonAction("Roll back", discord.ButtonStyle.secondary, "↩️", _roll_back, REQUEST),
        "discard": ButtonAction("Discard", discord.ButtonStyle.danger, "🗑️", _discard, REQUEST),
        "erase_model": ButtonAction("Delete for good", discord.ButtonStyle.danger, None, _erase_model, REQUEST),
    }
)

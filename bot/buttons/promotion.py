"""Promote, and Roll back: which version of a model its name means from now on. For admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import errands
from jobs.contract import PromoteModel, RollBackModel

if TYPE_CHECKING:
    from bot.client import Cadenza


async def promote(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Let a name mean the version in `subject`, 'name:version'; one that copies is asked about first.

    Raises:
        AdminsOnly: somebody else presses it.
    """
    name, _, version = subject.partition(":")
    await errands.ask(interaction, PromoteModel(name=name, version=version))


async def roll_back(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Let the name `subject` mean the version before.

    Raises:
        AdminsOnly: somebody else presses it.
    """
    await errands.ask(interaction, RollBackModel(name=subject))

"""Delete for good: models, versions of them, and data sets, once an admin has been asked whether they mean it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import errands
from jobs.contract import DeleteDataSet, DeleteModel

if TYPE_CHECKING:
    from bot.client import Cadenza


async def erase_model(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Delete the model in `subject`: 'name:version', or 'name' for all its versions.

    Raises:
        AdminsOnly: somebody else presses it.
    """
    name, _, version = subject.partition(":")
    await errands.ask(interaction, DeleteModel(name=name, version=version or None))


async def erase_set(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Delete the data set `subject`.

    Raises:
        AdminsOnly: somebody else presses it.
    """
    await errands.ask(interaction, DeleteDataSet(name=subject))

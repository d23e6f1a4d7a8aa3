"""What Discord suggests for the trainings of a server, to admins."""

from __future__ import annotations

import asyncio

from bot import limits
from bot.context import Interaction
from bot.features.autocomplete import LIMIT_S, Choices, bare
from bot.features.training.cards import training_words
from bot.permissions import is_admin
from bot.wording import plain
from jobs.errors import JobsError


async def open_trainings(interaction: Interaction, typed: str) -> Choices:
    """The server's trainings that are waiting or running."""
    return await _trainings(interaction, typed, is_open=True)


async def past_trainings(interaction: Interaction, typed: str) -> Choices:
    """The server's trainings that are over."""
    return await _trainings(interaction, typed, is_open=False)


async def _trainings(interaction: Interaction, typed: str, is_open: bool) -> Choices:
    if not is_admin(interaction):
        return []
    try:
        async with asyncio.timeout(LIMIT_S):
            there = await interaction.client.board.trainings(interaction.guild_id or 0)
    except (JobsError, TimeoutError):
        return []
    chosen = [record for record in there if record.stage.is_final is not is_open]
    named = [(plain(training_words(record)), record.job_id) for record in chosen]
    return limits.choices(pair for pair in named if bare(typed) in bare(pair[0]))

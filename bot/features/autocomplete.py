"""What Discord suggests while a member types: available models; to admins also their data sets and models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from discord import app_commands

from bot import limits
from bot.context import Interaction
from bot.limits import cut
from bot.permissions import is_admin
from bot.wording import plain
from jobs.contract import ModelInfo
from jobs.errors import JobsError
from jobs.guild_state import What

LIMIT_S = 2.0  # Discord gives 3
MOST_TITLE = 60  # characters of a model's title, so that its name fits beside it

Choices = list[app_commands.Choice[str]]


async def live_models(interaction: Interaction, typed: str) -> Choices:
    """The models that can compose now, by name or title."""
    wanted = typed.casefold()
    models = [
        model for model in await models_in_time(interaction) if wanted in f"{model.name} {model.title}".casefold()
    ]
    return limits.choices((f"{plain(cut(model.title, MOST_TITLE))} ({model.name})", model.name) for model in models)


async def data_sets(interaction: Interaction, typed: str) -> Choices:
    """The names of the server's data sets."""
    return choices(fitting(typed, await _names(interaction, "data_sets")))


async def own_models(interaction: Interaction, typed: str) -> Choices:
    """The names of the server's models, those not in use included."""
    return choices(fitting(typed, await _names(interaction, "models")))


async def all_models(interaction: Interaction, typed: str) -> Choices:
    """Likewise, with those that all servers share."""
    live = [model.name for model in await models_in_time(interaction)]
    return choices(fitting(typed, list(dict.fromkeys([*await _names(interaction, "models"), *live]))))


def fitting(typed: str, values: Sequence[str]) -> list[str]:
    """Those of `values` that may be meant: they begin with it, else contain it, spaces or not."""
    wanted = bare(typed)
    found = [value for value in values if wanted in bare(value)]
    return sorted(found, key=lambda value: not bare(value).startswith(wanted))


def bare(text: str) -> str:
    """`text` in lowercase, without spaces."""
    return "".join(text.casefold().split())


def choices(values: Sequence[str]) -> Choices:
    """Choices that are shown as they are sent."""
    return limits.choices((plain(value), value) for value in values)


async def models_in_time(interaction: Interaction) -> list[ModelInfo]:
    """The live models; none where they cannot be had in time, for what is typed is judged when the command is sent."""
    try:
        async with asyncio.timeout(LIMIT_S):
            return await interaction.client.board.models(interaction.guild_id)
    except (JobsError, TimeoutError):
        return []


async def _names(interaction: Interaction, what: What) -> list[str]:
    """The server's names, for those who may manage it only; none where they cannot be had in time."""
    if not is_admin(interaction):
        return []
    try:
        async with asyncio.timeout(LIMIT_S):
            return await interaction.client.board.names(interaction.guild_id or 0, what)
    except (JobsError, TimeoutError):
        return []

"""What Discord suggests while a member types an option: live models, and what these know of styles, keys, … .

To admins also the names of their server's data sets and models, and its trainings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import limits
from bot.cards.training import training_words
from bot.limits import cut
from bot.permissions import is_admin
from bot.wishes import known_values, split_instruments
from bot.wording import plain
from jobs.contract import ModelInfo
from jobs.errors import JobsError
from jobs.name_cache import What

if TYPE_CHECKING:
    from bot.client import Cadenza

LIMIT_S = 2.0  # Discord gives 3
MOST_TITLE = 60  # characters of a model's title, so that its name fits beside it

Choices = list[app_commands.Choice[str]]


async def live_models(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The models that can compose now, by name or title."""
    wanted = typed.casefold()
    models = [model for model in await _models(interaction) if wanted in f"{model.name} {model.title}".casefold()]
    return limits.choices((f"{plain(cut(model.title, MOST_TITLE))} ({model.name})", model.name) for model in models)


async def styles(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The styles that the model chosen already knows, else those that any does."""
    return _choices(fitting(typed, known_values("style", await _asked(interaction))))


async def keys(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The keys, likewise; 'Em' is how musicians write E minor, so that comes before E major."""
    there = known_values("key", await _asked(interaction))
    if typed.strip().endswith("m"):
        there = sorted(there, key=lambda name: not name.endswith("minor"))
    return _choices(fitting(typed, there))


async def meters(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The meters, likewise."""
    return _choices(fitting(typed, known_values("meter", await _asked(interaction))))


async def instruments(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """Instruments one after another: what stands before the last comma stays, the rest is suggested for."""
    before, _, last = typed.rpartition(",")
    chosen = split_instruments(before)
    there = known_values("instruments", await _asked(interaction))
    left = [name for name in there if name not in chosen]
    return _choices([", ".join([*chosen, name]) for name in fitting(last.strip(), left)])


async def data_sets(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The names of the server's data sets."""
    return _choices(fitting(typed, await _names(interaction, "data_sets")))


async def own_models(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The names of the server's models, those not in use included."""
    return _choices(fitting(typed, await _names(interaction, "models")))


async def all_models(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """Likewise, with those that all servers share."""
    live = [model.name for model in await _models(interaction)]
    return _choices(fitting(typed, list(dict.fromkeys([*await _names(interaction, "models"), *live]))))


async def open_trainings(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The server's trainings that are waiting or running."""
    return await _trainings(interaction, typed, is_open=True)


async def past_trainings(interaction: discord.Interaction[Cadenza], typed: str) -> Choices:
    """The server's trainings that are over."""
    return await _trainings(interaction, typed, is_open=False)


def fitting(typed: str, values: Sequence[str]) -> list[str]:
    """Those of `values` that may be meant: they begin with it, else contain it, spaces or not."""
    wanted = _bare(typed)
    found = [value for value in values if wanted in _bare(value)]
    return sorted(found, key=lambda value: not _bare(value).startswith(wanted))


def _bare(text: str) -> str:
    return "".join(text.casefold().split())


def _choices(values: Sequence[str]) -> Choices:
    return limits.choices((plain(value), value) for value in values)


async def _models(interaction: discord.Interaction[Cadenza]) -> list[ModelInfo]:
    """The live models; none where they cannot be had in time, for what is typed is judged when the command is sent."""
    try:
        async with asyncio.timeout(LIMIT_S):
            return await interaction.client.board.models(interaction.guild_id)
    except (JobsError, TimeoutError):
        return []


async def _names(interaction: discord.Interaction[Cadenza], what: What) -> list[str]:
    """The server's names, for those who may manage it only; none where they cannot be had in time."""
    if not is_admin(interaction):
        return []
    try:
        async with asyncio.timeout(LIMIT_S):
            return await interaction.client.board.names(interaction.guild_id or 0, what)
    except (JobsError, TimeoutError):
        return []


async def _trainings(interaction: discord.Interaction[Cadenza], typed: str, is_open: bool) -> Choices:
    if not is_admin(interaction):
        return []
    try:
        async with asyncio.timeout(LIMIT_S):
            there = await interaction.client.board.trainings(interaction.guild_id or 0)
    except (JobsError, TimeoutError):
        return []
    chosen = [record for record in there if record.stage.is_final is not is_open]
    named = [(plain(training_words(record)), record.job_id) for record in chosen]
    return limits.choices(pair for pair in named if _bare(typed) in _bare(pair[0]))


async def _asked(interaction: discord.Interaction[Cadenza]) -> list[ModelInfo]:
    models = await _models(interaction)
    name = getattr(interaction.namespace, "model", None)
    return [model for model in models if model.name == name] or models

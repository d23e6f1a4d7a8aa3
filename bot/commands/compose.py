"""`/compose`: a piece of music from nothing, or the continuation of an attached MIDI file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import submission
from bot.permissions import check_may_reply
from bot.seeds import read_seed
from jobs.contract import (
    MAX_LENGTH_S,
    MAX_RANDOM_SEED,
    MAX_TEMPERATURE,
    MIN_LENGTH_S,
    MIN_TEMPERATURE,
    ComposeRequest,
)
from jobs.errors import JobsError, UnknownModel

if TYPE_CHECKING:
    from bot.client import Cadenza

DEFAULTS = ComposeRequest.model_fields
AUTOCOMPLETE_LIMIT_S = 2.0  # Discord gives 3
MAX_CHOICES = 25  # Discord's limit

Length = app_commands.Range[float, MIN_LENGTH_S, MAX_LENGTH_S]
Temperature = app_commands.Range[float, MIN_TEMPERATURE, MAX_TEMPERATURE]
RandomSeed = app_commands.Range[int, 0, MAX_RANDOM_SEED]


@app_commands.command(name="compose", description="Compose a piece of music, or continue a MIDI file of yours.")
@app_commands.describe(
    seed="A MIDI file (.mid) to continue. Without one, the piece starts from nothing.",
    model="Which model composes; /models tells about them.",
    length=f"Seconds of new music, {MIN_LENGTH_S:.0f} to {MAX_LENGTH_S:.0f} (30 if not given).",
    temperature="How adventurous: 0.1 plays safe, 1 is balanced, 2 is wild.",
    random_seed="A number; the same number with the same options gives the same piece.",
    include_seed="Whether the result begins with your seed (yes if not given).",
    private="Whether only you see the result (no if not given).",
)
async def command(  # noqa: PLR0913 - these are the command's options
    interaction: discord.Interaction[Cadenza],
    seed: discord.Attachment | None = None,
    model: str | None = None,
    length: Length = DEFAULTS["length_s"].default,
    temperature: Temperature = DEFAULTS["temperature"].default,
    random_seed: RandomSeed | None = None,
    include_seed: bool = True,
    private: bool = False,
) -> None:
    """Acknowledge, check, put into the queue; delivery shows the rest."""
    message_id = await submission.acknowledge(interaction, private)
    check_may_reply(interaction)
    random_seed = submission.new_random_seed() if random_seed is None else random_seed
    submission.check_ranges(length, temperature, random_seed)
    model = await _served(interaction, model)
    kept = None
    if seed is not None:
        data = await read_seed(seed, interaction.client.max_seed_bytes)
        kept = await submission.keep_seed(interaction, data, seed.filename)
    options = {"length_s": length, "temperature": temperature, "random_seed": random_seed}
    request = ComposeRequest.model_validate(
        submission.origin(interaction)
        | options
        | {"model": model, "seed": kept, "include_seed": include_seed, "private": private}
    )
    await submission.submit(interaction, request, message_id)


async def _served(interaction: discord.Interaction[Cadenza], name: str | None) -> str:
    models = await interaction.client.board.models()
    names = [model.name for model in models]
    if name is None:  # the default comes first; with no worker at all the queue says so
        return names[0] if names else str(DEFAULTS["model"].default)
    if names and name not in names:
        raise UnknownModel(discord.utils.escape_markdown(name[:50]), names)
    return name if names else str(DEFAULTS["model"].default)


@command.autocomplete("model")
async def _live_models(interaction: discord.Interaction[Cadenza], typed: str) -> list[app_commands.Choice[str]]:
    try:
        async with asyncio.timeout(AUTOCOMPLETE_LIMIT_S):
            models = await interaction.client.board.models()
    except (JobsError, TimeoutError):
        return []  # nothing to suggest; whatever is typed is judged when the command is sent
    wanted = typed.casefold()
    fitting = [model for model in models if wanted in model.name or wanted in model.title.casefold()]
    shown = ((f"{model.title} ({model.name})"[:100], model.name) for model in fitting[:MAX_CHOICES])
    return [app_commands.Choice(name=title, value=name) for title, name in shown]

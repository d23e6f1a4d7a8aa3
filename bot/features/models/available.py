"""`/models`: which models are available."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.context import Interaction
from bot.features import embeds
from bot.features.embeds import fill
from bot.limits import cut
from bot.message import MessageParts
from bot.replies import acknowledge, answer
from bot.submission import available_models
from bot.wording import safe
from jobs.contract import ModelInfo

MOST_DESCRIBED = 300  # characters of a model's description or licence
MOST_STYLES = 12  # shown of a model; Discord suggests the others as they are typed


@app_commands.command(name="models", description="See which models are available.")
@app_commands.describe(page="Page of the list. Default: 1.")
async def command(interaction: Interaction, page: app_commands.Range[int, 1, 100] = 1) -> None:
    """Ask the registry of workers; a server's own models are shown on that server only.

    Raises:
        NoWorker: nobody is there to compose.
    """
    await acknowledge(interaction, private=True)
    models = await available_models(interaction)
    await answer(interaction, MessageParts(card=models_card(models, page)))


def models_card(models: Sequence[ModelInfo], page: int = 1) -> discord.Embed:
    """The available models, the default first; with many, a page of them."""
    card = discord.Embed(title="Available models", colour=embeds.PLAIN)
    fill(card, [(_model_name(model), _about(model)) for model in models], "; choose another with the option page", page)
    return card


def _model_name(model: ModelInfo) -> str:
    return f"{model.name} {safe(model.version)}{' · default' if model.default else ''}"


def _about(model: ModelInfo) -> str:
    """What the model says of itself, which strangers may have written, and what it can do."""
    described = [model.title, cut(model.description, MOST_DESCRIBED)]
    lines = [safe(text) for text in described if text]
    lines += [f"Licence: {safe(cut(model.licence, MOST_DESCRIBED))}"] if model.licence else []
    return "\n".join([*lines, *_abilities(model)])


def _abilities(model: ModelInfo) -> list[str]:
    lines = [f"Seed modes: {', '.join(model.modes)}"]
    if model.controls:
        lines.append(f"Options: {', '.join(name.removesuffix('_bpm') for name in model.controls)}")
    if model.styles:
        more = f" and {len(model.styles) - MOST_STYLES} more" if len(model.styles) > MOST_STYLES else ""
        lines.append(f"Styles: {safe(', '.join(model.styles[:MOST_STYLES]))}{more}")
    lines.append("Plays to a beat, with bars" if model.has_beat else "Plays in free time, without bars")
    return lines

"""What Discord suggests for the options of `/compose`, from what the available models know."""

from __future__ import annotations

from bot.context import Interaction
from bot.features.autocomplete import Choices, choices, fitting, models_in_time
from bot.features.compose.options import known_values, split_instruments
from jobs.contract import ModelInfo


async def styles(interaction: Interaction, typed: str) -> Choices:
    """The styles that the model chosen already knows, else those that any does."""
    return choices(fitting(typed, known_values("style", await _asked(interaction))))


async def keys(interaction: Interaction, typed: str) -> Choices:
    """The keys, likewise; 'Em' is how musicians write E minor, so that comes before E major."""
    there = known_values("key", await _asked(interaction))
    if typed.strip().endswith("m"):
        there = sorted(there, key=lambda name: not name.endswith("minor"))
    return choices(fitting(typed, there))


async def meters(interaction: Interaction, typed: str) -> Choices:
    """The meters, likewise."""
    return choices(fitting(typed, known_values("meter", await _asked(interaction))))


async def instruments(interaction: Interaction, typed: str) -> Choices:
    """Instruments one after another: what stands before the last comma stays, the rest is suggested for."""
    before, _, last = typed.rpartition(",")
    chosen = split_instruments(before)
    there = known_values("instruments", await _asked(interaction))
    left = [name for name in there if name not in chosen]
    return choices([", ".join([*chosen, name]) for name in fitting(last.strip(), left)])


async def _asked(interaction: Interaction) -> list[ModelInfo]:
    models = await models_in_time(interaction)
    name = getattr(interaction.namespace, "model", None)
    return [model for model in models if model.name == name] or models

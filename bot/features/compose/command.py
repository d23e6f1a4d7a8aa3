"""`/compose`: a new piece of music, or the continuation, variation or accompaniment of an attached MIDI file.

The command is built from `options.OPTIONS`.
"""

from __future__ import annotations

import inspect
from typing import Any

import discord
from discord import app_commands

from bot import submission
from bot.context import Interaction
from bot.features.autocomplete import live_models
from bot.features.compose import autocomplete, requests
from bot.features.compose.options import OPTIONS, check_alone, fields_of
from bot.permissions import check_may_reply
from bot.replies import acknowledge
from bot.seeds import read_seed
from jobs.admission import validated
from jobs.contract import BlobRef, ComposeRequest

AUTOCOMPLETE = {
    "model": live_models,
    "style": autocomplete.styles,
    "key": autocomplete.keys,
    "meter": autocomplete.meters,
    "instruments": autocomplete.instruments,
}


async def _compose(interaction: Interaction, **values: Any) -> None:
    """Acknowledge, check, queue; delivery shows the rest."""
    given = {name: value for name, value in values.items() if value is not None}
    seed: discord.Attachment | None = given.get("seed")
    check_may_reply(interaction)
    check_alone(given, seed is not None)
    message_id = await acknowledge(interaction, given.get("private", False))
    fields = fields_of(given, await submission.available_models(interaction), seed is not None)
    fields |= submission.origin(interaction) | {"seed": await _kept(interaction, seed)}
    if "model" not in given:
        fields["preferred"] = await interaction.client.board.preferred(interaction.guild_id)
    fields |= requests.defaults(interaction, fields)
    await submission.submit(interaction, validated(ComposeRequest, fields), message_id)


async def _kept(interaction: Interaction, seed: discord.Attachment | None) -> BlobRef | None:
    if seed is None:
        return None
    data = await read_seed(seed, interaction.client.max_seed_bytes)
    return await requests.keep_seed(interaction, data, seed.filename)


def _build() -> app_commands.Command[Any, Any, None]:
    """The command with one parameter for each option; discord.py reads them off the callback's signature."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("interaction", kind, annotation=discord.Interaction)]
    parameters += [
        inspect.Parameter(option.name, kind, default=None, annotation=option.annotation | None) for option in OPTIONS
    ]
    _compose.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    described = app_commands.describe(**{option.name: option.help for option in OPTIONS})(_compose)
    for option in OPTIONS:
        if option.choices:
            offered = [app_commands.Choice(name=name, value=value) for name, value in option.choices]
            described = app_commands.choices(**{option.name: offered})(described)
    built: app_commands.Command[Any, Any, None] = app_commands.Command(
        name="compose", description="Compose a piece of music, or continue your own MIDI file.", callback=described
    )
    for name, complete in AUTOCOMPLETE.items():
        built.autocomplete(name)(complete)
    return built


command = _build()

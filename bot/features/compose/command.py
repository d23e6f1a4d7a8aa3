"""`/compose`: a new piece of music, or the continuation, variation or accompaniment of an attached MIDI file.

`/continue`, `/vary` and `/accompany` are the same with a seed and the mode fixed. All are built from `options.OPTIONS`.
"""

from __future__ import annotations

import inspect
from typing import Any

import discord
from discord import app_commands

from bot.context import Interaction
from bot.features.compose import requests
from bot.features.compose.options import Command, options_of

DESCRIPTIONS: dict[Command, str] = {
    "compose": "Compose a piece of music, from scratch or from your own MIDI file.",
    "continue": "Continue your MIDI file from where it ends.",
    "vary": "Compose a variation on your MIDI file: the same rhythm, other notes.",
    "accompany": "Add new parts around the notes of your MIDI file.",
}


def _build(name: Command) -> app_commands.Command[Any, Any, None]:
    """The command with one parameter for each option; discord.py reads them off the callback's signature.

    Every command but `/compose` is that with its name as the mode, and needs a seed.
    """

    async def callback(interaction: Interaction, **values: Any) -> None:
        fixed = {} if name == "compose" else {"mode": name}
        await requests.compose(interaction, {**values, **fixed})

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("interaction", kind, annotation=discord.Interaction)]
    for option in options_of(name):
        if option.name == "seed" and name != "compose":
            parameters.append(inspect.Parameter(option.name, kind, annotation=option.annotation))
        else:
            parameters.append(inspect.Parameter(option.name, kind, default=None, annotation=option.annotation | None))
    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    described = app_commands.describe(**{option.name: option.help for option in options_of(name)})(callback)
    for option in options_of(name):
        if option.choices:
            offered = [app_commands.Choice(name=shown, value=sent) for shown, sent in option.choices]
            described = app_commands.choices(**{option.name: offered})(described)
    built: app_commands.Command[Any, Any, None] = app_commands.Command(
        name=name, description=DESCRIPTIONS[name], callback=described
    )
    for option in options_of(name):
        if option.suggest is not None:
            built.autocomplete(option.name)(option.suggest)
    return built


command, *seed_commands = (_build(name) for name in DESCRIPTIONS)

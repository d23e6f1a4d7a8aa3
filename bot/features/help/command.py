"""`/help`: what the bot can do and how to start."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.context import Interaction
from bot.features import embeds
from bot.features.compose.options import GROUPS, OPTIONS
from bot.message import MessageParts
from bot.replies import answer
from bot.wording import size_words
from jobs.contract import MAX_BARS, MAX_LENGTH_S, MIN_BARS, MIN_LENGTH_S

PARTS = (
    (
        "Buttons under a piece",
        "**Again**: the same settings, a different piece. **Continue**: more from where it ends. **Vary**: its rhythm "
        "with other notes. **Edit**: change the settings and compose again. **Star**: add it to this server's data set "
        "of starred pieces. **Key and tempo**: the same notes, higher, lower, faster or slower. **Copy command**: the "
        "command that gives this piece. **Delete**: remove it, if you asked for it. **Stop**: end early and get the "
        "piece so far.",
    ),
    (
        "Menus of messages",
        "On any message with a MIDI file, under Apps: *Continue*, *Vary* and *Accompany* compose from it, *Describe* "
        "says what it holds.",
    ),
    (
        "Earlier pieces",
        "`/library mine` lists your pieces, `/library server` those of this server, `/library starred` its starred "
        "ones. The numbered buttons download a piece.",
    ),
    (
        "Your server's own model (admins)",
        "Collect MIDI files with `/dataset`, or with *Add to data set* in a message's menu under Apps. Train a model "
        "on them with `/train`, then manage it with `/model`.",
    ),
    (
        "Originality",
        "A card warns if much of the piece also occurs in the model's training music. **Copy command** shows the "
        "figures for every piece.",
    ),
)


def help_card(commands: Mapping[str, str], max_seed_bytes: int) -> discord.Embed:
    """What each of `commands` (name to description) is for, and the limits."""
    card = discord.Embed(
        title="Cadenza composes music",
        description="Send `/compose` and get a piece as MIDI, audio and a picture. Everything else is optional.",
        colour=embeds.PLAIN,
    )
    for name, description in sorted(commands.items()):
        card.add_field(name=f"/{name}", value=description, inline=False)
    for name, value in (*_options(), *PARTS):
        card.add_field(name=name, value=value, inline=False)
    limits = (
        f"{MIN_LENGTH_S:.0f} to {MAX_LENGTH_S:.0f} seconds or {MIN_BARS} to {MAX_BARS} bars of new music; "
        f"seeds up to {size_words(max_seed_bytes)}."
    )
    card.add_field(name="Limits", value=limits, inline=False)
    return card


def _options() -> list[tuple[str, str]]:
    """The options of `/compose` in their groups, each with what Discord says of it."""
    return [
        (title, "\n".join(f"`{option.name}`: {option.help}" for option in OPTIONS if option.group == group))
        for group, title in GROUPS.items()
    ]


@app_commands.command(name="help", description="What Cadenza can do and how to start.")
async def command(interaction: Interaction) -> None:
    """Answer at once: nothing has to be looked up."""
    commands = interaction.client.tree.get_commands()
    described = {
        found.name: found.description
        for found in commands
        if isinstance(found, (app_commands.Command, app_commands.Group)) and found.default_permissions is None
    }
    card = help_card(described, interaction.client.max_seed_bytes)
    await answer(interaction, MessageParts(card=card))

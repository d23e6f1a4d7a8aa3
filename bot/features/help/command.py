"""`/help`: what the bot can do and how to start."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.context import Interaction
from bot.features import embeds
from bot.message import MessageParts
from bot.replies import answer
from bot.wording import size_words
from jobs.contract import MAX_BARS, MAX_LENGTH_S, MIN_BARS, MIN_LENGTH_S

PARTS = (
    (
        "Sound",
        "All optional: `style`, `key`, `tempo`, `meter`, `density`, `instruments`, and `length` in seconds or `bars`. "
        "`/models` shows what each model supports. Without `model`, I choose the one that fits best.",
    ),
    (
        "Creativity",
        "`temperature` below 1 is safer, above 1 wilder. `top_p`, `top_k` and `min_p` rule out unlikely notes. "
        "`strength` is how closely a variation follows its seed. The same `random_seed` gives the same piece.",
    ),
    (
        "Buttons under a piece",
        "**Again**: the same settings, a different piece. **Continue**: more from where it ends. **Vary**: its rhythm "
        "with other notes. **Star**: add it to this server's data set of starred pieces. **Delete**: remove it, if you "
        "asked for it. **Stop**: end early and get the piece so far.",
    ),
    (
        "Menus of messages",
        "On any message with a MIDI file, under Apps: *Continue*, *Vary* and *Accompany* compose from it, *Describe* says "
        "what it holds.",
    ),
    (
        "Your server's own model (admins)",
        "Collect MIDI files with `/dataset`, or with *Add to data set* in a message's menu under Apps. Train a model "
        "on them with `/train`, then manage it with `/model`.",
    ),
    (
        "Originality",
        "Every card shows how much of the piece also occurs in the model's training music, and the same figure for "
        "pieces that people wrote.",
    ),
)


def help_card(commands: Mapping[str, str], max_seed_bytes: int) -> discord.Embed:
    """What each of `commands` (name to description) is for, and the limits."""
    card = discord.Embed(
        title="Cadenza composes music",
        description="Send `/compose` and get a piece as MIDI, audio and a picture. "
        "Attach a MIDI file as `seed` to continue it, vary it or accompany it, depending on `mode`.",
        colour=embeds.PLAIN,
    )
    for name, description in sorted(commands.items()):
        card.add_field(name=f"/{name}", value=description, inline=False)
    for name, value in PARTS:
        card.add_field(name=name, value=value, inline=False)
    limits = (
        f"{MIN_LENGTH_S:.0f} to {MAX_LENGTH_S:.0f} seconds or {MIN_BARS} to {MAX_BARS} bars of new music; "
        f"seeds up to {size_words(max_seed_bytes)}."
    )
    card.add_field(name="Limits", value=limits, inline=False)
    return card


@app_commands.command(name="help", description="What Cadenza can do and how to start.")
async def command(interaction: Interaction) -> None:
    """Answer at once: nothing has to be looked up."""
    commands = interaction.client.tree.get_commands()
    described = {found.name: found.description for found in commands if isinstance(found, app_commands.Command)}
    card = help_card(described, interaction.client.max_seed_bytes)
    await answer(interaction, MessageParts(card=card))

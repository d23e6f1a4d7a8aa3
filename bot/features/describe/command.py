"""`/describe` and *Describe* in the menu of a message: what a MIDI file holds. For everybody."""

from __future__ import annotations

import discord
from discord import app_commands

from bot import submission
from bot.context import Interaction
from bot.features.autocomplete import live_models
from bot.features.names import as_name
from bot.limits import file_name
from bot.permissions import check_may_reply
from bot.replies import acknowledge
from bot.submission import midi_in, read_seed
from jobs.admission import validated
from jobs.contract import DescribeRequest

Model = app_commands.Range[str, 1, 32]


@app_commands.command(name="describe", description="Describe a MIDI file: key, tempo, meter, instruments, chords.")
@app_commands.describe(
    file="A MIDI file (.mid).",
    model="Also look how much of it occurs in this model's training music.",
    private="Only you see the answer. Default: no.",
)
@app_commands.autocomplete(model=live_models)
async def command(
    interaction: Interaction, file: discord.Attachment, model: Model | None = None, private: bool = False
) -> None:
    """Describe the attached file."""
    await _describe(interaction, file, private, None if model is None else as_name(model))


async def _describe_message(interaction: Interaction, message: discord.Message) -> None:
    """Describe the MIDI file of a message; only whoever asks sees the answer.

    Raises:
        BadSeed: it has none.
    """
    await _describe(interaction, midi_in(message), private=True)


async def _describe(
    interaction: Interaction, file: discord.Attachment, private: bool, model: str | None = None
) -> None:
    check_may_reply(interaction)
    message_id = await acknowledge(interaction, private)
    data = await read_seed(file, interaction.client.max_seed_bytes)
    seed = await interaction.client.board.put_blob(data, file_name(file.filename), submission.MIDI_TYPE)
    fields = submission.origin(interaction) | {"seed": seed, "private": private, "model": model}
    await submission.submit(interaction, validated(DescribeRequest, fields), message_id)


menu = app_commands.ContextMenu(name="Describe", callback=_describe_message)

"""`/compose`: a new piece of music, or the continuation, variation or accompaniment of an attached MIDI file.

The options are defined here; `wishes` checks them, `suggestions` completes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import submission, suggestions, wishes
from bot.permissions import check_may_reply
from bot.seeds import read_seed
from jobs import contract
from jobs.admission import validated
from jobs.contract import ComposeRequest, Mode

if TYPE_CHECKING:
    from bot.client import Cadenza

Length = app_commands.Range[float, contract.MIN_LENGTH_S, contract.MAX_LENGTH_S]
Bars = app_commands.Range[int, contract.MIN_BARS, contract.MAX_BARS]
Tempo = app_commands.Range[float, contract.MIN_TEMPO_BPM, contract.MAX_TEMPO_BPM]
Share = app_commands.Range[float, 0.0, 1.0]
Temperature = app_commands.Range[float, contract.MIN_TEMPERATURE, contract.MAX_TEMPERATURE]
TopK = app_commands.Range[int, 1, contract.MAX_TOP_K]
TopP = app_commands.Range[float, contract.MIN_TOP_P, 1.0]
MinP = app_commands.Range[float, 0.0, contract.MAX_MIN_P]
RandomSeed = app_commands.Range[int, 0, contract.MAX_RANDOM_SEED]
Text = app_commands.Range[str, 1, 300]

MODES = [
    app_commands.Choice(name="continue: more from where it ends", value=Mode.CONTINUE.value),
    app_commands.Choice(name="vary: the same rhythm, other notes", value=Mode.VARY.value),
    app_commands.Choice(name="accompany: new parts around its notes", value=Mode.ACCOMPANY.value),
]
DENSITIES = [app_commands.Choice(name=word, value=level) for level, word in enumerate(contract.DENSITY_WORDS, start=1)]


@app_commands.command(name="compose", description="Compose a piece of music, or continue your own MIDI file.")
@app_commands.describe(
    seed="A MIDI file (.mid) to continue, vary or accompany. Default: a new piece.",
    mode="What to do with the seed. Default: continue.",
    length=f"Seconds of new music, {contract.MIN_LENGTH_S:.0f} to {contract.MAX_LENGTH_S:.0f}. Default: 30.",
    style="What it should sound like.",
    key="Such as C major or F# minor.",
    tempo="Beats per minute, for models with a beat.",
    instruments="Such as: piano, flute, strings. For models with several instruments. Default: typical of the style.",
    bars="Bars of new music instead of seconds, for models with a beat.",
    meter="Such as 4/4 or 3/4, for models with a beat.",
    density="How many notes, from sparse to dense.",
    model="Which model composes; see /models. Default: the one that fits best.",
    temperature="How adventurous: 0.1 plays safe, 1 is balanced, 2 is wild.",
    strength="How closely a variation follows its seed: 0 is free, 1 the same notes.",
    top_k="Choose each note only from this many likeliest ones.",
    top_p="Choose only from the likeliest notes that make up this share, such as 0.95.",
    min_p="Choose only notes at least this share as likely as the likeliest, such as 0.05.",
    random_seed="A number: the same number with the same options gives the same piece.",
    include_seed="Put your seed at the start of the result. Default: yes, except in a variation.",
    private="Only you see the result. Default: no.",
)
@app_commands.choices(mode=MODES)
@app_commands.choices(density=DENSITIES)
async def command(  # noqa: PLR0913 - these are the command's options
    interaction: discord.Interaction[Cadenza],
    seed: discord.Attachment | None = None,
    mode: str | None = None,
    length: Length | None = None,
    style: Text | None = None,
    key: Text | None = None,
    tempo: Tempo | None = None,
    instruments: Text | None = None,
    bars: Bars | None = None,
    meter: Text | None = None,
    density: int | None = None,
    model: str | None = None,
    temperature: Temperature | None = None,
    strength: Share | None = None,
    top_k: TopK | None = None,
    top_p: TopP | None = None,
    min_p: MinP | None = None,
    random_seed: RandomSeed | None = None,
    include_seed: bool | None = None,
    private: bool = False,
) -> None:
    """Acknowledge, check, put into the queue; delivery shows the rest."""
    given = {
        "mode": mode, "model": model, "length": length, "bars": bars, "style": style, "key": key, "tempo": tempo,
        "meter": meter, "density": density, "instruments": instruments, "temperature": temperature,
        "strength": strength, "top_k": top_k, "top_p": top_p, "min_p": min_p, "random_seed": random_seed,
        "include_seed": include_seed, "private": private,
    }  # fmt: skip
    check_may_reply(interaction)
    wishes.check_alone(given, seed is not None)
    message_id = await submission.acknowledge(interaction, private)
    fields = wishes.fields_of(given, await submission.available_models(interaction), seed is not None)
    fields |= submission.origin(interaction) | {"seed": await _kept(interaction, seed)}
    if model is None:
        fields["preferred"] = await interaction.client.board.preferred(interaction.guild_id)
    fields |= submission.defaults(interaction, fields)
    await submission.submit(interaction, validated(ComposeRequest, fields), message_id)


async def _kept(interaction: discord.Interaction[Cadenza], seed: discord.Attachment | None) -> contract.BlobRef | None:
    if seed is None:
        return None
    data = await read_seed(seed, interaction.client.max_seed_bytes)
    return await submission.keep_seed(interaction, data, seed.filename)


command.autocomplete("model")(suggestions.live_models)
command.autocomplete("style")(suggestions.styles)
command.autocomplete("key")(suggestions.keys)
command.autocomplete("meter")(suggestions.meters)
command.autocomplete("instruments")(suggestions.instruments)

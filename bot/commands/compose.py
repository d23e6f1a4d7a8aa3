"""`/compose`: a piece of music from nothing, or from an attached MIDI file: its continuation, variation, accompaniment.

The options and what they mean stand here; `wishes` judges them, `suggestions` helps to type them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import submission, suggestions, wishes
from bot.permissions import check_may_reply
from bot.seeds import read_seed
from jobs import contract
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
    app_commands.Choice(name="continue: goes on from its end", value=Mode.CONTINUE.value),
    app_commands.Choice(name="vary: the same rhythm, other notes", value=Mode.VARY.value),
    app_commands.Choice(name="accompany: plays around its notes", value=Mode.ACCOMPANY.value),
]
DENSITIES = [app_commands.Choice(name=word, value=level) for level, word in enumerate(contract.DENSITY_WORDS, start=1)]


@app_commands.command(name="compose", description="Compose a piece of music, or continue a MIDI file of yours.")
@app_commands.describe(
    seed="A MIDI file (.mid) to continue, vary or accompany. Without one, the piece starts from nothing.",
    mode="What to make of the seed (continue if not given).",
    length=f"Seconds of new music, {contract.MIN_LENGTH_S:.0f} to {contract.MAX_LENGTH_S:.0f} (30 if not given).",
    style="What it should sound like; the models say which styles they know.",
    key="Such as C major or F# minor.",
    tempo="Quarter notes a minute; for models that play to a beat.",
    instruments="Who plays, such as: piano, flute, strings. For models with several instruments.",
    bars="Bars of new music, in place of seconds; for models that play to a beat.",
    meter="Such as 4/4 or 3/4; for models that play to a beat.",
    density="How many notes, from sparse to dense.",
    model="Which model composes; /models tells about them. Chosen to fit if not given.",
    temperature="How adventurous: 0.1 plays safe, 1 is balanced, 2 is wild.",
    strength="How closely a variation keeps to its seed: 0 is free, 1 the same notes.",
    top_k="Draw each note from this many likeliest ones only.",
    top_p="Draw from the likeliest that make up this share, such as 0.95.",
    min_p="Draw from those at least this share as likely as the likeliest, such as 0.05.",
    random_seed="A number; the same number with the same options gives the same piece.",
    include_seed="Whether your seed is in the result (yes if not given; not in a variation).",
    private="Whether only you see the result (no if not given).",
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
    message_id = await submission.acknowledge(interaction, private)
    check_may_reply(interaction)
    board = interaction.client.board
    fields = wishes.fields_of(given, await board.models(interaction.guild_id), seed is not None)
    fields |= submission.origin(interaction) | {"seed": await _kept(interaction, seed)}
    if model is None:
        fields["preferred"] = await board.preferred(interaction.guild_id)
    await submission.submit(
        interaction, ComposeRequest.model_validate(fields | submission.left_open(fields)), message_id
    )


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

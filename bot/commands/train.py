"""`/train`: fit a model to a data set of the server, watch it, end it, go on with it, and have it done every night.

For admins. What comes of a training is a candidate: it is in use once somebody promotes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import suggestions, trainings
from bot.cards import training as cards
from bot.names import as_name
from bot.permissions import ADMINS, UNASKED, check_admin, check_held
from bot.trainings import MAX_MIX, request_of
from jobs.client import CancelOutcome
from jobs.contract import MAX_EPOCHS, MAX_MINUTES, STARRED
from jobs.schedules import NightlySchedule

if TYPE_CHECKING:
    from bot.client import Cadenza

Name = app_commands.Range[str, 1, 32]
Job = app_commands.Range[str, 1, 64]
Epochs = app_commands.Range[int, 1, MAX_EPOCHS]
Minutes = app_commands.Range[int, 1, MAX_MINUTES]
Mix = app_commands.Range[float, 0.0, MAX_MIX]

PRESETS = [
    app_commands.Choice(name="small: learns fast, for few pieces", value="small"),
    app_commands.Choice(name="cadenza: as large as the models that come with the bot", value="cadenza"),
]
RATES = [
    app_commands.Choice(name="gentle: stays close to the base", value="gentle"),
    app_commands.Choice(name="normal", value="normal"),
    app_commands.Choice(name="strong: moves far, forgets more", value="strong"),
]
STOPPING = {
    CancelOutcome.CANCELLED: "The training was waiting and is called off.",
    CancelOutcome.STOPPING: "The training ends now; what it learnt so far is judged and comes with its message.",
    CancelOutcome.TOO_LATE: "The training is over already; its verdict comes with its message.",
}

command = app_commands.Group(
    name="train",
    description="Train a model on a data set of this server.",
    guild_only=True,
    default_permissions=ADMINS,
)


@command.command(name="start", description="Train a model on a data set; nothing changes until you promote it.")
@app_commands.describe(
    data_set="What it is to learn from.",
    name="The model's name (that of the data set if not given).",
    base="The model to begin with (the one that composes here if not given).",
    preset="Begin from scratch in this size, in place of a base; wants far more music.",
    epochs="Times through the music, at most.",
    minutes="Time, at most.",
    mix="Share of the base's own music in between, so that it does not forget (0.5 if not given).",
    rate="How far each step goes (normal if not given).",
)
@app_commands.choices(preset=PRESETS, rate=RATES)
async def start(  # noqa: PLR0913 - these are the command's options
    interaction: discord.Interaction[Cadenza],
    data_set: Name,
    name: Name | None = None,
    base: str | None = None,
    preset: str | None = None,
    epochs: Epochs | None = None,
    minutes: Minutes | None = None,
    mix: Mix | None = None,
    rate: str | None = None,
) -> None:
    """Acknowledge, check, put into the queue; delivery shows how it goes."""
    given = {
        "data_set": data_set, "name": name, "base": base, "preset": preset, "epochs": epochs, "minutes": minutes,
        "mix": mix, "rate": rate,
    }  # fmt: skip
    message_id = await trainings.acknowledge(interaction)
    await trainings.start(interaction, await trainings.fields_of(interaction, given), message_id)


@command.command(name="status", description="How the trainings of this server that are not over stand.")
async def status(interaction: discord.Interaction[Cadenza]) -> None:
    """Ask where each stands at this moment."""
    guild_id = check_admin(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    board = interaction.client.board
    there = [record for record in reversed(await board.trainings(guild_id)) if not record.stage.is_final]
    states = [(record, await board.state(record.job_id)) for record in there]
    card = cards.status_card(states, await board.nightly(guild_id))
    await interaction.edit_original_response(embed=card)


@command.command(name="stop", description="End a training; what it learnt so far is kept and judged.")
@app_commands.describe(training="Which one (the one at work if not given).")
async def stop(interaction: discord.Interaction[Cadenza], training: Job | None = None) -> None:
    """Ask the worker to end; whoever follows the job shows what comes of it."""
    check_admin(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    record = await trainings.meant(interaction, training, is_open=True)
    said = STOPPING[await interaction.client.board.cancel(record.job_id)]
    await interaction.edit_original_response(content=said)


@command.command(name="resume", description="Go on with a training from where it got to.")
@app_commands.describe(
    training="Which one (the latest if not given).",
    epochs="Times through the music, at most, from here on (as before if not given).",
    minutes="Time, at most, from here on (as before if not given).",
)
async def resume(
    interaction: discord.Interaction[Cadenza],
    training: Job | None = None,
    epochs: Epochs | None = None,
    minutes: Minutes | None = None,
) -> None:
    """A new training in a message of its own, with the settings of the older one."""
    message_id = await trainings.acknowledge(interaction)
    record = await trainings.meant(interaction, training, is_open=False)
    changes: dict[str, Any] = {"epochs": epochs, "minutes": minutes}
    changes = {name: value for name, value in changes.items() if value is not None}
    trainings.check_ranges(changes)
    older = request_of(record, interaction.guild_id or 0)
    await trainings.resume(interaction, older, changes, message_id)


@command.command(name="list", description="The trainings of this server, and what came of them.")
async def list_(interaction: discord.Interaction[Cadenza]) -> None:
    """Ask the records."""
    guild_id = check_admin(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    card = cards.trainings_card(await interaction.client.board.trainings(guild_id))
    await interaction.edit_original_response(embed=card)


@command.command(name="nightly", description="Whether a model is trained every night on what was starred meanwhile.")
@app_commands.describe(
    on="Whether it is to be done.",
    channel="Where the training shows itself (as before, or here, if not given).",
    data_set=f"What it learns from (as before, or {STARRED}, if not given).",
    base="The model to begin with (as before, or the one that composes here, if not given).",
)
async def nightly(
    interaction: discord.Interaction[Cadenza],
    on: bool,
    channel: discord.TextChannel | None = None,
    data_set: Name | None = None,
    base: Name | None = None,
) -> None:
    """Note what the server wishes; the trainings begin by themselves."""
    guild_id = check_admin(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    board = interaction.client.board
    wish = await board.nightly(guild_id) or NightlySchedule(
        enabled=on, channel_id=interaction.channel_id or 0, user_id=interaction.user.id
    )
    changes: dict[str, Any] = {"enabled": on, "user_id": interaction.user.id}
    changes |= {} if channel is None else {"channel_id": channel.id}
    changes |= {} if data_set is None else {"data_set": as_name(data_set)}
    changes |= {} if base is None else {"base": as_name(base)}
    wish = NightlySchedule.model_validate(wish.model_dump() | changes)
    if on:
        _check_may_write(interaction, wish.channel_id)
        await trainings.served(interaction, wish.base)
    await board.set_nightly(guild_id, wish)
    await interaction.edit_original_response(content=cards.nightly_words(wish))


def _check_may_write(interaction: discord.Interaction[Cadenza], channel_id: int) -> None:
    """Refuse a channel that the bot may not write to; one that it does not know is hidden from it."""
    if channel_id == interaction.channel_id:
        return check_held(interaction.app_permissions, UNASKED)
    channel = interaction.guild.get_channel_or_thread(channel_id) if interaction.guild else None
    held = discord.Permissions.none() if channel is None else channel.permissions_for(channel.guild.me)
    return check_held(held, UNASKED, channel_id)


start.autocomplete("data_set")(suggestions.data_sets)
start.autocomplete("base")(suggestions.live_models)
stop.autocomplete("training")(suggestions.open_trainings)
resume.autocomplete("training")(suggestions.past_trainings)
nightly.autocomplete("data_set")(suggestions.data_sets)
nightly.autocomplete("base")(suggestions.live_models)

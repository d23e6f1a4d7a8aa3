"""`/train`: train a model on a data set of the server; watch, stop or resume it; train every night.

For admins. A training makes a new version of a model, which is used once somebody promotes it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands

from bot import limits
from bot.context import Interaction
from bot.features.autocomplete import LIMIT_S, Choices, bare, data_sets, live_models
from bot.features.names import as_name
from bot.features.training import cards, requests
from bot.features.training.cards import training_words
from bot.features.training.requests import MAX_MIX, request_of
from bot.message import MessageParts
from bot.permissions import ADMINS, UNASKED, check_admin, check_held, is_admin
from bot.replies import acknowledge, answer
from bot.wording import plain
from jobs.client import CancelOutcome
from jobs.contract import MAX_EPOCHS, MAX_MINUTES, STARRED
from jobs.errors import JobsError
from jobs.guild_state import NightlySchedule

Name = app_commands.Range[str, 1, 32]
Job = app_commands.Range[str, 1, 64]
Epochs = app_commands.Range[int, 1, MAX_EPOCHS]
Minutes = app_commands.Range[int, 1, MAX_MINUTES]
Mix = app_commands.Range[float, 0.0, MAX_MIX]

PRESETS = [
    app_commands.Choice(name="small: trains fast, for few pieces", value="small"),
    app_commands.Choice(name="cadenza: as large as the models that come with the bot", value="cadenza"),
    app_commands.Choice(name="classic: three LSTMs, as in the Keras tutorial; no rhythm", value="classic"),
    app_commands.Choice(name="gru: the same with three GRUs", value="gru"),
    app_commands.Choice(name="conv: the same with convolutions; the fastest of these four", value="conv"),
    app_commands.Choice(name="transformer: the same with a Transformer", value="transformer"),
]
RATES = [
    app_commands.Choice(name="gentle: stays close to the base model", value="gentle"),
    app_commands.Choice(name="normal", value="normal"),
    app_commands.Choice(name="strong: changes more, forgets more", value="strong"),
]
STOPPING = {
    CancelOutcome.CANCELLED: "The training was still waiting and is cancelled.",
    CancelOutcome.STOPPING: "Stopping the training. What it learned so far is kept; the result follows in its message.",
    CancelOutcome.TOO_LATE: "The training is finished already; see its message.",
}

command = app_commands.Group(
    name="train",
    description="Train a model on a data set of this server.",
    guild_only=True,
    default_permissions=ADMINS,
)


@command.command(name="start", description="Train a model on a data set. Nothing changes until you promote it.")
@app_commands.describe(
    data_set="The data set to learn from.",
    name="The model's name. Default: the data set's.",
    base="The model to start from. Default: the default model here.",
    preset="Start from scratch in this size instead of from a base; needs far more music.",
    epochs="Maximum number of passes through the music.",
    minutes="Maximum time in minutes.",
    mix="Share of the base's own music mixed in, so that it doesn't forget. Default: 0.5.",
    rate="How much each step changes. Default: normal.",
)
@app_commands.choices(preset=PRESETS, rate=RATES)
async def start(  # noqa: PLR0913 - these are the command's options
    interaction: Interaction,
    data_set: Name,
    name: Name | None = None,
    base: str | None = None,
    preset: str | None = None,
    epochs: Epochs | None = None,
    minutes: Minutes | None = None,
    mix: Mix | None = None,
    rate: str | None = None,
) -> None:
    """Acknowledge, check, queue; delivery shows the progress."""
    given = {
        "data_set": data_set, "name": name, "base": base, "preset": preset, "epochs": epochs, "minutes": minutes,
        "mix": mix, "rate": rate,
    }  # fmt: skip
    message_id = await requests.acknowledge(interaction)
    await requests.start(interaction, await requests.fields_of(interaction, given), message_id)


@command.command(name="status", description="Show the progress of this server's trainings.")
async def status(interaction: Interaction) -> None:
    """Ask for the state of each."""
    guild_id = check_admin(interaction)
    await acknowledge(interaction, private=True)
    board = interaction.client.board
    there = [record for record in reversed(await board.trainings(guild_id)) if not record.stage.is_final]
    states = [(record, await board.state(record.job_id)) for record in there]
    card = cards.status_card(states, await board.nightly(guild_id))
    await answer(interaction, MessageParts(card=card))


@command.command(name="stop", description="Stop a training. What it learned so far is kept.")
@app_commands.describe(training="The training. Default: the running one.")
async def stop(interaction: Interaction, training: Job | None = None) -> None:
    """Ask the worker to end; the training's message shows the result."""
    check_admin(interaction)
    await acknowledge(interaction, private=True)
    record = await requests.meant(interaction, training, is_open=True)
    outcome, _ = await interaction.client.tracker.stop(record)
    await answer(interaction, STOPPING[outcome])


@command.command(name="resume", description="Continue a training from where it stopped.")
@app_commands.describe(
    training="The training. Default: the latest.",
    epochs="Maximum number of further passes. Default: as before.",
    minutes="Maximum further time in minutes. Default: as before.",
)
async def resume(
    interaction: Interaction,
    training: Job | None = None,
    epochs: Epochs | None = None,
    minutes: Minutes | None = None,
) -> None:
    """A new training in a message of its own, with the settings of the older one."""
    message_id = await requests.acknowledge(interaction)
    record = await requests.meant(interaction, training, is_open=False)
    changes: dict[str, Any] = {"epochs": epochs, "minutes": minutes}
    changes = {name: value for name, value in changes.items() if value is not None}
    requests.check_ranges(changes)
    older = request_of(record, interaction.guild_id or 0)
    await requests.resume(interaction, older, changes, message_id)


@command.command(name="list", description="List this server's trainings and their results.")
@app_commands.describe(page="Page of the list. Default: 1.")
async def list_(interaction: Interaction, page: app_commands.Range[int, 1, 100] = 1) -> None:
    """List those that are still known."""
    guild_id = check_admin(interaction)
    await acknowledge(interaction, private=True)
    card = cards.trainings_card(await interaction.client.board.trainings(guild_id), page)
    await answer(interaction, MessageParts(card=card))


@command.command(name="nightly", description="Train nightly on newly starred pieces.")
@app_commands.describe(
    on="Turn it on or off.",
    channel="Where progress is shown. Default: as before, or here.",
    data_set=f"The data set to learn from. Default: as before, or {STARRED}.",
    base="The model to start from. Default: as before, or the default model here.",
)
async def nightly(
    interaction: Interaction,
    on: bool,
    channel: discord.TextChannel | None = None,
    data_set: Name | None = None,
    base: Name | None = None,
) -> None:
    """Save the settings; the trainings start by themselves."""
    guild_id = check_admin(interaction)
    await acknowledge(interaction, private=True)
    board = interaction.client.board
    schedule = await board.nightly(guild_id) or NightlySchedule(
        enabled=on, channel_id=interaction.channel_id or 0, user_id=interaction.user.id
    )
    changes: dict[str, Any] = {"enabled": on, "user_id": interaction.user.id}
    changes |= {} if channel is None else {"channel_id": channel.id}
    changes |= {} if data_set is None else {"data_set": as_name(data_set)}
    changes |= {} if base is None else {"base": as_name(base)}
    schedule = NightlySchedule.model_validate(schedule.model_dump() | changes)
    if on:
        _check_may_write(interaction, schedule.channel_id)
        await requests.served(interaction, schedule.base)
    await board.set_nightly(guild_id, schedule)
    await answer(interaction, cards.nightly_words(schedule))


def _check_may_write(interaction: Interaction, channel_id: int) -> None:
    """Refuse a channel that the bot may not write to; one that it does not know is hidden from it."""
    if channel_id == interaction.channel_id:
        return check_held(interaction.app_permissions, UNASKED)
    channel = interaction.guild.get_channel_or_thread(channel_id) if interaction.guild else None
    held = discord.Permissions.none() if channel is None else channel.permissions_for(channel.guild.me)
    return check_held(held, UNASKED, channel_id)


async def open_trainings(interaction: Interaction, typed: str) -> Choices:
    """The server's trainings that are waiting or running."""
    return await _trainings(interaction, typed, is_open=True)


async def past_trainings(interaction: Interaction, typed: str) -> Choices:
    """The server's trainings that are over."""
    return await _trainings(interaction, typed, is_open=False)


async def _trainings(interaction: Interaction, typed: str, is_open: bool) -> Choices:
    if not is_admin(interaction):
        return []
    try:
        async with asyncio.timeout(LIMIT_S):
            there = await interaction.client.board.trainings(interaction.guild_id or 0)
    except (JobsError, TimeoutError):
        return []
    chosen = [record for record in there if record.stage.is_final is not is_open]
    named = [(plain(training_words(record)), record.job_id) for record in chosen]
    return limits.choices(pair for pair in named if bare(typed) in bare(pair[0]))


start.autocomplete("data_set")(data_sets)
start.autocomplete("base")(live_models)
stop.autocomplete("training")(open_trainings)
resume.autocomplete("training")(past_trainings)
nightly.autocomplete("data_set")(data_sets)
nightly.autocomplete("base")(live_models)

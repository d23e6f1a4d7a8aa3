"""Requests for trainings, from a command or a button, and what the buttons under a training do."""

from __future__ import annotations

from typing import Any

import discord

from bot import submission
from bot.buttons import ADMIN_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.errors import AdminsOnly, Contradiction, OutOfRange, TrainingGone
from bot.features.embeds import stop
from bot.features.names import as_name
from bot.permissions import LASTING, check_admin, check_held, check_in_server, is_admin
from bot.replies import acknowledge as acknowledge_reply
from bot.wording import safe
from jobs.admission import validated
from jobs.contract import MAX_EPOCHS, MAX_MINUTES, JobId, Record, TrainRequest
from jobs.errors import UnknownModel

MAX_MIX = 0.95
RANGES = {"epochs": (1, MAX_EPOCHS), "minutes": (1, MAX_MINUTES), "mix": (0, MAX_MIX)}


async def acknowledge(interaction: Interaction) -> int:
    """Tell an admin that a training's message follows, which all see; its id.

    Raises:
        ServersOnly, AdminsOnly: it is not for whoever asks, or not here.
        NotAllowedHere: the bot may not show it here.
    """
    check_admin(interaction)
    check_held(interaction.app_permissions, LASTING)
    return await acknowledge_reply(interaction, private=False)


async def fields_of(interaction: Interaction, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request for the options that are `given`; those that are None stay out of it.

    Raises:
        OutOfRange: what Discord's client should have checked already; not every client does.
        BadName: the data set's or the model's name cannot be one.
        Contradiction: options that do not go together.
        UnknownModel, NoWorker: the model to begin with is not served here, or none is.
    """
    given = {name: value for name, value in given.items() if value is not None}
    check_ranges(given)
    given["data_set"] = as_name(given["data_set"])
    given["name"] = as_name(given.get("name", given["data_set"]))
    if "preset" in given:
        if "base" in given:
            raise Contradiction("Give either a `base` to start from or a `preset` to start from scratch, not both.")
        if given.get("mix"):
            raise Contradiction("`mix` is the share of the base's own music. From scratch there is none: leave it out.")
        given |= {"mix": 0.0}
    else:
        given |= {"base": await _base(interaction, given.get("base"))}
    return given


def check_ranges(given: dict[str, Any]) -> None:
    """Check the numbers among the options.

    Raises:
        OutOfRange: one lies outside.
    """
    for name, (low, high) in RANGES.items():
        if name in given and not low <= given[name] <= high:
            raise OutOfRange(name, low, high)


async def _base(interaction: Interaction, named: str | None) -> str:
    """The model to begin with: the one that is named, else the one that composes here by default."""
    names = await served(interaction, named)
    preferred = await interaction.client.board.preferred(interaction.guild_id)
    return named or (preferred if preferred in names else names[0])


async def served(interaction: Interaction, named: str | None) -> list[str]:
    """The names of the models that compose in this server, the default first, `named` among them if it is given.

    Raises:
        NoWorker: there is none.
        UnknownModel: there is none of that name.
    """
    names = [model.name for model in await submission.available_models(interaction)]
    if named is not None and named not in names:
        raise UnknownModel(safe(named[:50]), names)
    return names


async def start(interaction: Interaction, fields: dict[str, Any], message_id: int) -> None:
    """Put a training into the queue and let its message be followed.

    Raises:
        JobsError: nobody is there to train, too many are waiting, …; its sentence says what to do.
    """
    request = validated(TrainRequest, fields | submission.origin(interaction))
    await submission.submit(interaction, request, message_id)


async def resume(interaction: Interaction, older: TrainRequest, changes: dict[str, Any], message_id: int) -> None:
    """Continue from where the training `older` got to, with its settings but for `changes`."""
    same = older.model_dump() | {"resumes": older.folder, "nightly": False, "private": False}
    await start(interaction, same | changes, message_id)


async def meant(interaction: Interaction, job_id: JobId | None, is_open: bool) -> Record:
    """The training of this server that is named, or the newest; of those that are open, or of those that are over.

    Raises:
        TrainingGone: there is no such training (any more).
    """
    there = await interaction.client.board.trainings(interaction.guild_id or 0)
    fitting = [record for record in there if record.stage.is_final is not is_open]
    found = [record for record in fitting if job_id in (None, record.job_id)]
    if not found:
        raise TrainingGone(is_open if job_id is None else None)
    if job_id is None and is_open:
        return found[-1]  # the running one; the others wait for it
    return found[0]


def request_of(record: Record | None, guild_id: int) -> TrainRequest:
    """What was asked of the training of `record`, in the server `guild_id`.

    Raises:
        TrainingGone: it is not known (any more), or no training of that server.
    """
    if record is None or not isinstance(record.request, TrainRequest) or record.request.guild_id != guild_id:
        raise TrainingGone
    return record.request


OVER = "This training is finished already."


async def _stop(interaction: Interaction, subject: str) -> None:
    """End the training `subject`, for an admin or whoever started it; what it learned so far is kept and evaluated.

    Raises:
        AdminsOnly: somebody else presses it.
        TrainingGone: it is no longer known.
    """
    guild_id = check_in_server(interaction)
    record = await interaction.client.board.record(subject)
    request = request_of(record, guild_id)
    if record is None or (interaction.user.id != request.requester_id and not is_admin(interaction)):
        raise AdminsOnly
    await stop(interaction, record, OVER)


async def _resume(interaction: Interaction, subject: str) -> None:
    """Continue from where the training `subject` got to, for as long again, in a message of its own. For admins."""
    message_id = await acknowledge(interaction)
    older = request_of(await interaction.client.board.record(subject), interaction.guild_id or 0)
    await resume(interaction, older, {}, message_id)


ADMIN_ACTIONS.update(
    {
        "stop": ButtonAction("Stop", discord.ButtonStyle.secondary, "⏹️", _stop),
        "resume": ButtonAction("Train on", discord.ButtonStyle.primary, "⏩", _resume, "The training"),
    }
)

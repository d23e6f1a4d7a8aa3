"""From an interaction to a job in the queue: what commands and buttons have in common.

Knows nothing of how the reply gets back; that is `delivery`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import discord

from bot.errors import PieceGone
from bot.limits import file_name
from bot.permissions import check_may_reply
from bot.replies import acknowledge
from jobs.admission import validated
from jobs.contract import (
    MAX_RANDOM_SEED,
    AnyRequest,
    BlobRef,
    ComposeRequest,
    ComposeResult,
    Delivery,
    JobId,
    Mode,
    ModelInfo,
    Record,
)
from jobs.errors import NoWorker

if TYPE_CHECKING:
    from bot.client import Cadenza

MIDI_TYPE = "audio/midi"

Change: TypeAlias = "Callable[[discord.Interaction[Cadenza], Composition], Awaitable[dict[str, Any]]]"


@dataclass(frozen=True)
class Composition:
    """What was asked of a piece and, where it is finished, what came of it."""

    request: ComposeRequest
    result: ComposeResult | None

    @classmethod
    def of(cls, record: Record | None) -> Composition:
        """That of `record`.

        Raises:
            PieceGone: there is no record, or it is not that of a piece.
        """
        if record is None or not isinstance(record.request, ComposeRequest):
            raise PieceGone
        return cls(record.request, record.result if isinstance(record.result, ComposeResult) else None)


def new_random_seed(interaction: discord.Interaction[Cadenza]) -> int:
    """A random seed of the bot's choice; the same interaction gets the same one, so its repeat is the same request."""
    return random.Random(interaction.id).randint(0, MAX_RANDOM_SEED)


def defaults(interaction: discord.Interaction[Cadenza], fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the bot decides where the member's `fields` do not: a random seed, and whether the seed is in the result."""
    chosen = {"random_seed": new_random_seed(interaction), "include_seed": fields.get("mode") != Mode.VARY}
    return {name: value for name, value in chosen.items() if name not in fields}


async def keep_seed(interaction: discord.Interaction[Cadenza], data: bytes, name: str) -> BlobRef:
    """Keep a seed's bytes where the workers find them."""
    return await interaction.client.board.put_blob(data, file_name(name), MIDI_TYPE)


async def available_models(interaction: discord.Interaction[Cadenza]) -> list[ModelInfo]:
    """The models that can compose here, the default first.

    Raises:
        NoWorker: there is none.
    """
    models = await interaction.client.board.models(interaction.guild_id)
    if not models:
        raise NoWorker
    return models


async def rerun(interaction: discord.Interaction[Cadenza], job_id: JobId, change: Change | None = None) -> None:
    """Ask for another piece like that of `job_id`, with its own random seed, for whoever pressed the button.

    It is as visible as the message that holds the button. `change` gives the fields that are to be others.

    Raises:
        PieceGone: the parameters are no longer kept.
        NotAllowedHere: the bot may not reply here.
    """
    private = interaction.message is not None and interaction.message.flags.ephemeral
    check_may_reply(interaction)
    message_id = await acknowledge(interaction, private)
    piece = await piece_of(interaction, job_id)
    changed = {"random_seed": new_random_seed(interaction), "private": private, "parent_id": job_id}
    if change is not None:
        changed |= await change(interaction, piece)
    fields = piece.request.model_dump() | origin(interaction) | changed
    await submit(interaction, validated(ComposeRequest, fields), message_id)


async def piece_of(interaction: discord.Interaction[Cadenza], job_id: JobId) -> Composition:
    """The piece under a button, for a member who may use it: the id that a button carries proves nothing.

    Raises:
        PieceGone: it is not kept, belongs to another server or to a channel that the member cannot see, or is another
            member's private piece.
    """
    record = await interaction.client.board.record(job_id)
    piece = Composition.of(record)
    if record is None or not may_see(interaction, record):
        raise PieceGone
    return piece


def may_see(interaction: discord.Interaction[Cadenza], record: Record) -> bool:
    """Whether whoever presses a button may know of the job of `record`."""
    request = record.request
    if interaction.user.id == request.requester_id:
        return True
    if request.private or interaction.guild_id is None or request.guild_id != interaction.guild_id:
        return False
    if interaction.channel_id in (request.channel_id, record.delivery.channel_id, record.delivery.parent_channel_id):
        return True
    channel = interaction.guild.get_channel_or_thread(request.channel_id) if interaction.guild else None
    if channel is None or not isinstance(interaction.user, discord.Member):
        return False
    return channel.permissions_for(interaction.user).view_channel


async def submit(interaction: discord.Interaction[Cadenza], request: AnyRequest, message_id: int) -> None:
    """Put `request` into the queue and let its reply be followed; a repeat of the same interaction is the same job.

    Raises:
        JobsError: queue full, no worker, unknown model, …; its sentence says what to do.
    """
    delivery = Delivery(
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        channel_id=request.channel_id,
        parent_channel_id=getattr(interaction.channel, "parent_id", None),  # only threads have one
        user_id=request.requester_id,
        message_id=message_id,
        private=request.private,
        upload_limit_bytes=interaction.filesize_limit,
    )
    record = await interaction.client.board.submit(request, delivery)
    interaction.client.tracker.follow(record)


def origin(interaction: discord.Interaction[Cadenza]) -> dict[str, str | int | None]:
    """The fields of a request that say who asked, where, and under which id."""
    return {
        "job_id": str(interaction.id),
        "requester_id": interaction.user.id,
        "guild_id": interaction.guild_id,
        "channel_id": interaction.channel_id,
    }

"""From an interaction to a job in the queue: what `/compose`, Again and Continue have in common.

Knows nothing of how the reply gets back; that is `delivery`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import discord

from bot.errors import OutOfRange, PieceGone
from bot.permissions import check_may_reply
from jobs.contract import (
    MAX_LENGTH_S,
    MAX_RANDOM_SEED,
    MAX_TEMPERATURE,
    MIN_LENGTH_S,
    MIN_TEMPERATURE,
    BlobRef,
    ComposeRequest,
    Delivery,
    JobId,
    Record,
)

if TYPE_CHECKING:
    from bot.client import Cadenza

MIDI_TYPE = "audio/midi"

FindSeed: TypeAlias = "Callable[[discord.Interaction[Cadenza], Record], Awaitable[BlobRef]]"


async def acknowledge(interaction: discord.Interaction[Cadenza], private: bool) -> int:
    """Tell Discord within its 3 seconds that a reply will come, seen by all or `private`; the reply's message id.

    Who sees the reply is fixed by this and cannot be changed later.
    """
    callback = await interaction.response.defer(ephemeral=private, thinking=True)
    if callback is not None and callback.message_id is not None:
        return callback.message_id
    return (await interaction.original_response()).id


def new_random_seed() -> int:
    """A random seed of the bot's choice."""
    return random.randint(0, MAX_RANDOM_SEED)


def check_ranges(length_s: float, temperature: float, random_seed: int) -> None:
    """Check what Discord's client should have checked already; not every client does.

    Raises:
        OutOfRange: for the first option outside its range.
    """
    if not MIN_LENGTH_S <= length_s <= MAX_LENGTH_S:
        raise OutOfRange("length", MIN_LENGTH_S, MAX_LENGTH_S, "seconds")
    if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        raise OutOfRange("temperature", MIN_TEMPERATURE, MAX_TEMPERATURE)
    if not 0 <= random_seed <= MAX_RANDOM_SEED:
        raise OutOfRange("random_seed", 0, MAX_RANDOM_SEED)


async def keep_seed(interaction: discord.Interaction[Cadenza], data: bytes, name: str) -> BlobRef:
    """Keep a seed's bytes where the workers find them."""
    return await interaction.client.board.put_blob(data, name, MIDI_TYPE)


async def once_more(
    interaction: discord.Interaction[Cadenza], job_id: JobId, find_seed: FindSeed | None = None
) -> None:
    """Ask for another piece like that of `job_id`, with a random seed of its own, for whoever pressed the button.

    It is as visible as the message that holds the button. `find_seed` gives it another seed than `job_id` had.

    Raises:
        PieceGone: the parameters are no longer kept.
        NotAllowedHere: the bot may not reply here.
    """
    private = interaction.message is not None and interaction.message.flags.ephemeral
    message_id = await acknowledge(interaction, private)
    check_may_reply(interaction)
    record = await interaction.client.board.record(job_id)
    if record is None:
        raise PieceGone
    changed = {"random_seed": new_random_seed(), "private": private, "parent_id": job_id}
    if find_seed is not None:
        changed["seed"] = await find_seed(interaction, record)
    fields = record.request.model_dump() | origin(interaction) | changed
    await submit(interaction, ComposeRequest.model_validate(fields), message_id)


async def submit(interaction: discord.Interaction[Cadenza], request: ComposeRequest, message_id: int) -> None:
    """Put `request` into the queue and let its reply be followed; a repeat of the same interaction is the same job.

    Raises:
        JobsError: queue full, no worker, unknown model, …; its sentence says what to do.
    """
    delivery = Delivery(
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        channel_id=request.channel_id,
        user_id=request.requester_id,
        message_id=message_id,
        private=request.private,
        upload_limit_bytes=interaction.filesize_limit,
    )
    record = await interaction.client.board.submit(request, delivery)
    interaction.client.courier.follow(record)


def origin(interaction: discord.Interaction[Cadenza]) -> dict[str, str | int | None]:
    """The fields of a request that say who asked, where, and under which id."""
    return {
        "job_id": str(interaction.id),
        "requester_id": interaction.user.id,
        "guild_id": interaction.guild_id,
        "channel_id": interaction.channel_id,
    }

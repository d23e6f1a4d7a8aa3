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
from bot.permissions import check_may_reply
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
    Record,
)

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


def left_open(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the bot decides where the member's `fields` do not: a random seed, and whether the seed is in the result."""
    chosen = {"random_seed": new_random_seed(), "include_seed": fields.get("mode") != Mode.VARY}
    return {name: value for name, value in chosen.items() if name not in fields}


async def keep_seed(interaction: discord.Interaction[Cadenza], data: bytes, name: str) -> BlobRef:
    """Keep a seed's bytes where the workers find them."""
    return await interaction.client.board.put_blob(data, name, MIDI_TYPE)


async def once_more(interaction: discord.Interaction[Cadenza], job_id: JobId, change: Change | None = None) -> None:
    """Ask for another piece like that of `job_id`, with a random seed of its own, for whoever pressed the button.

    It is as visible as the message that holds the button. `change` gives the fields that are to be others.

    Raises:
        PieceGone: the parameters are no longer kept.
        NotAllowedHere: the bot may not reply here.
    """
    private = interaction.message is not None and interaction.message.flags.ephemeral
    message_id = await acknowledge(interaction, private)
    check_may_reply(interaction)
    piece = Composition.of(await interaction.client.board.record(job_id))
    changed = {"random_seed": new_random_seed(), "private": private, "parent_id": job_id}
    if change is not None:
        changed |= await change(interaction, piece)
    fields = piece.request.model_dump() | origin(interaction) | changed
    await submit(interaction, validated(ComposeRequest, fields), message_id)


async def submit(interaction: discord.Interaction[Cadenza], request: AnyRequest, message_id: int) -> None:
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

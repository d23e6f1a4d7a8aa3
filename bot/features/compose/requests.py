"""From a command, form or button to a request for a piece, and to the piece under a button.

What the bot decides is here: a random seed, whether the seed is included, who may use which piece.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord

from bot import submission
from bot.context import Interaction
from bot.errors import PieceGone
from bot.features.compose.options import check_alone, fields_of
from bot.limits import file_name
from bot.permissions import check_may_reply
from bot.replies import acknowledge
from bot.submission import read_seed
from jobs.admission import validated
from jobs.contract import (
    MAX_RANDOM_SEED,
    BlobRef,
    ComposeRequest,
    ComposeResult,
    JobId,
    Mode,
    Recast,
    Record,
)

Given: TypeAlias = "Mapping[str, Any]"
Change: TypeAlias = "Callable[[Interaction, Composition], Awaitable[dict[str, Any]]]"


NEXT: dict[str, Any] = {
    "mode": Mode.CONTINUE,
    "strength": None,
    "recast": None,
    "count": 1,
}  # of a piece that goes on from another


@dataclass(frozen=True)
class Composition:
    """What was asked of a piece and, where it is finished, what came of it."""

    request: ComposeRequest
    result: ComposeResult | None

    @property
    def finished(self) -> ComposeResult:
        """What came of it.

        Raises:
            PieceGone: it is not finished.
        """
        if self.result is None:
            raise PieceGone
        return self.result

    @classmethod
    def of(cls, record: Record | None) -> Composition:
        """That of `record`.

        Raises:
            PieceGone: there is no record, or it is not that of a piece.
        """
        if record is None or not isinstance(record.request, ComposeRequest):
            raise PieceGone
        return cls(record.request, record.result if isinstance(record.result, ComposeResult) else None)


async def compose(interaction: Interaction, values: Given, parent_id: JobId | None = None) -> None:
    """Acknowledge, check and queue what a command gives; delivery shows the rest. None stands for what is left out.

    `parent_id`: the piece that the seed is.

    Raises:
        UserFacing, JobsError: it can't be done; the sentence says what to do.
    """
    given = {name: value for name, value in values.items() if value is not None}
    attachment: discord.Attachment | None = given.get("seed")
    check_may_reply(interaction)
    check_alone(given, attachment is not None)
    message_id = await acknowledge(interaction, given.get("private", False))
    fields = await checked(interaction, given, attachment is not None)
    seed = None
    if attachment is not None:
        data = await read_seed(attachment, interaction.client.max_seed_bytes)
        seed = await keep_seed(interaction, data, attachment.filename)
    await submission.submit(
        interaction, validated(ComposeRequest, fields | {"seed": seed, "parent_id": parent_id}), message_id
    )


async def checked(interaction: Interaction, given: Given, has_seed: bool) -> dict[str, Any]:
    """The fields of a request, without the seed, for the options that are `given` by name.

    Raises:
        UserFacing, JobsError: they don't go together, or no model here can follow them.
    """
    fields = fields_of(given, await submission.available_models(interaction), has_seed)
    fields |= submission.origin(interaction)
    if "model" not in given:
        fields["preferred"] = await interaction.client.board.preferred(interaction.guild_id)
    return fields | defaults(interaction, fields)


def new_random_seed(interaction: Interaction) -> int:
    """A random seed of the bot's choice; the same interaction gets the same one, so its repeat is the same request."""
    return random.Random(interaction.id).randint(0, MAX_RANDOM_SEED)


def defaults(interaction: Interaction, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the bot decides where the member's `fields` do not: a random seed, and whether the seed is in the result."""
    chosen = {"random_seed": new_random_seed(interaction), "include_seed": fields.get("mode") != Mode.VARY}
    return {name: value for name, value in chosen.items() if name not in fields}


async def keep_seed(interaction: Interaction, data: bytes, name: str) -> BlobRef:
    """Keep a seed's bytes where the workers find them."""
    return await interaction.client.board.put_blob(data, file_name(name), submission.MIDI_TYPE)


async def rerun(interaction: Interaction, job_id: JobId, pressed: str, change: Change | None = None) -> None:
    """Ask for another piece like that of `job_id`, with its own random seed, for whoever `pressed` the button.

    It is as visible as the message that holds the button. `change` gives the fields that are to be others.

    Raises:
        PieceGone: the parameters are no longer kept.
        NotAllowedHere: the bot may not reply here.
    """
    private = _is_private(interaction)
    check_may_reply(interaction)
    message_id = await acknowledge(interaction, private)
    piece = await piece_of(interaction, job_id)
    changed = {"random_seed": new_random_seed(interaction), "private": private, "parent_id": job_id}
    changed |= {"pressed": pressed}
    if change is not None:
        changed |= await change(interaction, piece)
    fields = piece.request.model_dump() | submission.origin(interaction) | changed
    await submission.submit(interaction, validated(ComposeRequest, fields), message_id)


def _is_private(interaction: Interaction) -> bool:
    return interaction.message is not None and interaction.message.flags.ephemeral


async def edit(interaction: Interaction, job_id: JobId, given: Given) -> None:
    """Ask for the piece of `job_id` with the options that are `given`, for whoever sent the form; its seed stays.

    Raises:
        UserFacing, JobsError: it can't be done; the sentence says what to do.
    """
    private = _is_private(interaction)
    check_may_reply(interaction)
    message_id = await acknowledge(interaction, private)
    seed = (await piece_of(interaction, job_id)).request.seed
    fields = await checked(interaction, given, seed is not None)
    fields |= {"seed": seed, "private": private, "parent_id": job_id, "pressed": "Edit"}
    await submission.submit(interaction, validated(ComposeRequest, fields), message_id)


async def recast(interaction: Interaction, job_id: JobId, semitones: int, tempo_percent: float) -> None:
    """Ask for the piece of `job_id` in another key or tempo, without new notes.

    Raises:
        PieceGone: it is no longer kept.
        JobsError: it can't be queued; the sentence says what to do.
    """
    private = _is_private(interaction)
    check_may_reply(interaction)
    message_id = await acknowledge(interaction, private)
    piece = await piece_of(interaction, job_id)
    result = piece.finished
    change = Recast(
        semitones=semitones,
        tempo_percent=tempo_percent,
        model=result.model,
        model_version=result.model_version,
        seed_s=result.seed_s,
        facts=result.facts,
    )
    fields = piece.request.model_dump() | submission.origin(interaction) | await made_piece(interaction, piece)
    fields |= NEXT | {"key": None, "tempo_bpm": None, "length_s": None, "bars": None, "include_seed": True}
    fields |= {"recast": change, "private": private, "parent_id": job_id, "pressed": "Key and tempo"}
    await submission.submit(interaction, validated(ComposeRequest, fields), message_id)


async def piece_of(interaction: Interaction, job_id: JobId) -> Composition:
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


def may_see(interaction: Interaction, record: Record) -> bool:
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


async def made_piece(interaction: Interaction, piece: Composition) -> dict[str, Any]:
    """The fields of a request that make `piece` the seed, for the model that composed it.

    Raises:
        PieceGone: its MIDI file is no longer to be had.
    """
    composed_by = piece.result.model if piece.result else None
    return {"seed": await midi_of(interaction, piece), "model": piece.request.model or composed_by}


async def midi_of(interaction: Interaction, piece: Composition) -> BlobRef:
    """The piece's MIDI, from the message itself, which outlives every time to live; else from what is kept.

    Raises:
        PieceGone: it is no longer to be had.
    """
    attachments = interaction.message.attachments if interaction.message else []
    attached = next((file for file in attachments if file.filename.endswith(".mid")), None)
    if attached is not None:
        data = await read_seed(attached, interaction.client.max_seed_bytes)
        return await keep_seed(interaction, data, attached.filename)
    if piece.result is None:
        raise PieceGone
    return piece.result.midi

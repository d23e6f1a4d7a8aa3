"""From an interaction to a job in the queue: the cheap checks of an attached MIDI file, and the submission.

A file is judged by its bytes, never by its name: programs save MIDI as `.rmi` or without an extension, too. The address
of a file expires, so its bytes are read at once. Workers check the rest; `bot.delivery` brings the reply back.
"""

from __future__ import annotations

from pathlib import PurePath

import discord

from bot.context import Interaction
from bot.errors import BadSeed
from bot.wording import file_words, size_words
from jobs.contract import AnyRequest, Delivery, ModelInfo
from jobs.errors import NoWorker
from jobs.logs import set_job

MIDI_TYPE = "audio/midi"


async def available_models(interaction: Interaction) -> list[ModelInfo]:
    """The models that can compose here, the default first.

    Raises:
        NoWorker: there is none.
    """
    models = await interaction.client.board.models(interaction.guild_id)
    if not models:
        raise NoWorker
    return models


async def submit(interaction: Interaction, request: AnyRequest, message_id: int) -> None:
    """Put `request` into the queue and let its reply be followed; a repeat of the same interaction is the same job.

    Raises:
        JobsError: queue full, no worker, unknown model, …; its sentence says what to do.
    """
    set_job(request.job_id)
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


def origin(interaction: Interaction) -> dict[str, str | int | None]:
    """The fields of a request that say who asked, where, and under which id."""
    return {
        "job_id": str(interaction.id),
        "requester_id": interaction.user.id,
        "guild_id": interaction.guild_id,
        "channel_id": interaction.channel_id,
    }


EXTENSIONS = {".mid", ".midi", ".smf", ".kar", ".rmi", ".rmid", ""}
TYPES = ("midi", "audio/mid", "rmi")  # parts of the media types that programs give MIDI files
MAGIC = b"MThd"  # begins every Standard MIDI File; wrappers put any number of bytes before it
# What begins files that may hold a MIDI file but are none: archives, recordings, pictures, documents.
OTHER_KINDS = (b"PK\x03\x04", b"ID3", b"\xff\xfb", b"OggS", b"fLaC", b"\x89PNG", b"%PDF", b"<?xml")


async def read_seed(attachment: discord.Attachment, limit_bytes: int) -> bytes:
    """The bytes of an attached MIDI file.

    Raises:
        BadSeed: not a MIDI file inside, empty, over `limit_bytes`, or not to be had.
    """
    _check_outside(attachment, limit_bytes)
    try:
        data = await attachment.read()
    except discord.HTTPException as error:
        raise BadSeed("Discord didn't hand over your file. Attach it again with a new `/compose`.") from error
    if not is_midi_inside(data):
        if is_called_midi(attachment):
            raise BadSeed(
                f"{file_words(attachment.filename)} isn't a real MIDI file. "
                "Export it again from your music program as `.mid`."
            )
        raise BadSeed(
            f"{file_words(attachment.filename)} isn't a MIDI file. Attach a `.mid` file; recordings don't work."
        )
    return data


def midi_in(message: discord.Message) -> discord.Attachment:
    """The MIDI file of a message; the first where it has several.

    Raises:
        BadSeed: none of its files is called one.
    """
    named = [file for file in message.attachments if PurePath(file.filename).suffix and is_called_midi(file)]
    if not named:
        raise BadSeed("This message has no MIDI file attached. Choose one that has.")
    return named[0]


def is_midi_inside(data: bytes) -> bool:
    """Whether there is a MIDI file in `data`, which is no other kind of file."""
    return MAGIC in data and not data.startswith(OTHER_KINDS) and (data[:4] != b"RIFF" or data[8:12] == b"RMID")


def _check_outside(attachment: discord.Attachment, limit_bytes: int) -> None:
    if attachment.size == 0:
        raise BadSeed(f"{file_words(attachment.filename)} is empty. Attach a `.mid` file with some notes in it.")
    if attachment.size > limit_bytes:
        raise BadSeed(
            f"{file_words(attachment.filename)} is too big: {size_words(attachment.size)}, and the limit is "
            f"{size_words(limit_bytes)}. Attach a shorter piece."
        )


def is_called_midi(attachment: discord.Attachment) -> bool:
    """Whether its name or its type says that it may be a MIDI file."""
    by_name = PurePath(attachment.filename).suffix.lower() in EXTENSIONS
    return by_name or any(kind in (attachment.content_type or "") for kind in TYPES)

"""The cheap checks of files for data sets and models, before anything is queued; the worker looks deeper.

A file's address expires, so its bytes are read at once and kept where the workers find them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import discord

from bot.errors import BadUpload
from bot.seeds import is_called_midi, is_midi_inside, shown, size_words
from bot.submission import MIDI_TYPE
from jobs.contract import BlobRef

if TYPE_CHECKING:
    from bot.client import Cadenza

ZIP_TYPE = "application/zip"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # an archive, an empty one


def is_called_zip(attachment: discord.Attachment) -> bool:
    """Whether its name says that it is an archive."""
    return PurePath(attachment.filename).suffix.lower() == ".zip"


def musical(attachments: Iterable[discord.Attachment]) -> list[discord.Attachment]:
    """Those that may go into a data set, by their names."""
    return [file for file in attachments if is_called_midi(file) or is_called_zip(file)]


async def keep_music(
    interaction: discord.Interaction[Cadenza], attachments: Sequence[discord.Attachment]
) -> tuple[BlobRef, ...]:
    """Keep MIDI files and archives of them for a data set.

    Raises:
        BadUpload: one is neither by name or first bytes, is empty or too big, or cannot be had.
    """
    for file in attachments:
        _check_outside(interaction, file)
        if not musical([file]):
            raise BadUpload(
                f"{shown(file)} is neither a MIDI file nor a `.zip` of them. Attach `.mid` or `.zip` files."
            )
    return tuple([await _keep_piece(interaction, file) for file in attachments])


async def _keep_piece(interaction: discord.Interaction[Cadenza], file: discord.Attachment) -> BlobRef:
    data = await _read(file)
    if is_called_zip(file):
        if not data.startswith(_ZIP_MAGIC):
            raise BadUpload(f"{shown(file)} is called an archive but is not one inside. Pack it again as a `.zip`.")
        return await interaction.client.board.put_blob(data, file.filename, ZIP_TYPE)
    if not is_midi_inside(data):
        raise BadUpload(
            f"{shown(file)} is called a MIDI file but is not one inside. "
            "Export it again from your music program as a Standard MIDI File (`.mid`)."
        )
    return await interaction.client.board.put_blob(data, file.filename, MIDI_TYPE)


async def keep_archive(
    interaction: discord.Interaction[Cadenza], attachments: Sequence[discord.Attachment]
) -> tuple[BlobRef, ...]:
    """Keep the one archive, or the parts of one, that an export gave.

    Raises:
        BadUpload: none of them begins an archive, one is empty or too big, or cannot be had.
    """
    for file in attachments:
        _check_outside(interaction, file)
    read = await asyncio.gather(*(_read(file) for file in attachments))
    if not any(data.startswith(_ZIP_MAGIC[0]) for data in read):
        names = ", ".join(shown(file) for file in attachments)
        raise BadUpload(
            f"No archive begins in {names}. Attach what `/model export` gave: the `.zip`, or all its parts."
        )
    board = interaction.client.board
    kept = zip(read, attachments, strict=True)
    return tuple([await board.put_blob(data, file.filename, ZIP_TYPE) for data, file in kept])


def _check_outside(interaction: discord.Interaction[Cadenza], file: discord.Attachment) -> None:
    limit_bytes = interaction.client.board.settings.blob_limit_bytes
    if file.size == 0:
        raise BadUpload(f"{shown(file)} is empty. Attach one with something in it.")
    if file.size > limit_bytes:
        raise BadUpload(
            f"{shown(file)} is too big: {size_words(file.size)}, and a file may have {size_words(limit_bytes)}. "
            "Split it into several."
        )


async def _read(file: discord.Attachment) -> bytes:
    try:
        return await file.read()
    except discord.HTTPException as error:
        raise BadUpload(f"Discord did not hand over {shown(file)}. Attach it again with a new command.") from error

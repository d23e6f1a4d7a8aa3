"""The cheap checks of files for data sets and models, before anything is queued; the worker looks deeper.

A file's address expires, so its bytes are read at once and kept where the workers find them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import discord

from bot.context import Interaction
from bot.errors import BadUpload
from bot.limits import file_name
from bot.submission import MIDI_TYPE, is_called_midi, is_midi_inside
from bot.wording import file_words, size_words
from jobs.contract import BlobRef
from jobs.errors import BlobTooBig

ZIP_TYPE = "application/zip"
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # an archive, an empty one
_PART = re.compile(r"(?P<whole>.+\.zip)\.(?P<number>\d{3})", re.IGNORECASE)  # as an export names its parts


@dataclass(frozen=True)
class Kept:
    """The files that were kept for the workers, and for each other file its name and why it was not."""

    files: tuple[BlobRef, ...]
    left_out: tuple[tuple[str, str], ...]

    def checked(self) -> Kept:
        """This, if there is anything to pass on.

        Raises:
            BadUpload: every file was left out.
        """
        if self.left_out and not self.files:
            raise BadUpload("\n".join(f"{file_words(name)}: {why}" for name, why in self.left_out))
        return self


def is_archive_name(name: str) -> bool:
    """Whether a file is called an archive, or a part of one that was exported in parts."""
    return PurePath(name).suffix.lower() == ".zip" or _PART.fullmatch(name) is not None


def musical(attachments: Iterable[discord.Attachment]) -> list[discord.Attachment]:
    """Those that may go into a data set, by their names."""
    return [file for file in attachments if is_called_midi(file) or is_archive_name(file.filename)]


async def keep_music(interaction: Interaction, attachments: Sequence[discord.Attachment]) -> Kept:
    """Keep MIDI files, archives of them, and the parts of an exported data set; what is wrong with one costs only it.

    Raises:
        BadUpload: none of them can be used, or a part of an archive is missing.
    """
    _check_parts([file.filename for file in attachments])
    files: list[BlobRef] = []
    left_out: list[tuple[str, str]] = []
    for file in attachments:
        try:
            files.append(await _keep_piece(interaction, file))
        except (BadUpload, BlobTooBig) as error:
            left_out.append((file_name(file.filename), error.sentence))
    return Kept(tuple(files), tuple(left_out)).checked()


async def _keep_piece(interaction: Interaction, file: discord.Attachment) -> BlobRef:
    _check_size(interaction, file)
    is_part = _PART.fullmatch(file.filename)
    if not musical([file]):
        raise BadUpload("It is neither a MIDI file nor a `.zip` of MIDI files.")
    data = await _read(file)
    if is_archive_name(file.filename):
        is_first = is_part is None or int(is_part["number"]) == 1
        if is_first and not data.startswith(_ZIP_MAGIC):
            raise BadUpload("It isn't a real `.zip` archive. Pack it again.")
        if data.startswith(_ZIP_MAGIC[1]) and is_first:
            raise BadUpload("The archive is empty.")
        return await interaction.client.board.put_blob(data, file_name(file.filename), ZIP_TYPE)
    if not is_midi_inside(data):
        raise BadUpload("It isn't a real MIDI file. Export it again from your music program as `.mid`.")
    return await interaction.client.board.put_blob(data, file_name(file.filename), MIDI_TYPE)


async def keep_archive(interaction: Interaction, attachments: Sequence[discord.Attachment]) -> tuple[BlobRef, ...]:
    """Keep the one archive, or the parts of one, that an export gave.

    Raises:
        BadUpload: none of them begins an archive, one is empty, too big or missing.
    """
    for file in attachments:
        try:
            _check_size(interaction, file)
        except BadUpload as error:
            raise BadUpload(f"{file_words(file.filename)}: {error.sentence}") from error
    _check_parts([file.filename for file in attachments])
    read = await asyncio.gather(*(_read(file) for file in attachments))
    if not any(data.startswith(_ZIP_MAGIC[0]) for data in read):
        names = ", ".join(file_words(file.filename) for file in attachments)
        raise BadUpload(
            f"No model in {names}. Attach the files that `/model export` gave you: the `.zip`, or all parts."
        )
    board = interaction.client.board
    kept = zip(read, attachments, strict=True)
    return tuple([await board.put_blob(data, file_name(file.filename), ZIP_TYPE) for data, file in kept])


def _check_parts(names: Sequence[str]) -> None:
    """Check that of an archive in parts none is missing between the first and the last, and none is there twice.

    Raises:
        BadUpload: it is not so.
    """
    numbers: dict[str, list[int]] = {}
    for name in names:
        if found := _PART.fullmatch(name):
            numbers.setdefault(found["whole"].lower(), []).append(int(found["number"]))
    for whole, found_numbers in numbers.items():
        if len(set(found_numbers)) < len(found_numbers):
            raise BadUpload(f"A part of {file_words(whole)} is attached twice. Attach every part once.")
        missing = sorted(set(range(1, max(found_numbers) + 1)) - set(found_numbers))
        if missing:
            said = ", ".join(f"{number:03}" for number in missing[:5])
            raise BadUpload(f"Part {said} of {file_words(whole)} is missing. Attach all parts in one command.")


def _check_size(interaction: Interaction, file: discord.Attachment) -> None:
    limit_bytes = interaction.client.board.settings.blob_limit_bytes
    if file.size == 0:
        raise BadUpload("The file is empty.")
    if file.size > limit_bytes:
        raise BadUpload(f"It is too big: {size_words(file.size)}, and the limit is {size_words(limit_bytes)}.")


async def _read(file: discord.Attachment) -> bytes:
    try:
        return await file.read()
    except discord.HTTPException as error:
        raise BadUpload("Discord didn't hand it over. Attach it again with a new command.") from error

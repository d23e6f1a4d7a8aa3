"""The cheap checks of an attached seed, before anything is queued; everything deeper is the worker's to say.

A file's address expires, so its bytes are read at once. The bot looks at no more than the first few of them.
"""

from __future__ import annotations

from pathlib import PurePath

import discord

from bot.errors import BadSeed

EXTENSIONS = {".mid", ".midi", ".smf", ".kar"}
MAGIC = b"MThd"  # every Standard MIDI File begins with it
WRAPPER_BYTES = 128  # old Macintosh files and RIFF-MIDI put at most this much before it; the worker takes it off


async def read_seed(attachment: discord.Attachment, limit_bytes: int) -> bytes:
    """The bytes of an attached MIDI file.

    Raises:
        BadSeed: by name or first bytes not a MIDI file, empty, over `limit_bytes`, or not to be had.
    """
    _check_outside(attachment, limit_bytes)
    try:
        data = await attachment.read()
    except discord.HTTPException as error:
        raise BadSeed("Discord did not hand over your file. Attach it again with a new `/compose`.") from error
    if not is_midi_inside(data):
        raise BadSeed(
            f"{shown(attachment)} is called a MIDI file but is not one inside. "
            "Export it again from your music program as a Standard MIDI File (`.mid`)."
        )
    return data


def is_midi_inside(data: bytes) -> bool:
    """Whether the first bytes are those of a MIDI file."""
    return MAGIC in data[: WRAPPER_BYTES + len(MAGIC)]


def _check_outside(attachment: discord.Attachment, limit_bytes: int) -> None:
    if attachment.size == 0:
        raise BadSeed(f"{shown(attachment)} is empty. Attach a `.mid` file with some notes in it.")
    if not is_called_midi(attachment):
        raise BadSeed(
            f"{shown(attachment)} is not a MIDI file. Attach a `.mid` file; a recording (MP3, WAV) cannot be a seed."
        )
    if attachment.size > limit_bytes:
        raise BadSeed(
            f"{shown(attachment)} is too big: {size_words(attachment.size)}, and a seed may have "
            f"{size_words(limit_bytes)}. Attach a shorter piece."
        )


def is_called_midi(attachment: discord.Attachment) -> bool:
    """Whether its name or its type says that it is a MIDI file."""
    by_name = PurePath(attachment.filename).suffix.lower() in EXTENSIONS
    return by_name or "midi" in (attachment.content_type or "")


def shown(attachment: discord.Attachment) -> str:
    """Its name, fit to be repeated in a sentence."""
    return f"“{discord.utils.escape_markdown(attachment.filename[:100])}”"


def size_words(count: int) -> str:
    """A number of bytes in words."""
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 2**10:.0f} KiB"

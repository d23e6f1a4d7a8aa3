"""An archive in parts, when it is larger than one file of a message may be, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jobs.contract import MOST_FILES, Files
from model.errors import DataError
from worker.library.server_library import LibraryContext

PART = re.compile(r"(?P<name>.+)\.(?P<number>\d{3})")


def split(name: str, data: bytes, most_bytes: int) -> list[tuple[str, bytes]]:
    """`data` as files of at most `most_bytes`: one of that `name`, or `name.001`, `name.002`, …"""
    parts = [data[start : start + most_bytes] for start in range(0, len(data), most_bytes)] or [b""]
    if len(parts) == 1:
        return [(name, data)]
    return [(f"{name}.{number:03}", part) for number, part in enumerate(parts, start=1)]


def joined(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """`files` with the parts of each archive put together in the order of their numbers; the others as they are."""
    whole: dict[str, list[tuple[int, bytes]]] = {}
    found: list[tuple[str, bytes]] = []
    for name, data in files:
        match = PART.fullmatch(name)
        if match is None:
            found.append((name, data))
        else:
            whole.setdefault(match["name"], []).append((int(match["number"]), data))
    return found + [(name, b"".join(data for _, data in sorted(parts))) for name, parts in whole.items()]


def in_parts(context: LibraryContext, archive: bytes, name: str, taken_by: str) -> Files:
    """An archive as files that Discord takes, in parts where it is too large for one.

    Raises:
        DataError: it is too large for a message.
    """
    parts = split(name, archive, min(context.upload_bytes, context.blobs.limit_bytes))
    if len(parts) > MOST_FILES:
        raise DataError(
            f"{name} has {len(archive) / 2**20:.0f} MiB, which is too much for one message here. "
            "Ask whoever runs this bot for the file."
        )
    kept = tuple(context.blobs.put(data, one, "application/octet-stream") for one, data in parts)
    if len(parts) == 1:
        return Files(files=kept)
    told = f"{name} is too large for one file here, so it comes in {len(parts)} parts."
    return Files(files=kept, sentences=(f"{told} To bring it back, attach all parts in one `{taken_by}`.",))

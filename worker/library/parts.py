"""An archive that is too large for one file of a message, in parts, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

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

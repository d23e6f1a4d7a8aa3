"""What admins type of data sets and models, in the form that requests want: names, versions, pieces of a listing."""

from __future__ import annotations

import re

from bot.errors import BadName, Contradiction, OutOfRange
from bot.wishes import shown

MOST_PIECES = 100  # of one request
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_VERSION = re.compile(r"[0-9a-f]{12}")
_RANGE = re.compile(r"(\d{1,5})\s*-\s*(\d{1,5})")


def as_name(text: str) -> str:
    """A data set's or model's name, with small letters, and `-` in place of spaces.

    Raises:
        BadName: it cannot be one.
    """
    name = "-".join(text.casefold().split())
    if not _NAME.fullmatch(name):
        raise BadName(shown(text))
    return name


def as_version(text: str | None) -> str | None:
    """A model's version; None for none.

    Raises:
        BadName: it cannot be one.
    """
    if text is None:
        return None
    version = text.strip().casefold()
    if not _VERSION.fullmatch(version):
        raise Contradiction(
            f"“{shown(text)}” is no version: twelve letters and digits, as `/model info` shows them. "
            "Copy one from there."
        )
    return version


def as_pieces(text: str) -> tuple[str, ...]:
    """The pieces of a listing in '3, 7-9, waltz.mid': numbers, names or short hashes; a range stands for each of it.

    Raises:
        Contradiction: nothing is named.
        OutOfRange: more than one request can carry.
    """
    found: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        span = _RANGE.fullmatch(part)
        if span is None:
            found += [part] if part else []
        else:
            first, last = int(span[1]), int(span[2])
            found += [str(number) for number in range(first, min(last, first + MOST_PIECES) + 1)]
    pieces = tuple(dict.fromkeys(found))
    if not pieces:
        raise Contradiction("Name the pieces to remove as `/dataset show` lists them, such as `3, 7-9`.")
    if len(pieces) > MOST_PIECES:
        raise OutOfRange("the number of pieces", 1, MOST_PIECES)
    return pieces

"""Names, versions and lists of pieces as admins type them, in the form that requests want."""

from __future__ import annotations

import re

from bot.errors import BadName, BadOption, Contradiction
from bot.wording import as_typed

MOST_PIECES = 100  # of one request
LONGEST_PIECE = 200  # characters of a piece's name
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_VERSION = re.compile(r"[0-9a-f]{12}")
_RANGE = re.compile(r"(\d{1,5})\s*-\s*(\d{1,5})")


def as_name(text: str) -> str:
    """A data set's or model's name, in lowercase, with `-` in place of spaces.

    Raises:
        BadName: it cannot be one.
    """
    name = "-".join(text.casefold().split())
    if not _NAME.fullmatch(name):
        raise BadName(text)
    return name


def as_version(text: str | None) -> str | None:
    """A model's version; None for none.

    Raises:
        Contradiction: it cannot be one.
    """
    if text is None:
        return None
    version = text.strip().casefold()
    if not _VERSION.fullmatch(version):
        raise Contradiction(
            f"{as_typed(text)} isn't a version. Copy one from `/model info`: twelve letters and digits."
        )
    return version


def as_pieces(text: str) -> tuple[str, ...]:
    """The pieces of a listing in '3, 7-9, waltz.mid': numbers, names or short hashes; a range stands for each in it.

    Raises:
        Contradiction: nothing is named.
        BadOption: more than one request can carry, or a name that is too long.
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
        raise Contradiction("Which pieces? Use the numbers or names in `/dataset show`, such as `3, 7-9`.")
    if len(pieces) > MOST_PIECES:
        raise BadOption(f"That is too many pieces: remove {MOST_PIECES} at a time at most.")
    if longest := next((piece for piece in pieces if len(piece) > LONGEST_PIECE), None):
        raise BadOption(f"{as_typed(longest)} is too long to be a piece. Use its number in `/dataset show`.")
    return pieces

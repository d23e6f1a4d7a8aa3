"""Names of sets, which are checked, and of pieces, which are cleaned. No name of an upload is ever used as a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from model.errors import DataError

SET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
LONGEST_NAME = 80  # letters of a piece's name
MOST_MARKS = 2  # accents on one letter; more is a tower that covers the lines above
NAMELESS = "piece"
_MIDI = re.compile(r"\.(midi?|rmi|kar)$", re.IGNORECASE)


def checked(name: str) -> str:
    """`name` if it can name a data set.

    Raises:
        DataError: when it cannot.
    """
    if not SET_NAME.fullmatch(name):
        shown = cleaned(name) if name.strip() else "nothing"
        raise DataError(f"'{shown}' cannot name a data set: use up to 32 of a-z, 0-9, '-' and '_'.")
    return name


def cleaned(name: str) -> str:
    """The name a piece is shown under: the last part of `name`, on one line, at most `LONGEST_NAME` characters.

    Invisible and direction-changing characters are removed, and so is what a spreadsheet would run as a formula.
    """
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    text, before = last[: 8 * LONGEST_NAME], None
    while text != before:  # what one step leaves may be for another
        before = text
        text = _seen(unicodedata.normalize("NFKC", text))
        text = _MIDI.sub("", text[:LONGEST_NAME]).lstrip("=+-@. '").rstrip()
    return text or NAMELESS


def _seen(text: str) -> str:
    """`text` on one line, without invisible characters and those with a meaning in Discord or a shell."""
    shown, marks = [], 0
    for sign in text:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind[0] == "M" else 0
        if kind[0] == "Z":
            shown.append(" ")
        elif kind[0] != "C" and marks <= MOST_MARKS and sign not in '/\\<>`*|~"':
            shown.append(sign)
    return " ".join("".join(shown).split())


def told_apart(name: str, taken: Iterable[str]) -> str:
    """`name`, with a number appended if it is in `taken`."""
    known, number, shown = set(taken), 2, name
    while shown in known:
        end = f" ({number})"
        shown, number = name[: LONGEST_NAME - len(end)] + end, number + 1
    return shown


def file_stem(name: str) -> str:
    """The part of a cleaned name that is safe in any file system: a-z, 0-9 and '-'; may be ''."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")

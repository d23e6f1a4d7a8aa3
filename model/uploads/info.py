"""A data set's licence, pieces, facts, limits and names. No name of an upload is ever used as a path.

`DataSetInfo` is stored as JSON; the bytes of the pieces are stored by `files`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.archives import MIB, ArchiveLimits
from model.errors import DataError
from model.midi.limits import counted

FORMAT = 1  # of the file that keeps it
RESPELLED = {"C# major": "Db major", "Ab minor": "G# minor"}  # keys as older versions spelled them
SHORT_HASH = 8  # letters of a hash that are shown
Sha256 = Field(pattern=r"^[0-9a-f]{64}$")
LONGEST_NOTE = 200  # letters
SET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
LONGEST_NAME = 80  # letters of a piece's name
MOST_MARKS = 2  # accents on one letter; more is a tower that covers the lines above
NAMELESS = "piece"
_MIDI = re.compile(r"\.(midi?|rmi|kar)$", re.IGNORECASE)


@dataclass(frozen=True)
class DataSetLimits:
    """Upper bounds, all inclusive. `seconds` and `memory_bytes` limit the child that reads one file."""

    sets: int = 25  # of one owner; Discord shows as many choices
    files: int = 2_000  # in one set
    bytes: int = 200 * MIB  # of all sets of one owner together; a piece in two sets counts once
    batch_files: int = 5_000  # in one batch, those in archives included
    file_bytes: int = 4 * MIB
    notes: int = 200_000  # in one piece
    minutes: float = 120.0  # of one piece
    tracks: int = 64
    seconds: float = 20.0
    batch_seconds: float = 1_800.0  # of one batch; what is left then is not read
    memory_bytes: int = 768 * MIB
    archive: ArchiveLimits = field(default_factory=lambda: ArchiveLimits(file_bytes=4 * MIB))


@dataclass(frozen=True)
class Licence:
    """One licence: the words a member chooses it by, and the sentence on the card of a trained model."""

    words: str
    sentence: str
    non_commercial: bool = False


LICENCES: dict[str, Licence] = {
    "own-work": Licence("I made this music myself", "by those who made the music"),
    "public-domain": Licence("nobody has rights in it any more", "public domain"),
    "cc0": Licence("given away by its author (CC0)", "CC0 1.0"),
    "cc-by": Licence("free with the author's name (CC BY)", "CC BY 4.0"),
    "cc-by-sa": Licence("free with the author's name, passed on alike (CC BY-SA)", "CC BY-SA 4.0"),
    "cc-by-nc": Licence("free with the author's name, not for money (CC BY-NC)", "CC BY-NC 4.0", True),
    "cc-by-nc-sa": Licence(
        "free with the author's name, not for money, passed on alike (CC BY-NC-SA)", "CC BY-NC-SA 4.0", True
    ),
    "permission": Licence("its author allowed me to use it here", "used by permission of the author"),
    "composed": Licence("composed by Cadenza", "composed by Cadenza"),
}


class Terms(BaseModel):
    """A licence, as a key of `LICENCES`, and a member's note."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    note: str = Field(default="", max_length=LONGEST_NOTE)

    @field_validator("licence")
    @classmethod
    def _known(cls, licence: str) -> str:
        if licence not in LICENCES:
            raise ValueError(f"'{licence}' is no licence: known are {', '.join(LICENCES)}")
        return licence

    @property
    def sentence(self) -> str:
        """The licence as a card states it, with the note in brackets."""
        return LICENCES[self.licence].sentence + (f" ({self.note})" if self.note else "")

    @property
    def non_commercial(self) -> bool:
        """Whether the licence bars commercial use."""
        return LICENCES[self.licence].non_commercial


def terms(licence: str, note: str = "") -> Terms:
    """The terms for a chosen licence; the note is put on one line, without unprintable characters.

    Raises:
        DataError: for a licence that is not on the list, or a note over `LONGEST_NOTE` letters.
    """
    if licence not in LICENCES:
        known = "; ".join(f"{key} ({one.words})" for key, one in LICENCES.items())
        raise DataError(f"'{licence}' isn't a known licence. Choose one of these: {known}.")
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in note)
    note = " ".join(shown.split())
    if len(note) > LONGEST_NOTE:
        raise DataError(f"The note on the licence has {len(note)} letters; the limit is {LONGEST_NOTE}.")
    return Terms(licence=licence, note=note)


class Facts(BaseModel):
    """Facts of a piece, as a child process read them. They are validated like an upload."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    notes: int = Field(ge=1, le=10_000_000)
    seconds: float = Field(ge=0, le=1_000_000)
    instruments: dict[str, int] = Field(max_length=32, description="notes of each family of instruments")
    key: str = Field(default="", max_length=16, description="one of `KEYS`, or '' where no pitch sounds")
    title: str = Field(default="", max_length=200)
    repairs: tuple[str, ...] = Field(default=(), max_length=50, description="what was mended, a sentence each")


class PieceInfo(BaseModel):
    """One piece of a set. `sha256` is of the stored bytes, `original` of the upload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Sha256
    original: str = Sha256
    name: str = Field(min_length=1, max_length=80)
    bytes: int = Field(ge=0)
    facts: Facts
    source: str = Field(max_length=40, description="how it came: 'attachment', 'message', 'starred', 'jam' ...")
    added_by: int | None = None
    added_s: float = Field(description="seconds since 1970")
    terms: Terms | None = Field(default=None, description="where another set's licence came with it")

    @property
    def short(self) -> str:
        """The first letters of its hash, by which it can be named."""
        return self.sha256[:SHORT_HASH]


class DataSetInfo(BaseModel):
    """A data set: its name, its licence, and its pieces in the order they were added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    terms: Terms
    created_by: int | None = None
    created_s: float = Field(description="seconds since 1970")
    updated_s: float = Field(description="seconds since 1970")
    pieces: tuple[PieceInfo, ...] = ()

    @property
    def notes(self) -> int:
        """Notes of all pieces."""
        return sum(piece.facts.notes for piece in self.pieces)

    @property
    def minutes(self) -> float:
        """Minutes of all pieces."""
        return sum(piece.facts.seconds for piece in self.pieces) / 60

    @property
    def bytes(self) -> int:
        """Bytes of all pieces as they are kept."""
        return sum(piece.bytes for piece in self.pieces)

    @property
    def totals(self) -> str:
        """Pieces, notes and minutes in words."""
        pieces = counted(len(self.pieces), "piece", "pieces")
        return f"{pieces}, {counted(self.notes, 'note', 'notes')}, {self.minutes:,.1f} minutes"

    @property
    def instruments(self) -> Counter[str]:
        """How many pieces each family of instruments plays in."""
        return Counter(family for piece in self.pieces for family in piece.facts.instruments)

    @property
    def keys(self) -> Counter[str]:
        """How many pieces are in each key, by an estimate."""
        found = (piece.facts.key for piece in self.pieces if piece.facts.key)
        return Counter(RESPELLED.get(key, key) for key in found)

    @property
    def all_terms(self) -> tuple[Terms, ...]:
        """The terms of the set, then those of pieces from other sets, each once."""
        return tuple(dict.fromkeys([self.terms, *(piece.terms for piece in self.pieces if piece.terms)]))

    @property
    def licence(self) -> str:
        """The licence as the card of a model trained on this states it."""
        return "; ".join(dict.fromkeys(terms.sentence for terms in self.all_terms))

    @property
    def non_commercial(self) -> bool:
        """Whether what is trained on this may not be used commercially."""
        return any(terms.non_commercial for terms in self.all_terms)


def checked(name: str) -> str:
    """`name` if it can name a data set.

    Raises:
        DataError: when it cannot.
    """
    if not SET_NAME.fullmatch(name):
        shown = cleaned(name) if name.strip() else "nothing"
        raise DataError(f"'{shown}' can't be a data set's name. Names: up to 32 lowercase letters, digits, - and _.")
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

"""What is known of a data set and of each piece in it, as it is kept on disk; the pieces' bytes lie elsewhere."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field

from model.datasets.licences import Terms
from model.midi.refusals import counted

FORMAT = 1  # of the file that keeps it
SHORT_HASH = 8  # letters of a hash that are shown
Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class Facts(BaseModel):
    """What reading a piece tells; made by a process that a stranger's bytes went through, so checked like theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    notes: int = Field(ge=1, le=10_000_000)
    seconds: float = Field(ge=0, le=1_000_000)
    instruments: dict[str, int] = Field(max_length=32, description="notes of each family of instruments")
    key: str = Field(default="", max_length=16, description="one of `KEYS`, or '' where no pitch sounds")
    title: str = Field(default="", max_length=200)
    repairs: tuple[str, ...] = Field(default=(), max_length=50, description="what was mended, a sentence each")


class PieceInfo(BaseModel):
    """One piece of a set. `sha256` is of what is kept, `original` of what was sent."""

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
    """A data set: its name and licence, and its pieces in the order they came."""

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
        return Counter(piece.facts.key for piece in self.pieces if piece.facts.key)

    @property
    def all_terms(self) -> tuple[Terms, ...]:
        """The set's own terms, then those that came with pieces of other sets, each once."""
        return tuple(dict.fromkeys([self.terms, *(piece.terms for piece in self.pieces if piece.terms)]))

    @property
    def licence(self) -> str:
        """The licence as the card of a model trained on this states it."""
        return "; ".join(dict.fromkeys(terms.sentence for terms in self.all_terms))

    @property
    def non_commercial(self) -> bool:
        """Whether what is trained on this may not be used commercially."""
        return any(terms.non_commercial for terms in self.all_terms)

"""The request to describe a MIDI file, and its result. The bot writes requests, workers write results."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jobs.contract.base import BlobRef, BundleName, Contract, Request, Versioned
from jobs.contract.compose import Originality

Certainty = Literal["clear", "likely", "unsure"]


class DescribeRequest(Request):
    """One MIDI file to be described."""

    kind: Literal["describe"] = "describe"
    seed: BlobRef
    model: BundleName | None = Field(default=None, description="compare with the training music of this model")


class DescribedKey(Contract):
    """The key that the notes fit best."""

    name: str
    certainty: Certainty
    other: str | None = Field(default=None, description="the second best, where the notes leave doubt")


class DescribedPart(Contract):
    """One instrument of a piece."""

    name: str
    is_drum: bool = False
    notes: int = Field(ge=1)
    low: str | None = Field(default=None, description="its lowest note by name, such as 'C4'; drums have none")
    high: str | None = None


class DescribeResult(Versioned):
    """What a MIDI file holds, estimated from its notes. Figures that make no sense for it are None or empty."""

    kind: Literal["describe"] = "describe"
    job_id: str
    notes: int = Field(ge=1)
    duration_s: float = Field(ge=0)
    title: str = Field(default="", max_length=200)
    key: DescribedKey | None = None
    signature: str | None = Field(default=None, description="the key that the file itself states")
    tempos_bpm: tuple[float, float] | None = Field(default=None, description="slowest and fastest of its tempo map")
    tapped_bpm: float | None = Field(default=None, description="what a listener would tap, in free time")
    meters: tuple[str, ...] = ()
    bars: int | None = Field(default=None, description="None: in free time")
    density: float | None = Field(default=None, description="notes a second")
    polyphony: float | None = Field(default=None, description="pitched notes sounding at once, on average")
    parts: tuple[DescribedPart, ...] = Field(default=(), description="those with the most notes first")
    chords: tuple[str, ...] = Field(default=(), description="one for each bar, '' where none fits")
    repairs: tuple[str, ...] = Field(default=(), description="what was repaired to read it, a sentence each")
    originality: Originality | None = Field(default=None, description="of all its notes; None: not compared")
    remarks: tuple[str, ...] = Field(default=(), description="sentences for the member, e.g. no picture")
    picture: BlobRef | None = Field(default=None, description="PNG; None only where `remarks` says why")

"""What may be asked of a piece of music, and what comes back."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from jobs.contract.base import MAX_RANDOM_SEED, BlobRef, BundleName, Contract, JobId, Request, Versioned, Words

KeyName = Annotated[
    str, StringConstraints(pattern=r"^\s*[A-Ga-g][#b♯♭]?\s*([Mm]|[Mm]aj(or)?|[Mm]in(or)?)?\s*$", max_length=20)
]
MeterName = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}/[0-9]{1,2}$")]

MIN_LENGTH_S, MAX_LENGTH_S = 5.0, 300.0
DEFAULT_LENGTH_S = 30.0
MIN_BARS, MAX_BARS = 1, 200
MIN_TEMPO_BPM, MAX_TEMPO_BPM = 20.0, 400.0
DENSITY_WORDS = ("sparse", "light", "medium", "busy", "dense")  # for 1 to 5
MAX_INSTRUMENTS = 16
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0
MAX_TOP_K = 1000
MIN_TOP_P = 0.05
MAX_MIN_P = 0.5


class Mode(StrEnum):
    """What is made of a seed; without one, all of them compose from nothing."""

    CONTINUE = "continue"  # goes on from its end
    VARY = "vary"  # keeps its rhythm, leans towards its pitches
    ACCOMPANY = "accompany"  # keeps its notes, plays around them


class Controls(Contract):
    """What the music is to be like; what is left out is the model's to choose."""

    style: Words | None = None
    key: KeyName | None = Field(default=None, description="such as 'E minor', 'Em', 'Bb major'")
    tempo_bpm: float | None = Field(default=None, ge=MIN_TEMPO_BPM, le=MAX_TEMPO_BPM, description="quarters a minute")
    meter: MeterName | None = Field(default=None, description="such as '3/4'")
    density: int | None = Field(default=None, ge=1, le=len(DENSITY_WORDS), description="1 sparse to 5 dense")
    instruments: tuple[Words, ...] = Field(default=(), max_length=MAX_INSTRUMENTS, description="by name or family")

    @property
    def asked(self) -> dict[str, Any]:
        """The controls that ask for something, by name."""
        said = {name: getattr(self, name) for name in Controls.model_fields}
        return {name: value for name, value in said.items() if value not in (None, ())}


class ComposeRequest(Controls, Request):
    """One `/compose`: everything a worker needs, and nothing it has to ask back for."""

    kind: Literal["compose"] = "compose"
    model: BundleName | None = Field(default=None, description="None: the worker chooses the one that fits")
    preferred: BundleName | None = Field(default=None, description="the server's own choice where `model` is None")
    seed: BlobRef | None = None
    mode: Mode = Mode.CONTINUE
    length_s: float | None = Field(
        default=None, ge=MIN_LENGTH_S, le=MAX_LENGTH_S, description="seconds of new music; None: `bars`, or as is usual"
    )
    bars: int | None = Field(default=None, ge=MIN_BARS, le=MAX_BARS, description="bars of new music")
    strength: float | None = Field(default=None, ge=0, le=1, description="how closely `vary` keeps to the seed")
    temperature: float = Field(default=1.0, ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)
    top_k: int | None = Field(default=None, ge=1, le=MAX_TOP_K, description="draw from the k likeliest only")
    top_p: float | None = Field(default=None, ge=MIN_TOP_P, le=1, description="from the likeliest that make up p")
    min_p: float | None = Field(
        default=None, ge=0, le=MAX_MIN_P, description="from those p times as likely as the best"
    )
    random_seed: int = Field(ge=0, le=MAX_RANDOM_SEED)
    include_seed: bool = True
    parent_id: JobId | None = Field(default=None, description="the job that a button was pressed on")

    @model_validator(mode="after")
    def _has_one_length(self) -> ComposeRequest:
        if self.length_s is not None and self.bars is not None:
            raise ValueError("a length is given in seconds or in bars, not in both")
        return self

    @property
    def controls(self) -> Controls:
        """What the music is to be like, without the rest."""
        return Controls(**self.asked)


class Originality(Contract):
    """How much of a piece's own notes stands in the music its model learnt from, in whatever key. Shares are 0..1.

    The human figures are those of pieces that people wrote and the model did not learn from; None where not measured.
    """

    share_8: float | None = Field(ge=0, le=1, description="of its runs of 8 notes; None for a piece with too few notes")
    share_16: float | None = Field(ge=0, le=1, description="of its runs of 16 notes")
    longest_run: int = Field(ge=0, description="notes of the longest run found there")
    human_share_8: float | None = Field(default=None, ge=0, le=1)
    human_share_16: float | None = Field(default=None, ge=0, le=1)
    human_longest_run: float | None = Field(default=None, ge=0)


class Missed(Contract):
    """Something that was asked for and that the finished piece does not have."""

    control: str = Field(description="name of a field of `Controls`, or 'length'")
    asked: str = Field(description="what was asked for, in words")
    reason: str = Field(description="a sentence for the member")


class ComposeResult(Versioned):
    """What a finished job gives back. Times are seconds."""

    kind: Literal["compose"] = "compose"
    job_id: JobId
    midi: BlobRef
    audio: BlobRef | None = Field(description="MP3; None only where `remarks` says why")
    picture: BlobRef | None = Field(description="PNG; None only where `remarks` says why")
    model: BundleName
    model_version: str
    notes: int = Field(ge=1, description="notes in the file, the seed's included where it was asked for")
    duration_s: float = Field(gt=0, description="length of the whole file")
    seed_s: float = Field(ge=0, description="how much of the file's start is the seed")
    random_seed: int
    remarks: tuple[str, ...] = Field(default=(), description="sentences for the member, e.g. what was repaired")
    stopped: bool = Field(default=False, description="stopped early by the member; the piece so far")
    timings: dict[str, float] = Field(default_factory=dict, description="seconds: queue, prime, sample, render, …")
    model_choice: str | None = Field(default=None, description="why this model, in a sentence, where nobody named one")
    controls: Controls = Field(default=Controls(), description="those asked for that the piece has")
    missed: tuple[Missed, ...] = Field(default=(), description="those asked for that it does not have, and why")
    originality: Originality | None = Field(default=None, description="None where the model has no index for it")
    ended: bool | None = Field(default=None, description="whether it ended by itself; None where that is not known")


class ComposeProgress(Contract):
    """How far the new music is, in its own time."""

    done: float = Field(ge=0)
    whole: float = Field(gt=0, description="what was asked for")
    unit: Literal["s", "bars"]

"""The request for a piece of music, its progress and its result. The bot writes requests, workers write results."""

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
MAX_SEMITONES = 24
MAX_COUNT = 4
MIN_TEMPO_PERCENT, MAX_TEMPO_PERCENT = 25.0, 400.0


class Mode(StrEnum):
    """How a seed is used. Without a seed every mode composes from scratch."""

    CONTINUE = "continue"  # composes what follows it
    VARY = "vary"  # keeps its rhythm, prefers its pitches
    ACCOMPANY = "accompany"  # keeps its notes, adds notes around them


class Creativity(StrEnum):
    """How far the music strays from what is usual, in words. The workers know what that means for sampling."""

    CALM = "calm"
    BALANCED = "balanced"
    WILD = "wild"


class Controls(Contract):
    """Musical properties that a request may ask for. The model chooses those that are None or empty."""

    style: Words | None = None
    key: KeyName | None = Field(default=None, description="such as 'E minor', 'Em', 'Bb major'")
    tempo_bpm: float | None = Field(default=None, ge=MIN_TEMPO_BPM, le=MAX_TEMPO_BPM, description="quarters a minute")
    meter: MeterName | None = Field(default=None, description="such as '3/4'")
    density: int | None = Field(default=None, ge=1, le=len(DENSITY_WORDS), description="1 sparse to 5 dense")
    instruments: tuple[Words, ...] = Field(default=(), max_length=MAX_INSTRUMENTS, description="by name or family")

    @property
    def asked(self) -> dict[str, Any]:
        """The controls that are set, by name."""
        said = {name: getattr(self, name) for name in Controls.model_fields}
        return {name: value for name, value in said.items() if value not in (None, ())}


class PieceFacts(Contract):
    """What is known of a finished piece; None and empty where the notes do not tell."""

    style: Words | None = Field(default=None, description="as it was asked for and followed")
    key: str | None = Field(default=None, description="such as 'G minor'")
    tempo_bpm: float | None = Field(default=None, gt=0, description="quarters a minute; None in free time")
    meter: MeterName | None = Field(default=None, description="None in free time, or where it changes")
    instruments: tuple[str, ...] = Field(default=(), description="who plays, most notes first")


class Recast(Contract):
    """Another key or tempo for the piece that is the request's `seed`: no new notes are composed."""

    semitones: int = Field(default=0, ge=-MAX_SEMITONES, le=MAX_SEMITONES, description="up; negative: down")
    tempo_percent: float = Field(default=100.0, ge=MIN_TEMPO_PERCENT, le=MAX_TEMPO_PERCENT, description="of its tempo")
    model: BundleName = Field(description="the model that composed the piece")
    model_version: str = ""
    seed_s: float = Field(default=0.0, ge=0, description="how much of the piece's start is its own seed, before")
    facts: PieceFacts = Field(default=PieceFacts(), description="of the piece, before")


class ComposeRequest(Controls, Request):
    """One `/compose`, with everything a worker needs to do it."""

    kind: Literal["compose"] = "compose"
    model: BundleName | None = Field(default=None, description="None: the worker chooses a suitable one")
    preferred: BundleName | None = Field(default=None, description="the server's default, where `model` is None")
    seed: BlobRef | None = None
    mode: Mode = Mode.CONTINUE
    length_s: float | None = Field(
        default=None,
        ge=MIN_LENGTH_S,
        le=MAX_LENGTH_S,
        description="seconds of new music; None: `bars` or the default",
    )
    bars: int | None = Field(default=None, ge=MIN_BARS, le=MAX_BARS, description="bars of new music")
    strength: float | None = Field(default=None, ge=0, le=1, description="how closely `vary` follows the seed")
    creativity: Creativity | None = Field(default=None, description="in place of `temperature`; None: `temperature`")
    temperature: float = Field(default=1.0, ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)
    top_k: int | None = Field(default=None, ge=1, le=MAX_TOP_K, description="sample from the k likeliest only")
    top_p: float | None = Field(default=None, ge=MIN_TOP_P, le=1, description="from the likeliest that add up to p")
    min_p: float | None = Field(
        default=None, ge=0, le=MAX_MIN_P, description="sample from those at least p times as likely as the likeliest"
    )
    random_seed: int = Field(ge=0, le=MAX_RANDOM_SEED)
    include_seed: bool = True
    count: int = Field(default=1, ge=1, le=MAX_COUNT, description="pieces, of this random seed and those after it")
    parent_id: JobId | None = Field(default=None, description="the job whose button was pressed")
    pressed: str | None = Field(default=None, max_length=40, description="the button's label, if it was one")
    recast: Recast | None = Field(default=None, description="only change the key or tempo of `seed`")

    @model_validator(mode="after")
    def _goes_together(self) -> ComposeRequest:
        if self.length_s is not None and self.bars is not None:
            raise ValueError("a length is given in seconds or in bars, not in both")
        if self.recast is not None and self.seed is None:
            raise ValueError("a change of key or tempo needs a piece")
        return self

    @property
    def controls(self) -> Controls:
        """The controls alone, without the other fields."""
        return Controls(**self.asked)


class Originality(Contract):
    """How much of a piece's new music also occurs in its model's training set, in any key. Shares are 0..1.

    The human figures are the same measure on pieces by people that the model was not trained on; None: not measured.
    """

    share_8: float | None = Field(ge=0, le=1, description="share of its runs of 8 notes; None: too few notes")
    share_16: float | None = Field(ge=0, le=1, description="share of its runs of 16 notes")
    longest_run: int = Field(ge=0, description="notes in the longest run that occurs there")
    human_share_8: float | None = Field(default=None, ge=0, le=1)
    human_share_16: float | None = Field(default=None, ge=0, le=1)
    human_longest_run: float | None = Field(default=None, ge=0)


class Missed(Contract):
    """A property that was requested and that the finished piece does not have."""

    control: str = Field(description="name of a field of `Controls`, or 'length'")
    asked: str = Field(description="the requested value, as the member would write it")
    reason: str = Field(description="a sentence for the member")


class Alternative(Contract):
    """Another piece of the same request, to choose from; its request with this random seed gives it again."""

    random_seed: int
    title: str
    duration_s: float = Field(gt=0)
    midi: BlobRef
    audio: BlobRef | None = None


class ComposeResult(Versioned):
    """The result of a compose job. Times are seconds."""

    kind: Literal["compose"] = "compose"
    job_id: JobId
    midi: BlobRef
    audio: BlobRef | None = Field(description="MP3; None only where `remarks` says why")
    picture: BlobRef | None = Field(description="PNG; None only where `remarks` says why")
    model: BundleName
    model_version: str
    notes: int = Field(ge=1, description="notes in the file, including the seed's where `include_seed` is set")
    duration_s: float = Field(gt=0, description="length of the whole file")
    seed_s: float = Field(ge=0, description="length of the seed at the start of the file")
    random_seed: int
    remarks: tuple[str, ...] = Field(default=(), description="sentences for the member, e.g. what was repaired")
    stopped: bool = Field(default=False, description="the member stopped it early; the files hold the piece so far")
    timings: dict[str, float] = Field(default_factory=dict, description="seconds: queue, prime, sample, render, …")
    model_choice: str | None = Field(default=None, description="why this model, as a sentence; None: requested")
    controls: Controls = Field(default=Controls(), description="requested controls that the piece follows")
    missed: tuple[Missed, ...] = Field(default=(), description="requested controls that it does not follow")
    originality: Originality | None = Field(default=None, description="None: the model has no n-gram index")
    title: str | None = Field(default=None, max_length=200, description="from the music; None: an older result")
    facts: PieceFacts = Field(default=PieceFacts(), description="what the title is made of")
    others: tuple[Alternative, ...] = Field(default=(), description="the further pieces where `count` asks for some")
    ended: bool | None = Field(default=None, description="whether the model ended the piece; None: not known")


def random_seed_after(random_seed: int, steps: int) -> int:
    """The random seed of the piece number `steps` (from 0) of a request for several."""
    return (random_seed + steps) % (MAX_RANDOM_SEED + 1)


class ComposeProgress(Contract):
    """Progress of the new music, in seconds or bars of music."""

    done: float = Field(ge=0)
    whole: float = Field(gt=0, description="requested length")
    unit: Literal["s", "bars"]

"""What may be asked and what comes back: versioned, plain-JSON models shared by the bot and the workers.

A field is never renamed or given another meaning within a version; a reader refuses a version it does not know. What
version 1 said, version 2 says in the same fields: it is read as version 2, which has more of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]  # RQ allows no ':' in an id
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
BundleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
KeyName = Annotated[
    str, StringConstraints(pattern=r"^\s*[A-Ga-g][#b♯♭]?\s*([Mm]|[Mm]aj(or)?|[Mm]in(or)?)?\s*$", max_length=20)
]
MeterName = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}/[0-9]{1,2}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]

VERSION: Literal[2] = 2
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
MAX_RANDOM_SEED = 2**32 - 1


class Contract(BaseModel):
    """Base of everything that crosses Redis: immutable, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BlobRef(Contract):
    """A file kept in the blob store, named by the SHA-256 of its bytes."""

    digest: Digest
    size: int = Field(ge=0, description="bytes")
    name: str = Field(max_length=200, description="file name to show, without a path")
    content_type: str = "application/octet-stream"


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
    instruments: tuple[Words, ...] = Field(default=(), max_length=MAX_INSTRUMENTS, description="families of them")

    @property
    def asked(self) -> dict[str, Any]:
        """The controls that ask for something, by name."""
        said = {name: getattr(self, name) for name in Controls.model_fields}
        return {name: value for name, value in said.items() if value not in (None, ())}


class ComposeRequest(Controls):
    """One `/compose`: everything a worker needs, and nothing it has to ask back for."""

    version: Literal[2] = VERSION
    job_id: JobId
    requester_id: int
    guild_id: int | None = None
    channel_id: int
    model: BundleName | None = Field(default=None, description="None: the worker chooses the one that fits")
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
    private: bool = False
    parent_id: JobId | None = Field(default=None, description="the job that a button was pressed on")

    @model_validator(mode="before")
    @classmethod
    def _from_version_one(cls, said: Any) -> Any:
        return _as_version_two(said)

    @model_validator(mode="after")
    def _has_one_length(self) -> ComposeRequest:
        if self.length_s is not None and self.bars is not None:
            raise ValueError("a length is given in seconds or in bars, not in both")
        return self

    @property
    def controls(self) -> Controls:
        """What the music is to be like, without the rest."""
        return Controls(**self.asked)


class Stage(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    STARTING = "starting"
    PRIMING = "priming"
    COMPOSING = "composing"
    RENDERING = "rendering"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows this stage."""
        return self in (Stage.DONE, Stage.FAILED, Stage.CANCELLED)


class Failure(Contract):
    """Why a job failed: `sentence` is shown to the member as it is; `incident` finds the log entry."""

    code: str = Field(description="a stable word such as 'not_midi', 'too_long', 'worker_lost', 'internal'")
    sentence: str
    incident: str | None = None


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


class ComposeResult(Contract):
    """What a finished job gives back. Times are seconds."""

    version: Literal[2] = VERSION
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
    controls: Controls = Field(default=Controls(), description="those asked for that the model followed")
    originality: Originality | None = Field(default=None, description="None where the model has no index for it")
    ended: bool | None = Field(default=None, description="whether it ended by itself; None where that is not known")

    @model_validator(mode="before")
    @classmethod
    def _from_version_one(cls, said: Any) -> Any:
        return _as_version_two(said)


class ComposeProgress(Contract):
    """How far the new music is, in its own time."""

    done: float = Field(ge=0)
    whole: float = Field(gt=0, description="what was asked for")
    unit: Literal["s", "bars"]


class Update(Contract):
    """One entry of a job's progress stream."""

    stage: Stage
    fraction: float = Field(default=0.0, ge=0.0, le=1.0, description="of the whole job")
    position: int | None = Field(default=None, ge=1, description="place in the queue, 1 = next; None = about to start")
    music: ComposeProgress | None = Field(default=None, description="while composing, where a length is known")
    result: ComposeResult | None = None
    failure: Failure | None = None


class Delivery(Contract):
    """Where a job's reply goes; kept beside the request so that a restarted bot can still reply."""

    application_id: int
    interaction_token: str = Field(repr=False, description="lets who has it answer in the bot's name for 15 minutes")
    channel_id: int
    user_id: int
    message_id: int | None = None
    private: bool = False
    upload_limit_bytes: int | None = Field(
        default=None, ge=1, description="the largest file Discord takes in this reply"
    )


class Record(Contract):
    """All there is to know of a job."""

    request: ComposeRequest
    delivery: Delivery
    stage: Stage
    enqueued_at: float = Field(description="epoch seconds")
    result: ComposeResult | None = None
    failure: Failure | None = None
    delivered: bool = False
    cancel_asked: bool = Field(default=False, description="the member pressed Stop")

    @property
    def job_id(self) -> JobId:
        """The job's id, which is the interaction's."""
        return self.request.job_id

    def as_update(self) -> Update:
        """The job's state as the last update would tell it."""
        fraction = 1.0 if self.stage is Stage.DONE else 0.0
        return Update(stage=self.stage, fraction=fraction, result=self.result, failure=self.failure)


class ModelInfo(Contract):
    """A model that a live worker serves, as its card describes it, and what it can be asked for."""

    name: BundleName
    version: str
    title: str
    description: str = ""
    licence: str = ""
    default: bool = False
    modes: tuple[Mode, ...] = (Mode.CONTINUE,)
    controls: tuple[str, ...] = Field(default=(), description="names of the fields of `Controls` that it follows")
    styles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    instruments: tuple[str, ...] = Field(default=(), description="the families it can be asked for")
    has_beat: bool = Field(default=False, description="whether it composes on a beat grid, and so in bars")


class WorkerInfo(Contract):
    """What a live worker says of itself, renewed every few seconds."""

    name: str
    hostname: str
    pid: int
    started_at: float = Field(description="epoch seconds")
    device: str = Field(default="cpu", description="what it composes on: 'cpu', 'gpu:0', …")
    slots: int = Field(default=1, ge=1, description="jobs it does side by side")
    models: tuple[ModelInfo, ...] = Field(default=(), description="in the versions that new jobs get")
    job_id: JobId | None = Field(default=None, description="the job it has been at longest")
    job_ids: tuple[JobId, ...] = Field(default=(), description="all jobs it is at, the longest first")
    remarks: tuple[str, ...] = Field(default=(), description="sentences for whoever runs it, e.g. no GPU found")


def _as_version_two(said: Any) -> Any:
    return {**said, "version": VERSION} if isinstance(said, dict) and said.get("version") == 1 else said

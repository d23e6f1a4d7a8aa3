"""What may be asked and what comes back: versioned, plain-JSON models shared by the bot and the workers.

A field is never renamed or given another meaning within a version; a reader refuses a version it does not know.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]  # RQ allows no ':' in an id
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
BundleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]

MIN_LENGTH_S = 5.0
MAX_LENGTH_S = 300.0
MIN_TEMPERATURE = 0.1
MAX_TEMPERATURE = 2.0
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


class ComposeRequest(Contract):
    """One `/compose`: everything a worker needs, and nothing it has to ask back for."""

    version: Literal[1] = 1
    job_id: JobId
    requester_id: int
    guild_id: int | None = None
    channel_id: int
    model: BundleName = "piano"
    seed: BlobRef | None = None
    length_s: float = Field(default=30.0, ge=MIN_LENGTH_S, le=MAX_LENGTH_S, description="seconds of new music")
    temperature: float = Field(default=1.0, ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)
    random_seed: int = Field(ge=0, le=MAX_RANDOM_SEED)
    include_seed: bool = True
    private: bool = False
    parent_id: JobId | None = Field(default=None, description="the job that Again or Continue was pressed on")


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


class ComposeResult(Contract):
    """What a finished job gives back. Times are seconds."""

    version: Literal[1] = 1
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


class Update(Contract):
    """One entry of a job's progress stream."""

    stage: Stage
    fraction: float = Field(default=0.0, ge=0.0, le=1.0, description="of the whole job")
    position: int | None = Field(default=None, ge=1, description="place in the queue, 1 = next; None = about to start")
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
    """A model that a live worker serves, as its card describes it."""

    name: BundleName
    version: str
    title: str
    description: str = ""
    licence: str = ""
    default: bool = False


class WorkerInfo(Contract):
    """What a live worker says of itself, renewed every few seconds."""

    name: str
    hostname: str
    pid: int
    started_at: float = Field(description="epoch seconds")
    device: str = Field(default="cpu", description="what it composes on")
    models: tuple[ModelInfo, ...] = ()
    job_id: JobId | None = Field(default=None, description="what it is composing now")

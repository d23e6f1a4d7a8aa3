"""Base classes and shared types of the contract: ids, files, stages, failures. Every other module here uses them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]  # RQ allows no ':' in an id
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
BundleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
BundleVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Kind = Literal["compose", "describe", "library", "train"]

VERSION: Literal[3] = 3
OLDER = (1, 2)  # versions whose fields all mean the same in this one
MAX_RANDOM_SEED = 2**32 - 1


class Contract(BaseModel):
    """Base of every model that goes through Redis. Instances are immutable; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Versioned(Contract):
    """A model that carries the version of the contract. Data of a version in `OLDER` is read as this version."""

    version: Literal[3] = VERSION

    @model_validator(mode="before")
    @classmethod
    def _from_older_version(cls, said: Any) -> Any:
        return {**said, "version": VERSION} if isinstance(said, dict) and said.get("version") in OLDER else said


class BlobRef(Contract):
    """Reference to a file in the blob store, named by the SHA-256 of its bytes."""

    digest: Digest
    size: int = Field(ge=0, description="bytes")
    name: str = Field(max_length=200, description="file name to show, without a path")
    content_type: str = "application/octet-stream"


class Request(Versioned):
    """Fields of every request: the job's id, the member, the server and the channel."""

    job_id: JobId
    requester_id: int
    guild_id: int | None = None
    channel_id: int
    private: bool = False


class Stage(StrEnum):
    """Stage of a job. DONE, FAILED and CANCELLED are final."""

    QUEUED = "queued"
    STARTING = "starting"
    PRIMING = "priming"
    COMPOSING = "composing"
    RENDERING = "rendering"
    PREPARING = "preparing"  # a training encodes its data set
    TRAINING = "training"
    JUDGING = "judging"  # a training compares the model before and after
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether no other stage follows."""
        return self in (Stage.DONE, Stage.FAILED, Stage.CANCELLED)


class Failure(Contract):
    """Why a job failed. The member sees `sentence` unchanged; `incident` is the number of the log entry."""

    code: str = Field(description="a stable word such as 'not_midi', 'too_long', 'worker_lost', 'internal'")
    sentence: str
    incident: str | None = None

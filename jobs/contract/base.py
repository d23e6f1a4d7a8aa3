"""What every part of the contract is made of: the base of all its models, ids, files, stages, failures."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

JobId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]  # RQ allows no ':' in an id
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
BundleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
BundleVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Kind = Literal["compose", "library", "train"]

VERSION: Literal[3] = 3
OLDER = (1, 2)  # versions whose words all mean the same in this one
MAX_RANDOM_SEED = 2**32 - 1


class Contract(BaseModel):
    """Base of everything that crosses Redis: immutable, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Versioned(Contract):
    """A model that carries its version. Older versions are read as if written by this one."""

    version: Literal[3] = VERSION

    @model_validator(mode="before")
    @classmethod
    def _from_older_version(cls, said: Any) -> Any:
        return {**said, "version": VERSION} if isinstance(said, dict) and said.get("version") in OLDER else said


class BlobRef(Contract):
    """A file kept in the blob store, named by the SHA-256 of its bytes."""

    digest: Digest
    size: int = Field(ge=0, description="bytes")
    name: str = Field(max_length=200, description="file name to show, without a path")
    content_type: str = "application/octet-stream"


class Request(Versioned):
    """The fields of every request: the job's id, who asked, and where."""

    job_id: JobId
    requester_id: int
    guild_id: int | None = None
    channel_id: int
    private: bool = False


class Stage(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    STARTING = "starting"
    PRIMING = "priming"
    COMPOSING = "composing"
    RENDERING = "rendering"
    PREPARING = "preparing"  # of a training: its music is read
    TRAINING = "training"
    JUDGING = "judging"  # before and after are compared
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

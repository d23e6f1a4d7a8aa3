"""The record of a job, whatever its kind: what was asked, where it stands, where its reply goes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from jobs.contract.base import Contract, Failure, JobId, Kind, Stage
from jobs.contract.compose import ComposeProgress, ComposeRequest, ComposeResult
from jobs.contract.library import LibraryRequest, LibraryResult
from jobs.contract.training import TrainProgress, TrainRequest, TrainResult


def _kind(said: Any) -> str:
    """Which kind `said` is; versions 1 and 2 knew compositions only and did not say so."""
    return str(said.get("kind", "compose") if isinstance(said, dict) else getattr(said, "kind", ""))


AnyRequest = Annotated[
    Annotated[ComposeRequest, Tag("compose")]
    | Annotated[LibraryRequest, Tag("library")]
    | Annotated[TrainRequest, Tag("train")],
    Discriminator(_kind),
]
AnyResult = Annotated[
    Annotated[ComposeResult, Tag("compose")]
    | Annotated[LibraryResult, Tag("library")]
    | Annotated[TrainResult, Tag("train")],
    Discriminator(_kind),
]


class Update(Contract):
    """One entry of a job's progress stream."""

    stage: Stage
    fraction: float = Field(default=0.0, ge=0.0, le=1.0, description="of the whole job")
    position: int | None = Field(default=None, ge=1, description="place in the queue, 1 = next; None = about to start")
    music: ComposeProgress | None = Field(default=None, description="while composing, where a length is known")
    training: TrainProgress | None = Field(default=None, description="while training")
    stopping: bool = Field(default=False, description="the member pressed Stop, and the worker has not ended it yet")
    result: AnyResult | None = None
    failure: Failure | None = None


class Delivery(Contract):
    """Where a job's reply goes; kept beside the request so that a restarted bot can still reply."""

    application_id: int
    interaction_token: str | None = Field(
        default=None, repr=False, description="lets who has it answer in the bot's name for 15 minutes"
    )
    channel_id: int
    parent_channel_id: int | None = Field(default=None, description="the channel that a thread belongs to")
    user_id: int
    message_id: int | None = None
    private: bool = False
    upload_limit_bytes: int | None = Field(
        default=None, ge=1, description="the largest file Discord takes in this reply"
    )


class Record(Contract):
    """All there is to know of a job."""

    request: AnyRequest
    delivery: Delivery
    stage: Stage
    enqueued_at: float = Field(description="epoch seconds")
    result: AnyResult | None = None
    failure: Failure | None = None
    delivered: bool = False
    cancel_asked: bool = Field(default=False, description="the member pressed Stop")

    @property
    def job_id(self) -> JobId:
        """The job's id, which is the interaction's."""
        return self.request.job_id

    @property
    def kind(self) -> Kind:
        """What kind of job it is."""
        return self.request.kind

    def as_update(self) -> Update:
        """The job's state as the last update would tell it."""
        fraction = 1.0 if self.stage is Stage.DONE else 0.0
        return Update(stage=self.stage, fraction=fraction, result=self.result, failure=self.failure)

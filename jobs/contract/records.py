"""The record of a job of any kind with its updates, and what live workers report about themselves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from jobs.contract.base import BundleName, Contract, Failure, JobId, Kind, Stage
from jobs.contract.compose import ComposeProgress, ComposeRequest, ComposeResult, Mode
from jobs.contract.description import DescribeRequest, DescribeResult
from jobs.contract.library import LibraryRequest, LibraryResult
from jobs.contract.training import TrainProgress, TrainRequest, TrainResult


def _kind(said: Any) -> str:
    """The kind of a request or result. Versions 1 and 2 had compose jobs only and no field for the kind."""
    return str(said.get("kind", "compose") if isinstance(said, dict) else getattr(said, "kind", ""))


AnyRequest = Annotated[
    Annotated[ComposeRequest, Tag("compose")]
    | Annotated[DescribeRequest, Tag("describe")]
    | Annotated[LibraryRequest, Tag("library")]
    | Annotated[TrainRequest, Tag("train")],
    Discriminator(_kind),
]
AnyResult = Annotated[
    Annotated[ComposeResult, Tag("compose")]
    | Annotated[DescribeResult, Tag("describe")]
    | Annotated[LibraryResult, Tag("library")]
    | Annotated[TrainResult, Tag("train")],
    Discriminator(_kind),
]


class Update(Contract):
    """One entry of a job's progress stream."""

    stage: Stage
    fraction: float = Field(default=0.0, ge=0.0, le=1.0, description="share of the whole job that is done")
    position: int | None = Field(default=None, ge=1, description="place in the queue, 1 = next; None: about to start")
    music: ComposeProgress | None = Field(default=None, description="while composing, if the length is known")
    training: TrainProgress | None = Field(default=None, description="while training")
    stopping: bool = Field(default=False, description="the member pressed Stop and the job still runs")
    result: AnyResult | None = None
    failure: Failure | None = None


class Delivery(Contract):
    """Where the reply to a job goes. Stored with the request, so that a restarted bot can still reply."""

    application_id: int
    interaction_token: str | None = Field(
        default=None, repr=False, description="for 15 minutes its holder can reply as the bot"
    )
    channel_id: int
    parent_channel_id: int | None = Field(default=None, description="the parent channel, if the channel is a thread")
    user_id: int
    message_id: int | None = None
    private: bool = False
    upload_limit_bytes: int | None = Field(
        default=None, ge=1, description="the largest file that Discord accepts in this reply"
    )


class Record(Contract):
    """Everything stored about a job."""

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
        """The kind of the job."""
        return self.request.kind

    def as_update(self) -> Update:
        """The current state as an update."""
        fraction = 1.0 if self.stage is Stage.DONE else 0.0
        return Update(stage=self.stage, fraction=fraction, result=self.result, failure=self.failure)


class ModelInfo(Contract):
    """A model that a worker serves: its card, and the modes and controls that it supports."""

    name: BundleName
    version: str
    title: str
    description: str = ""
    licence: str = ""
    default: bool = False
    guild_id: int | None = Field(default=None, description="the server that owns it; None: shared by all servers")
    modes: tuple[Mode, ...] = (Mode.CONTINUE,)
    controls: tuple[str, ...] = Field(default=(), description="names of the fields of `Controls` that it supports")
    styles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    instruments: tuple[str, ...] = Field(default=(), description="supported instruments, families first")
    has_beat: bool = Field(default=False, description="composes on a beat grid, and so in bars")
    is_classic: bool = Field(default=False, description="of the classic kind; composes only when named or preferred")

    @property
    def key(self) -> str:
        """Unique among the models of all servers: the name, with the server's id in front if a server owns it."""
        return model_key(self.name, self.guild_id)


def model_key(name: BundleName, guild_id: int | None) -> str:
    """The key of the model `name` of a server; `guild_id` None: of a shared model."""
    return name if guild_id is None else f"{guild_id}/{name}"


class WorkerInfo(Contract):
    """Heartbeat of a live worker, renewed every few seconds."""

    name: str
    hostname: str
    pid: int
    started_at: float = Field(description="epoch seconds")
    device: str = Field(default="cpu", description="device it composes on: 'cpu', 'gpu:0', …")
    does: tuple[Kind, ...] = Field(default=("compose",), description="kinds of jobs it takes")
    slots: int = Field(default=1, ge=1, description="jobs it runs at the same time")
    models: tuple[ModelInfo, ...] = Field(default=(), description="in the versions that new jobs use")
    job_id: JobId | None = Field(default=None, description="the job that has run longest")
    job_ids: tuple[JobId, ...] = Field(default=(), description="all running jobs, the oldest first")
    remarks: tuple[str, ...] = Field(default=(), description="sentences for the operator, e.g. no GPU found")

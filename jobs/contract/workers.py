"""What live workers say of themselves, and of the models they serve."""

from __future__ import annotations

from pydantic import Field

from jobs.contract.base import BundleName, Contract, JobId, Kind
from jobs.contract.compose import Mode


class ModelInfo(Contract):
    """A model that a live worker serves, as its card describes it, and what it can be asked for."""

    name: BundleName
    version: str
    title: str
    description: str = ""
    licence: str = ""
    default: bool = False
    guild_id: int | None = Field(default=None, description="the server it belongs to; None: all may compose with it")
    modes: tuple[Mode, ...] = (Mode.CONTINUE,)
    controls: tuple[str, ...] = Field(default=(), description="names of the fields of `Controls` that it follows")
    styles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    instruments: tuple[str, ...] = Field(default=(), description="the instruments it can be asked for, families first")
    has_beat: bool = Field(default=False, description="whether it composes on a beat grid, and so in bars")

    @property
    def key(self) -> str:
        """What no two models of different owners share: the name, after the server's id where it belongs to one."""
        return model_key(self.name, self.guild_id)


def model_key(name: BundleName, guild_id: int | None) -> str:
    """The key of the model `name` of that server, or of all servers."""
    return name if guild_id is None else f"{guild_id}/{name}"


class WorkerInfo(Contract):
    """What a live worker says of itself, renewed every few seconds."""

    name: str
    hostname: str
    pid: int
    started_at: float = Field(description="epoch seconds")
    device: str = Field(default="cpu", description="what it composes on: 'cpu', 'gpu:0', …")
    does: tuple[Kind, ...] = Field(default=("compose",), description="the kinds of jobs it takes")
    slots: int = Field(default=1, ge=1, description="jobs it does side by side")
    models: tuple[ModelInfo, ...] = Field(default=(), description="in the versions that new jobs get")
    job_id: JobId | None = Field(default=None, description="the job it has been at longest")
    job_ids: tuple[JobId, ...] = Field(default=(), description="all jobs it is at, the longest first")
    remarks: tuple[str, ...] = Field(default=(), description="sentences for whoever runs it, e.g. no GPU found")

"""The settings of one worker process; those of the queue are in `jobs.settings`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobs.contract import Kind


class WorkerSettings(BaseSettings):
    """Each may be set as `CADENZA_WORKER_<NAME>`, the bundles' folder as `CADENZA_STORE`."""

    model_config = SettingsConfigDict(
        env_prefix="CADENZA_WORKER_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    store: str | None = Field(
        default=None,
        validation_alias="CADENZA_STORE",
        description="folder or fsspec URL of bundles besides the shipped ones",
    )
    default_model: str = Field(
        default="piano",
        validation_alias="CADENZA_DEFAULT_MODEL",
        description="the bundle that composes where nothing tells for another; warm before the first job",
    )
    library: Path = Field(
        default=Path("var/library"),
        validation_alias="CADENZA_LIBRARY",
        description="folder of the servers' data sets and trainings, and of their models where no store is named",
    )
    does: str = Field(
        default="compose,library,train",
        pattern=r"^(compose|library|train)(,(compose|library|train))*$",
        description="which kinds of jobs it takes; who composes also describes; trainings are best kept elsewhere",
    )
    describe_slots: int = Field(default=2, ge=1, le=16, description="MIDI files it describes at a time")
    library_slots: int = Field(default=3, ge=1, le=16, description="library commands at a time")
    training_slots: int = Field(default=1, ge=1, le=16, description="trainings at a time, of different servers")
    training_threads: int = Field(default=0, ge=0, le=256, description="of each training; 0 = as many as processors")
    server_models: int = Field(default=20, ge=1, description="models of one server's own")
    server_models_mib: int = Field(default=1000, ge=1, description="all versions of one server's own models together")
    server_data_sets_mib: int = Field(default=200, ge=1, description="all data sets of one server together")
    night_hour: int = Field(default=3, ge=0, le=23, description="UTC; in which nightly trainings are asked for")
    slots: int = Field(default=8, ge=1, le=64, description="jobs that one process composes side by side")
    device: str = Field(
        default="auto", pattern=r"^(auto|cpu|gpu(:\d{1,3})?)$", description="auto = the first GPU where there is one"
    )
    kept_models: int = Field(default=3, ge=1, description="bundles held in memory; the one unused longest goes first")
    model_memory_mib: int = Field(default=2048, ge=1, description="bundles in memory take up no more unless in use")
    preload_after_s: float = Field(
        default=10.0,
        ge=0,
        description="after so long without a job a model that nobody asked for yet is loaded; 0 = never",
    )
    store_look_s: float = Field(default=0.25, ge=0.1, description="how often it looks for new versions in the store")
    shutdown_grace_s: float = Field(default=2.0, ge=0, description="a running job may finish this long after SIGTERM")
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="for /metrics, /health/live and /health/ready; 0 = none"
    )
    redis_patience_s: float = Field(default=30, ge=0, description="how long a start waits for Redis")

    @property
    def slots_of(self) -> dict[Kind, int]:
        """How many jobs of each kind that it takes it does at a time."""
        slots: dict[Kind, int] = {
            "compose": self.slots,
            "describe": self.describe_slots,
            "library": self.library_slots,
            "train": self.training_slots,
        }
        does = set(self.does.split(","))
        does |= {"describe"} if "compose" in does else set()
        return {kind: slots[kind] for kind in cast(list[Kind], sorted(does))}

    @property
    def server_store(self) -> str:
        """Folder or fsspec URL under which the servers' own bundles are kept."""
        return self.store or str(self.library / "bundles")

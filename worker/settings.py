"""The settings of one worker process; those of the queue are in `jobs.settings`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """Each may be set as `CADENZA_WORKER_<NAME>`, the bundles' folder as `CADENZA_STORE`."""

    model_config = SettingsConfigDict(
        env_prefix="CADENZA_WORKER_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    store: str | None = Field(
        default=None,
        validation_alias="CADENZA_STORE",
        description="folder or fsspec URL of bundles; None = shipped",
    )
    default_model: str = Field(
        default="piano",
        validation_alias="CADENZA_DEFAULT_MODEL",
        description="the bundle that composes where nothing tells for another; warm before the first job",
    )
    kept_models: int = Field(default=3, ge=1, description="bundles held in memory; the one unused longest goes first")
    shutdown_grace_s: float = Field(default=2.0, ge=0, description="a running job may finish this long after SIGTERM")
    redis_patience_s: float = Field(default=30, ge=0, description="how long a start waits for Redis")

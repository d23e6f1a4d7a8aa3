"""What `python -m sandbox` reads from the environment and from `.env`."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = ".env"


class SandboxSettings(BaseSettings):
    """`discord_token` decides between the real Discord and the local one; `state` is where logs and data go."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True)

    discord_token: SecretStr | None = None
    redis_url: SecretStr | None = None
    state: Path = Field(default=Path("var"), validation_alias="CADENZA_STATE")


def inherited_environment() -> dict[str, str]:
    """What children get: `.env`, overruled by the environment, without the secrets that not every child needs."""
    from_file = {key: value for key, value in dotenv_values(ENV_FILE).items() if value}
    both = {**from_file, **os.environ}
    return {key: value for key, value in both.items() if key not in ("DISCORD_TOKEN", "REDIS_URL")}

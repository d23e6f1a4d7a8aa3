"""The settings of `python -m sandbox`, read from the environment and from `.env`."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = ".env"
SECRET_NAMES = ("DISCORD_TOKEN", "REDIS_URL")


class SandboxSettings(BaseSettings):
    """With `discord_token` the bot joins the real Discord. `state` is the folder of logs and data."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True)

    discord_token: SecretStr | None = None
    redis_url: SecretStr | None = None
    state: Path = Field(default=Path("var"), validation_alias="CADENZA_STATE")


def inherited_environment() -> dict[str, str]:
    """The environment for child processes: `.env`, overridden by the environment, without `SECRET_NAMES`.

    Each child gets those secrets separately, and only the ones it needs.
    """
    from_file = {key: value for key, value in dotenv_values(ENV_FILE).items() if value}
    merged = {**from_file, **os.environ}
    return {key: value for key, value in merged.items() if key not in SECRET_NAMES}

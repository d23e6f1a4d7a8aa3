"""What `python -m sandbox` reads from the environment and from `.env`."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.errors import StartError

ENV_FILE = ".env"
SECRETS = ("DISCORD_TOKEN", "REDIS_URL", "REDIS_PASSWORD")


class SandboxSettings(BaseSettings):
    """`discord_token` decides between the real Discord and the local one; `state` is where logs and data go.

    Each secret may be in a file that the variable with `_FILE` at the end names.
    """

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True)

    discord_token: SecretStr | None = None
    discord_token_file: Path | None = None
    redis_url: SecretStr | None = None
    redis_url_file: Path | None = None
    redis_password: SecretStr | None = None
    redis_password_file: Path | None = None
    state: Path = Field(default=Path("var"), validation_alias="CADENZA_STATE")

    @property
    def token(self) -> str | None:
        """The bot's token; None = play Discord here.

        Raises:
            StartError: the file that is to hold it cannot be read.
        """
        return _secret("DISCORD_TOKEN", self.discord_token, self.discord_token_file)

    @property
    def redis_address(self) -> str | None:
        """The address of the queue's server with its password; None = start one here.

        Raises:
            StartError: a file that is to hold a part of it cannot be read.
        """
        url = _secret("REDIS_URL", self.redis_url, self.redis_url_file)
        if url is None:
            return None
        password = _secret("REDIS_PASSWORD", self.redis_password, self.redis_password_file)
        parts = urlsplit(url)
        if password is None or parts.password is not None:
            return url
        user, _, place = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def _secret(name: str, value: SecretStr | None, path: Path | None) -> str | None:
    """The secret in the file at `path`, else `value`; an empty file counts as none."""
    try:
        text = path.read_text().strip() if path is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{name}_FILE must name a text file that may be read here.") from error
    return text or (value.get_secret_value() if value is not None else None)


def inherited_environment() -> dict[str, str]:
    """What children get: `.env`, overruled by the environment, without the secrets that not every child needs."""
    from_file = {key: value for key, value in dotenv_values(ENV_FILE).items() if value}
    both = {**from_file, **os.environ}
    secrets = {*SECRETS, *(f"{name}_FILE" for name in SECRETS)}
    return {key: value for key, value in both.items() if key not in secrets}

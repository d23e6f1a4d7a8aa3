"""The settings of `python -m sandbox`, read from the environment and from `.env`."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.supervised_process import StartError

ENV_FILE = ".env"
SECRET_NAMES = ("DISCORD_TOKEN", "REDIS_URL", "REDIS_PASSWORD")


class SandboxSettings(BaseSettings):
    """With a token the bot joins the real Discord. `state` is the folder of logs and data.

    Each secret may instead be in a file, named by the variable that ends in `_FILE`.
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
        """The bot's token, or None for the local Discord.

        Raises:
            StartError: the file with the token cannot be read.
        """
        return _secret("DISCORD_TOKEN", self.discord_token, self.discord_token_file)

    @property
    def redis_address(self) -> str | None:
        """The URL of the Redis server with its password, or None to start an embedded one.

        Raises:
            StartError: the file with the URL or the password cannot be read.
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
    """The environment for child processes: `.env`, overridden by the environment, without `SECRET_NAMES`.

    Each child gets those secrets separately, and only the ones it needs.
    """
    from_file = {key: value for key, value in dotenv_values(ENV_FILE).items() if value}
    merged = {**from_file, **os.environ}
    secrets = {*SECRET_NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)}
    return {key: value for key, value in merged.items() if key not in secrets}

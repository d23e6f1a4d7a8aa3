"""Everything that can be set about the bot, each with the sentence shown when it is missing or wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, UrlConstraints, ValidationError
from pydantic_core import Url
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from jobs.settings import SecretFiles

HttpAddress = Annotated[Url, UrlConstraints(allowed_schemes=["http", "https"])]
SocketAddress = Annotated[Url, UrlConstraints(allowed_schemes=["ws", "wss"])]
Token = Annotated[SecretStr, Field(min_length=1)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], StringConstraints(to_upper=True)]

WHAT_TO_DO = {
    "DISCORD_TOKEN": "copy the bot's token from the Discord developer portal (your application, page Bot) into `.env`; "
    "without Discord, `make run` needs none",
    "DISCORD_TOKEN_FILE": "name a text file with the bot's token that the bot may read, or leave it out",
    "REDIS_URL_FILE": "name a text file with the address of the Redis server that the bot may read, or leave it out",
    "REDIS_PASSWORD_FILE": "name a text file with the password of Redis that the bot may read, or leave it out",
    "CADENZA_FILES": "give a folder or a URL such as s3://bucket/folder whose fsspec package is installed",
    "CADENZA_METRICS_HOST": "give an address of this machine, such as 127.0.0.1 or 0.0.0.0, or leave it out",
    "CADENZA_HEALTH_PORT": "give a free port of this machine, or 0 for no health check",
    "REDIS_URL": "give the address of the Redis server as redis://:password@host:port/0, or rediss:// for TLS; "
    "`make run` starts one itself",
    "CADENZA_DISCORD_API": "give an http(s) address such as https://discord.com/api/v10, or leave it out",
    "CADENZA_DISCORD_GATEWAY": "give a ws(s) address such as wss://gateway.discord.gg/, or leave it out",
    "CADENZA_STATE": "give a folder that the bot may write to, or leave it out for ./var",
    "CADENZA_MAX_SEED_BYTES": "give the largest seed as a number of bytes up to 1048576, or leave it out",
    "CADENZA_LOG_FORMAT": "give text or json, or leave it out",
    "CADENZA_LOG_LEVEL": "give one of DEBUG, INFO, WARNING, ERROR, or leave it out",
}


class BotSettings(BaseSettings):
    """The bot's own settings, read from the environment."""

    model_config = SettingsConfigDict(frozen=True, populate_by_name=True, env_ignore_empty=True)

    discord_token: Token = Field(validation_alias="DISCORD_TOKEN")
    discord_api: HttpAddress = Field(default=Url("https://discord.com/api/v10"), validation_alias="CADENZA_DISCORD_API")
    discord_gateway: SocketAddress = Field(
        default=Url("wss://gateway.discord.gg/"), validation_alias="CADENZA_DISCORD_GATEWAY"
    )
    state: Path = Field(default=Path("var"), validation_alias="CADENZA_STATE", description="folder of small files")
    max_seed_bytes: int = Field(
        default=2**20, ge=1, le=2**20, validation_alias="CADENZA_MAX_SEED_BYTES", description="workers read no more"
    )
    log_level: LogLevel = Field(default="INFO", validation_alias="CADENZA_LOG_LEVEL")
    health_port: int = Field(
        default=0, ge=0, le=65535, validation_alias="CADENZA_HEALTH_PORT", description="on loopback; 0 = none"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The token may also come from the file that `DISCORD_TOKEN_FILE` names."""
        return init_settings, SecretFiles(settings_cls, ("DISCORD_TOKEN",)), env_settings


def sentences(error: ValidationError) -> list[str]:
    """One sentence for each setting that is missing or wrong; never its value, which may be a secret."""
    return [
        _sentence(str(detail["loc"][0]) if detail["loc"] else "a setting", detail["type"])
        for detail in error.errors(include_input=False)
    ]


def _sentence(name: str, kind: str) -> str:
    name = name.upper()
    what_is_wrong = "is not set" if kind == "missing" else "cannot be used as it is"
    return f"{name} {what_is_wrong}: {WHAT_TO_DO.get(name, 'see .env.example for what it takes')}."

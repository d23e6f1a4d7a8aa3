"""Settings that the bot and the workers share, secrets read from files, and the Redis clients made from them.

The bot and the workers read the same environment variables, so both apply the same limits and lifetimes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import fsspec
import redis
import redis.asyncio
from pydantic import Field, RedisDsn, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from jobs import logs

_REDIS_ADDRESS: TypeAdapter[RedisDsn] = TypeAdapter(RedisDsn)
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


class JobSettings(BaseSettings):
    """Limits and times; each may be set as `CADENZA_JOBS_<NAME>`, the address as `REDIS_URL`."""

    model_config = SettingsConfigDict(
        env_prefix="CADENZA_JOBS_",
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    redis_url: SecretStr = Field(validation_alias="REDIS_URL", description="redis://:password@host:port/0")
    redis_password: SecretStr | None = Field(
        default=None, validation_alias="REDIS_PASSWORD", description="used where the address has none"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", validation_alias=logs.VARIABLE, description="of the lines on stderr; see `jobs.logs`"
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        validation_alias="CADENZA_METRICS_HOST",
        description="address of this machine on which health and metrics are served",
    )
    files: str = Field(
        default="var/files",
        validation_alias="CADENZA_FILES",
        description="folder or fsspec URL of members' files, shared by the bot and all workers",
    )
    files_limit_mib: int = Field(default=20480, ge=1, description="all files together; the oldest go first")
    queue: str = Field(default="compose", pattern=r"^[a-z_]{1,32}$", description="name of the RQ queue of pieces")
    describe_queue: str = Field(default="describe", pattern=r"^[a-z_]{1,32}$", description="of descriptions")
    library_queue: str = Field(default="library", pattern=r"^[a-z_]{1,32}$", description="of data sets and models")
    train_queue: str = Field(default="train", pattern=r"^[a-z_]{1,32}$", description="of trainings")

    open_jobs_limit: int = Field(default=50, ge=1, description="jobs waiting or running, all members together")
    member_open_jobs_limit: int = Field(default=3, ge=1, description="jobs waiting or running of one member")
    open_trainings_limit: int = Field(default=20, ge=1, description="trainings waiting or running, of all servers")
    server_open_trainings_limit: int = Field(default=3, ge=1, description="of one server; one of them runs")
    server_open_errands_limit: int = Field(default=20, ge=1, description="library jobs of one server at a time")
    blob_limit_bytes: int = Field(default=16 * 2**20, ge=1)

    job_timeout_s: int = Field(default=240, ge=1, description="one attempt may run this long")
    describe_timeout_s: int = Field(default=60, ge=1, description="the same for a description")
    library_timeout_s: int = Field(default=900, ge=1, description="the same for what is done with data sets and models")
    training_timeout_s: int = Field(default=2 * _DAY_S, ge=1, description="the same for a training")
    training_retries: int = Field(default=50, ge=1, description="times a training continues from its checkpoint")
    retries: int = Field(default=1, ge=1, le=5, description="further attempts after a worker or an attempt was lost")
    liveness_s: int = Field(default=10, ge=2, description="a worker without a heartbeat for this long counts as dead")
    worker_absence_limit_s: float = Field(
        default=120, gt=0, description="how long a worker is expected back; then waiting jobs fail"
    )
    adrift_limit_s: float = Field(
        default=6, gt=0, description="a job neither queued nor running for this long is rescued"
    )
    outage_limit_s: float = Field(
        default=120, gt=0, description="subscriptions tolerate Redis outages of up to this long"
    )
    open_job_limit_s: int = Field(default=6 * _HOUR_S, ge=60, description="after this an open job no longer counts")

    record_ttl_s: int = Field(default=14 * _DAY_S, ge=60, description="how long buttons under a result work")
    blob_ttl_s: int = Field(default=14 * _DAY_S, ge=60)
    progress_ttl_s: int = Field(default=_DAY_S, ge=60)
    result_ttl_s: int = Field(default=_HOUR_S, ge=1, description="RQ's own entry for a finished job")
    failure_ttl_s: int = Field(
        default=7 * _DAY_S, ge=1, description="RQ's own entry for a failed job, with its traceback"
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
        """Secrets may also come from the files that `REDIS_URL_FILE` and `REDIS_PASSWORD_FILE` name."""
        return init_settings, SecretFiles(settings_cls, ("REDIS_URL", "REDIS_PASSWORD")), env_settings

    @property
    def secrets(self) -> list[str]:
        """The passwords in the settings, as they are and as an address shows them; logs black them out."""
        url = urlsplit(self.redis_url.get_secret_value())
        found = [self.redis_password.get_secret_value()] if self.redis_password else []
        found += [url.password, unquote(url.password)] if url.password else []
        found += [os.environ[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") if name in os.environ]
        return found

    @field_validator("files")
    @classmethod
    def _is_a_known_store(cls, value: str) -> str:
        protocol = fsspec.utils.get_protocol(value)
        if protocol not in fsspec.available_protocols():
            raise ValueError("CADENZA_FILES must be a folder or a URL such as s3://bucket/folder")
        try:
            fsspec.get_filesystem_class(protocol)
        except ImportError as error:
            raise ValueError(f"CADENZA_FILES: {error}") from error
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_a_redis_address(cls, value: SecretStr) -> SecretStr:
        try:
            _REDIS_ADDRESS.validate_python(value.get_secret_value())
        except ValueError:
            # not chained: the cause repeats the address, and the address holds a password
            raise ValueError("REDIS_URL must read redis://:password@host:port/0, or rediss:// for TLS") from None
        return value


LARGEST_BYTES = 64 * 1024


class SecretFiles(PydanticBaseSettingsSource):
    """Reads each of the variables `names` from the file that the variable with `_FILE` at the end names.

    An empty file counts as none, so that a deployment may always mount one. A secret in a file overrules the variable.
    """

    def __init__(self, settings_cls: type[BaseSettings], names: tuple[str, ...]) -> None:
        super().__init__(settings_cls)
        self._names = names

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The secret of one field, and its variable; the secret is None where no file is named.

        Raises:
            ValidationError: the file cannot be read. It names the variable, never what the file holds.
        """
        name = str(field.validation_alias)
        path = os.environ.get(f"{name}_FILE")
        return _read(Path(path), f"{name}_FILE") if path and name in self._names else None, name, False

    def __call__(self) -> dict[str, Any]:
        """The secrets that files give, by variable."""
        found = [self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items()]
        return {name: value for value, name, _ in found if value is not None}


def _read(path: Path, variable: str) -> str | None:
    text = None
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
        text = data.decode().strip() if len(data) <= LARGEST_BYTES else None
    except (OSError, UnicodeDecodeError):
        pass
    if text is None:
        problem = PydanticCustomError("secret_file", "it must name a small text file that this process may read")
        raise ValidationError.from_exception_data(
            "secrets", [InitErrorDetails(type=problem, loc=(variable,), input=None)]
        )
    return text or None


COMMAND_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 5
MOST_FOLLOWERS = 4096  # each blocks on a connection of its own; redis-py would stop at 100


def connect(settings: JobSettings) -> redis.Redis:
    """A client for commands that answer at once; values are bytes, as RQ wants them."""
    return redis.Redis.from_url(
        settings.redis_url.get_secret_value(),
        password=_password(settings),
        socket_timeout=COMMAND_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        health_check_interval=30,
        protocol=2,
    )


def connect_blocking(settings: JobSettings) -> redis.asyncio.Redis:
    """An asyncio client for blocking reads; the reader bounds its waiting itself.

    redis-py's default socket timeout of 5 s with retries would turn a quiet stream into an error after a minute.
    """
    return redis.asyncio.Redis.from_url(
        settings.redis_url.get_secret_value(),
        password=_password(settings),
        socket_timeout=None,
        protocol=2,  # its stream replies are lists, whatever redis-py's default is
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        max_connections=MOST_FOLLOWERS,
        retry=Retry(ExponentialBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )


def _password(settings: JobSettings) -> str | None:
    """The password for an address that holds none; redis-py prefers the one in the address."""
    return settings.redis_password.get_secret_value() if settings.redis_password else None

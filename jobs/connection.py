"""Clients for Redis: one for commands, one whose reads may block."""

from __future__ import annotations

import redis
import redis.asyncio
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from jobs.settings import JobSettings

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

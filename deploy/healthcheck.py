"""The containers' health check, run as `python -m deploy.healthcheck bot|worker`; exit status 0 means healthy.

`worker`: a worker of this host has sent a heartbeat to Redis within the last seconds. `bot`: its own route
`/health/ready` says that Discord and Redis are connected. Anything else ends with a sentence and status 1.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.error
import urllib.request

LIMIT_S = 5.0


def sick_worker() -> str | None:
    """What is wrong with the worker on this host; None = nothing."""
    import redis  # late: the bot's check needs none of these
    from pydantic import ValidationError

    from jobs.registry import WorkerRegistry
    from jobs.settings import JobSettings, connect

    try:
        settings = JobSettings()  # type: ignore[call-arg]  # the environment gives them
        workers = WorkerRegistry(connect(settings), settings).workers()
    except redis.RedisError as error:
        return f"Redis cannot be used: {error}"
    except ValidationError as error:
        return f"Settings missing or wrong: {error.error_count()}."
    if any(worker.hostname == socket.gethostname() for worker in workers):
        return None
    return f"No worker of this host sent a heartbeat within {settings.liveness_s} s."


def sick_bot() -> str | None:
    """What is wrong with the bot on this host; None = nothing."""
    port = os.environ.get("CADENZA_HEALTH_PORT", "")
    if not port.isdigit() or port == "0":
        return "CADENZA_HEALTH_PORT is not set, so the bot cannot be asked."
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=LIMIT_S):
            return None
    except urllib.error.HTTPError as error:
        parts = json.load(error)
        return f"Not connected: {', '.join(name for name, is_well in parts.items() if not is_well)}."
    except OSError as error:
        return f"The bot does not answer on port {port}: {error}"


def main(arguments: list[str]) -> int:
    """0 when healthy; else 1, and the reason on stderr."""
    reason = sick_bot() if arguments == ["bot"] else sick_worker()
    if reason:
        sys.stderr.write(f"{reason}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

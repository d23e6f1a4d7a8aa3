"""How the worker and a render process talk over pipes: a message is a JSON object and one run of bytes.

Nothing is unpickled, so neither side can make the other run code.
"""

from __future__ import annotations

import json
from typing import IO, Any

_LENGTH_BYTES = 8


class PipeClosedError(Exception):
    """Raised when the other side has ended, in the middle of a message or before one."""


def send(pipe: IO[bytes], head: dict[str, Any], body: bytes = b"") -> None:
    """Write one message.

    Raises:
        PipeClosedError: nobody reads any more.
    """
    text = json.dumps(head).encode()
    try:
        pipe.write(len(text).to_bytes(_LENGTH_BYTES, "big") + len(body).to_bytes(_LENGTH_BYTES, "big"))
        pipe.write(text)
        pipe.write(body)
        pipe.flush()
    except (OSError, ValueError) as error:  # ValueError: closed on this side
        raise PipeClosedError from error


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Wait for one message and read it.

    Raises:
        PipeClosedError: the other side has ended.
    """
    text_size = int.from_bytes(_read(pipe, _LENGTH_BYTES), "big")
    body_size = int.from_bytes(_read(pipe, _LENGTH_BYTES), "big")
    return json.loads(_read(pipe, text_size)), _read(pipe, body_size)


def _read(pipe: IO[bytes], size: int) -> bytes:
    try:
        data = pipe.read(size)
    except (OSError, ValueError) as error:
        raise PipeClosedError from error
    if len(data) < size:
        raise PipeClosedError
    return data

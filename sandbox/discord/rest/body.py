"""Reads the body of a request: JSON, or multipart with `payload_json` and `files[n]`."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.discord.attachments import UPLOAD_LIMIT_BYTES
from sandbox.discord.errors import DiscordError, invalid_form, too_large
from sandbox.discord.schema import checked

Json = dict[str, Any]

MAX_FILES = 10
MAX_JSON_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16
_FILE = re.compile(r"files\[(\d{1,4})\]")


@dataclass(frozen=True)
class Upload:
    """A file of a request, under the `n` of its `files[n]`."""

    filename: str
    data: bytes


@dataclass
class Body:
    """What a request says, checked against its schema, and the files it brings."""

    payload: Any
    files: dict[int, Upload] = field(default_factory=dict)


async def read_body(request: web.Request) -> Body:
    """The body, not yet checked against a schema.

    Raises:
        DiscordError: 50109 for broken JSON, 50035 for another content type, 40005 for too large a file.
    """
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    if request.headers.get("Content-Type") != "application/json":
        sentence = "Expected \"Content-Type\" header to be one of {'application/json'}."
        raise invalid_form([((), "CONTENT_TYPE_INVALID", sentence)])
    return Body(_parsed(await _limited(request.content.iter_chunked(_CHUNK_BYTES), MAX_JSON_BYTES)))


async def read_checked(request: web.Request, schema: str, many: bool = False) -> Body:
    """The body, as the schema of this name wants it.

    Raises:
        DiscordError: as `read_body`, and 50035 for what breaks the schema.
    """
    body = await read_body(request)
    body.payload = checked(body.payload, schema, many)
    return body


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from error


async def _read_multipart(request: web.Request) -> Body:
    body = Body({})
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise DiscordError(400, 50035, "Invalid Form Body")
            await _take_part(part, body)
    except ValueError as error:
        raise DiscordError(400, 50035, "Invalid Form Body") from error
    return body


async def _take_part(part: BodyPartReader, body: Body) -> None:
    name = part.name or ""
    if name == "payload_json":
        body.payload = _parsed(await _limited(_chunks(part), MAX_JSON_BYTES))
        return
    found = _FILE.fullmatch(name)
    if found is None:
        raise invalid_form([((name,), "UNKNOWN_KEY", "Files are sent as files[n], the rest as payload_json.")])
    if len(body.files) == MAX_FILES:
        raise invalid_form([(("files",), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")])
    data = await _limited(_chunks(part), UPLOAD_LIMIT_BYTES)
    body.files[int(found[1])] = Upload(part.filename or "unknown", data)


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        yield chunk


async def _limited(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """The bytes of `chunks`; of more than `limit` nothing is kept."""
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > limit:
            await _skip_rest(chunks)
            raise too_large()
    return bytes(data)


async def _skip_rest(chunks: AsyncIterator[bytes]) -> None:
    """Read on, so that the client hears the answer instead of a broken pipe; give up past five times the limit."""
    left = 5 * UPLOAD_LIMIT_BYTES
    async for chunk in chunks:
        left -= len(chunk)
        if left <= 0:
            return

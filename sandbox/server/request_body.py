"""Reads the body of a request: JSON, or multipart with `payload_json` and `files[n]`."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.server.attachments import UPLOAD_LIMIT_BYTES
from sandbox.server.errors import INVALID_FORM, INVALID_JSON, TOO_LARGE, DiscordError, invalid_form
from sandbox.server.validation import validated

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
    """The JSON of a request, or the part of it at `path`, and the files of the request."""

    payload: Any
    files: dict[int, Upload] = field(default_factory=dict)
    path: tuple[str, ...] = ()


async def read_body(request: web.Request) -> Body:
    """Read the body without checking it against a schema.

    Raises:
        DiscordError: 50109 for broken JSON, 50035 for another content type, 40005 for too large a file.
    """
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    if request.headers.get("Content-Type") != "application/json":
        sentence = "Expected \"Content-Type\" header to be one of {'application/json'}."
        raise invalid_form([((), "CONTENT_TYPE_INVALID", sentence)])
    return Body(_parsed(await _limited(request.content.iter_chunked(_CHUNK_BYTES), MAX_JSON_BYTES)))


async def read_validated(request: web.Request, schema: str, many: bool = False) -> Body:
    """Read the body and check it against the schema of this name (or `many`: a list of it).

    Raises:
        DiscordError: as `read_body`, and 50035 for a body that breaks the schema.
    """
    body = await read_body(request)
    body.payload = validated(body.payload, schema, many)
    return body


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DiscordError(INVALID_JSON) from error


async def _read_multipart(request: web.Request) -> Body:
    body = Body({})
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise DiscordError(INVALID_FORM)
            await _take_part(part, body)
    except ValueError as error:
        raise DiscordError(INVALID_FORM) from error
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
    """The bytes of `chunks`.

    Raises:
        DiscordError: 40005 for more than `limit` bytes.
    """
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > limit:
            await _skip_rest(chunks)
            raise DiscordError(TOO_LARGE)
    return bytes(data)


async def _skip_rest(chunks: AsyncIterator[bytes]) -> None:
    """Read on, so that the client gets the answer and not a broken pipe; up to five times the limit."""
    left = 5 * UPLOAD_LIMIT_BYTES
    async for chunk in chunks:
        left -= len(chunk)
        if left <= 0:
            return

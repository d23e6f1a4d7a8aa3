"""Files: kept in memory, addressed by signed URLs that expire, served with types that a browser cannot run."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from aiohttp import web

from sandbox.server.clock import Clock, Snowflakes

LIFETIME_S = 24 * 3600
MAX_KEPT_BYTES = 512 * 1024 * 1024
UPLOAD_LIMIT_BYTES = 10 * 1024 * 1024

_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/x-wav",
    ".mid": "audio/midi",
    ".midi": "audio/midi",
    ".json": "application/json; charset=utf-8",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
}
_TEXT = {".txt", ".md", ".csv", ".log", ".html", ".htm", ".svg", ".xml", ".js"}  # shown as text, never run


@dataclass(frozen=True)
class Attachment:
    """A file; `width` and `height` in pixels if it is a PNG."""

    id: int
    channel_id: int
    filename: str
    content_type: str | None
    data: bytes
    description: str | None = None
    width: int | None = None
    height: int | None = None


def safe_filename(name: str) -> str:
    """The name as Discord keeps it: without a folder, with `_` in place of spaces and special characters."""
    cleaned = re.sub(r"[^\w.\-]", "_", PurePosixPath(name.replace("\\", "/")).name).strip(".")
    return cleaned[-200:] or "unknown"


def content_type_of(filename: str, data: bytes) -> str | None:
    """The type that the first bytes tell, else the one of the name, else None."""
    for magic, found in ((b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif")):
        if data.startswith(magic):
            return found
    suffix = PurePosixPath(filename).suffix.lower()
    return "text/plain; charset=utf-8" if suffix in _TEXT else _TYPES.get(suffix)


def _png_size(data: bytes) -> tuple[int | None, int | None]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return None, None


class AttachmentStore:
    """Holds files; beyond `MAX_KEPT_BYTES` the oldest are dropped. `base_url` has no slash at its end."""

    def __init__(self, clock: Clock, ids: Snowflakes) -> None:
        self._clock = clock
        self._ids = ids
        self._key = secrets.token_bytes(32)
        self._kept: dict[int, Attachment] = {}
        self.base_url = ""

    def add(self, channel_id: int, filename: str, data: bytes, description: str | None = None) -> Attachment:
        """Keep a file and give it an id."""
        name = safe_filename(filename)
        width, height = _png_size(data)
        kept = Attachment(
            self._ids.next(), channel_id, name, content_type_of(name, data), data, description, width, height
        )
        self._kept[kept.id] = kept
        while sum(len(one.data) for one in self._kept.values()) > MAX_KEPT_BYTES:
            del self._kept[next(iter(self._kept))]
        return kept

    def to_json(self, kept: Attachment) -> dict[str, object]:
        """The attachment as Discord sends it, with a newly signed URL."""
        url = self.url(kept)
        described: dict[str, object] = {
            "id": str(kept.id),
            "filename": kept.filename,
            "size": len(kept.data),
            "url": url,
            "proxy_url": url,
        }
        for key in ("content_type", "description", "width", "height"):
            if (value := getattr(kept, key)) is not None:
                described[key] = value
        return described

    def url(self, kept: Attachment) -> str:
        """A URL that works for 24 hours."""
        issued = int(self._clock.now())
        path = f"/attachments/{kept.channel_id}/{kept.id}/{quote(kept.filename)}"
        expires = f"{issued + LIFETIME_S:x}"
        return f"{self.base_url}{path}?ex={expires}&is={issued:x}&hm={self._sign(kept.id, expires)}&"

    def _sign(self, attachment_id: int, expires: str) -> str:
        return hmac.new(self._key, f"{attachment_id} {expires}".encode(), hashlib.sha256).hexdigest()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """`GET /attachments/...`: the file, or Discord's 404 if the URL is wrong or has expired."""
        kept = self._find(request)
        if kept is None:
            return web.Response(status=404, text="This content is no longer available.")
        headers = {
            "Content-Type": kept.content_type or "application/octet-stream",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=3600",
            "Accept-Ranges": "bytes",
        }
        return _ranged(request, kept.data, headers)

    def _find(self, request: web.Request) -> Attachment | None:
        expires, signature = request.query.get("ex", ""), request.query.get("hm", "")
        try:
            attachment_id, expires_at = int(request.match_info["attachment_id"]), int(expires, 16)
        except ValueError:
            return None
        if not hmac.compare_digest(signature.encode(), self._sign(attachment_id, expires).encode()):
            return None
        kept = self._kept.get(attachment_id) if self._clock.now() < expires_at else None
        same = kept and (kept.filename, str(kept.channel_id)) == (
            request.match_info["filename"],
            request.match_info["channel_id"],
        )
        return kept if same else None


def _ranged(request: web.Request, data: bytes, headers: dict[str, str]) -> web.Response:
    """The requested range: players seek by asking for one."""
    try:
        wanted = request.http_range
    except ValueError:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    if wanted.start is None and wanted.stop is None:
        return web.Response(body=data, headers=headers)
    start, stop, _ = wanted.indices(len(data))
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:stop], headers=headers)

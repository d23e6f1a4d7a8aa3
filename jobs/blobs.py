"""Files in Redis, named by the SHA-256 of their bytes, with a time to live; never inside a job's arguments."""

from __future__ import annotations

import hashlib

import redis

from jobs import keys
from jobs.contract import BlobRef
from jobs.errors import BlobGone, BlobTooBig
from jobs.settings import JobSettings


class BlobStore:
    """Keeps files for `blob_ttl_s` after they were last put, read or asked for."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings

    @property
    def limit_bytes(self) -> int:
        """The largest file that is kept."""
        return self._settings.blob_limit_bytes

    def put(self, data: bytes, name: str, content_type: str) -> BlobRef:
        """Keep `data`; putting the same bytes again only renews their life.

        Raises:
            BlobTooBig: over `blob_limit_bytes`.
        """
        if len(data) > self._settings.blob_limit_bytes:
            raise BlobTooBig(name, self._settings.blob_limit_bytes)
        digest = hashlib.sha256(data).hexdigest()
        self._connection.set(keys.blob(digest), data, ex=self._settings.blob_ttl_s)
        return BlobRef(digest=digest, size=len(data), name=name[:200], content_type=content_type)

    def get(self, ref: BlobRef) -> bytes:
        """The bytes of `ref`, whose life is renewed.

        Raises:
            BlobGone: its life was over.
        """
        data = self._connection.getex(keys.blob(ref.digest), ex=self._settings.blob_ttl_s)
        if data is None:
            raise BlobGone(ref.name)
        return bytes(data)  # type: ignore[arg-type]

    def renew(self, ref: BlobRef) -> None:
        """Let `ref` live on.

        Raises:
            BlobGone: its life was over.
        """
        if not self._connection.expire(keys.blob(ref.digest), self._settings.blob_ttl_s):
            raise BlobGone(ref.name)

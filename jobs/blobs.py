"""Members' files: their bytes in a folder or object store, and what is known about them in Redis.

The store is an fsspec URL (`CADENZA_FILES`): a folder by default, `s3://…` where bot and workers run on several
machines. Redis holds an index only: by the SHA-256 of its bytes the object that holds a file, its size and when it
expires. A file is written to an object with a new name before it enters the index, so nobody reads half a file, and no
object name is used twice, so that deleting an expired file cannot hit one that was kept again meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import fsspec
import redis
from fsspec.implementations.local import LocalFileSystem

from jobs import keys
from jobs.contract import BlobRef, Digest
from jobs.errors import BlobGone, BlobTooBig, FileStoreUnavailable
from jobs.settings import JobSettings

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 300.0
ORPHAN_AGE_S = 24 * 3600.0
"""An object of this age that the index does not name was left by a process that died while writing."""

# Every key of the index ends by itself a day after the last file would; what is then left in the store is an orphan.
_LIVE_ON = """
local function live_on(expires)
  for _, key in ipairs(KEYS) do redis.call('EXPIREAT', key, math.ceil(tonumber(expires)) + 86400) end
end
"""

# KEYS expiry, entries, bytes; ARGV digest, now, new expiry: the object of a live file, whose life is renewed
_RENEW = f"""{_LIVE_ON}
local expires = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not expires or tonumber(expires) <= tonumber(ARGV[2]) then return false end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
live_on(ARGV[3])
return redis.call('HGET', KEYS[2], ARGV[1])
"""

_REMOVE = """
local function remove(digest)
  local entry = redis.call('HGET', KEYS[2], digest)
  redis.call('ZREM', KEYS[1], digest)
  redis.call('HDEL', KEYS[2], digest)
  if entry then
    redis.call('DECRBY', KEYS[3], tonumber(string.match(entry, '^(%d+) ')))
    return string.match(entry, ' (.+)$')
  end
end
"""

# KEYS expiry, entries, bytes; ARGV digest, object, size, expiry: the object that the file had before, if any
_ADD = f"""{_LIVE_ON}{_REMOVE}
local before = remove(ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3] .. ' ' .. ARGV[2])
redis.call('INCRBY', KEYS[3], ARGV[3])
live_on(ARGV[4])
return before
"""

# KEYS expiry, entries, bytes; ARGV digest: the object of a file that is no longer kept, if it was
_FORGET = f"""{_REMOVE}
return remove(ARGV[1])
"""

# KEYS expiry, entries, bytes; ARGV now, limit of all files in bytes: the objects that are no longer kept
_SWEEP = f"""{_REMOVE}
local gone = {{}}
for _, digest in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 500)) do
  table.insert(gone, remove(digest))
end
while tonumber(redis.call('GET', KEYS[3]) or '0') > tonumber(ARGV[2]) and #gone < 500 do
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)
  if #oldest == 0 then
    redis.call('DEL', KEYS[3])
    break
  end
  table.insert(gone, remove(oldest[1]))
end
return gone
"""
_INDEX = (keys.FILES, keys.FILE_ENTRIES, keys.FILE_BYTES)


class BlobStore:
    """Keeps files for `blob_ttl_s` after they were last put, read or asked for."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._files, self._root = fsspec.core.url_to_fs(settings.files)

    @property
    def limit_bytes(self) -> int:
        """The largest file that is kept."""
        return self._settings.blob_limit_bytes

    def put(self, data: bytes, name: str, content_type: str) -> BlobRef:
        """Keep `data`; putting the same bytes again only renews their life.

        When all files together exceed `files_limit_mib`, those that would expire first go.

        Raises:
            BlobTooBig: over `blob_limit_bytes`.
            FileStoreUnavailable: it cannot be written.
        """
        if len(data) > self._settings.blob_limit_bytes:
            raise BlobTooBig(name, self._settings.blob_limit_bytes)
        digest = hashlib.sha256(data).hexdigest()
        ref = BlobRef(digest=digest, size=len(data), name=name[:200], content_type=content_type)
        known = self._renew(digest)
        try:
            if known is not None and self._files.exists(self._path(known)):
                return ref
            self._keep(digest, data)
        except OSError as error:
            log.error("a file cannot be written to %s: %s", self._settings.files, error)
            raise FileStoreUnavailable from error
        self._delete(self._take_expired())
        return ref

    def get(self, ref: BlobRef) -> bytes:
        """The bytes of `ref`, whose life is renewed.

        Raises:
            BlobGone: its life was over, or what is stored is damaged.
            FileStoreUnavailable: the store cannot be read.
        """
        missing = None
        while (found := self._renew(ref.digest)) is not None:
            try:
                data = bytes(self._files.cat_file(self._path(found)))
                break
            except FileNotFoundError:
                if found == missing:
                    log.error("%s has no %s: bot and workers must share CADENZA_FILES", self._root, found)
                    raise BlobGone(ref.name) from None
                missing = found  # another process may just have stored the same bytes under another name
            except OSError as error:
                log.error("a file cannot be read from %s: %s", self._settings.files, error)
                raise FileStoreUnavailable from error
        else:
            return self._moved_from_redis(ref)
        if hashlib.sha256(data).hexdigest() != ref.digest:
            log.error("%s in %s is damaged", found, self._root)
            raise BlobGone(ref.name)
        return data

    def renew(self, ref: BlobRef) -> None:
        """Let `ref` live on.

        Raises:
            BlobGone: its life was over.
        """
        if self._renew(ref.digest) is None:
            self._moved_from_redis(ref)

    def delete(self, digests: Iterable[Digest]) -> int:
        """Delete the files with these digests at once; how many were there.

        Raises:
            FileStoreUnavailable: one cannot be deleted; it is no longer named, and a later sweep deletes it.
        """
        count = 0
        for digest in digests:
            found = cast("bytes | None", self._connection.eval(_FORGET, 3, *_INDEX, digest))
            self._connection.delete(keys.blob(digest))
            if found is None:
                continue
            count += 1
            with suppress(FileNotFoundError), self._mapped(FileNotFoundError):
                self._files.rm_file(self._path(found.decode()))
        return count

    def sweep(self) -> int:
        """Delete what expired, and objects that a process left when it died while writing; how many objects went.

        Raises:
            FileStoreUnavailable: the store cannot be read.
        """
        count = 0
        while gone := self._take_expired():
            self._delete(gone)
            count += len(gone)
        with self._mapped():
            orphans = list(self._orphans())
        self._delete(orphans)
        return count + len(orphans)

    def _renew(self, digest: str) -> str | None:
        now = time.time()
        entry = self._connection.eval(_RENEW, 3, *_INDEX, digest, now, now + self._settings.blob_ttl_s)
        return None if entry is None else cast(bytes, entry).decode().partition(" ")[2]

    def _keep(self, digest: str, data: bytes) -> None:
        """Write `data` to a new object, then let the index name it."""
        found = f"{digest[:2]}/{digest}-{secrets.token_hex(8)}"
        path = self._path(found)
        with self._mapped():
            if isinstance(self._files, LocalFileSystem):  # nobody else on this machine reads members' files
                Path(self._root).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, data)
        expires_at = time.time() + self._settings.blob_ttl_s
        try:
            before = self._connection.eval(_ADD, 3, *_INDEX, digest, found, len(data), expires_at)
        except redis.RedisError:
            self._delete([found])
            raise
        if before is not None:
            self._delete([cast(bytes, before).decode()])

    def _moved_from_redis(self, ref: BlobRef) -> bytes:
        """The bytes of a file that an earlier version kept in Redis; they move to the store.

        Raises:
            BlobGone: it did not.
        """
        data = cast("bytes | None", self._connection.get(keys.blob(ref.digest)))
        if data is None:
            raise BlobGone(ref.name)
        self._keep(ref.digest, data)
        self._connection.delete(keys.blob(ref.digest))
        return data

    def _take_expired(self) -> list[str]:
        """Take some files that are no longer kept out of the index; their objects."""
        limit_bytes = self._settings.files_limit_mib << 20
        gone = self._connection.eval(_SWEEP, 3, *_INDEX, time.time(), limit_bytes)
        return [one.decode() for one in cast(list[bytes], gone)]

    def _delete(self, objects: Iterable[str]) -> None:
        for one in objects:  # what cannot be deleted is an orphan for a later sweep
            with suppress(FileNotFoundError, FileStoreUnavailable), self._mapped(FileNotFoundError):
                self._files.rm_file(self._path(one))

    def _orphans(self) -> Iterable[str]:
        """Objects older than `ORPHAN_AGE_S` that the index does not name."""
        self._files.invalidate_cache()  # stores far away keep lists of what they have seen
        if not self._files.exists(self._root):
            return
        found = {path.removeprefix(self._root).lstrip("/"): path for path in self._files.find(self._root)}
        entries = self._connection.hvals(keys.FILE_ENTRIES)  # after the listing: what was written since is named here
        named = {entry.decode().partition(" ")[2] for entry in cast(list[bytes], entries)}
        for one in found.keys() - named:
            try:
                age_s = time.time() - self._files.modified(found[one]).timestamp()
            except FileNotFoundError:
                continue
            if age_s > ORPHAN_AGE_S:
                yield one

    @contextmanager
    def _mapped(self, *passing: type[Exception]) -> Iterator[None]:
        """Turn whatever the file system raises, but for `passing`, into FileStoreUnavailable."""
        try:
            yield
        except passing:
            raise
        except Exception as error:  # each file system has errors of its own beside OSError
            log.error("the file store %s cannot be used: %r", self._root, error)
            raise FileStoreUnavailable from error

    def _path(self, found: str) -> str:
        return f"{self._root.rstrip('/')}/{found}"


class FileSweeper(threading.Thread):
    """Deletes expired files every `SWEEP_EVERY_S`. Every worker runs one; a lock in Redis lets one sweep at a time."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        super().__init__(name="file sweeper", daemon=True)
        self._connection = connection
        self._store = BlobStore(connection, settings)
        self._ended = threading.Event()

    def run(self) -> None:
        """Sweep at once and then regularly until `end`."""
        while True:
            self.sweep()
            if self._ended.wait(SWEEP_EVERY_S):
                return

    def sweep(self) -> None:
        """Sweep, unless another worker has just done so; a fault is logged, and the next sweep tries again."""
        try:
            if self._connection.set(keys.FILE_SWEEP, "1", nx=True, ex=round(SWEEP_EVERY_S / 2)):
                count = self._store.sweep()
                log.info("%d expired files deleted", count) if count else None
        except (redis.RedisError, FileStoreUnavailable) as error:
            log.warning("expired files could not be deleted: %s", error)

    def end(self) -> None:
        """Stop after the sweep that runs."""
        self._ended.set()

"""Backup and restore of what Cadenza keeps: records in Redis, members' files, the folder of data sets and trainings.

`python -m jobs backup FILE` writes one tar archive; `restore` reads it into an empty Redis, file store and library.
Keys are stored by type and not as Redis' own dumps, so a backup of one version fits another. RQ's queues are left
out: recovery puts jobs that were open back into them, or closes them with a sentence.
"""

from __future__ import annotations

import base64
import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

import fsspec
import redis

from jobs import keys
from jobs.errors import BackupError
from jobs.settings import JobSettings, connect

FORMAT = 1
MANIFEST, RECORDS, FILES, LIBRARY = "manifest.json", "redis.jsonl", "files", "library"
ALL_KEYS = "cadenza:*"
# What is true for a moment only, and of workers that will not be there.
PASSING = (
    "cadenza:worker:", "cadenza:recent_worker:", "cadenza:stranded:", "cadenza:adrift:",
    keys.WORKERS, keys.FILE_SWEEP, keys.RECOVERY_LOCK,
)  # fmt: skip


@dataclass(frozen=True)
class BackupSummary:
    """How much a backup holds; `missing`: files that Redis names and the store lacks."""

    keys: int
    files: int
    library_files: int
    missing: int = 0

    def __str__(self) -> str:
        text = f"{self.keys} keys, {self.files} files of members, {self.library_files} files of the library"
        return f"{text}; {self.missing} files were not there any more" if self.missing else text


def backup(path: Path, settings: JobSettings, library: Path) -> BackupSummary:
    """Write everything into a new tar archive at `path`, which only its owner may read.

    Bot and workers may run meanwhile; what they change during the backup may be in it or not.

    Raises:
        BackupError: there is a file at `path`, or it cannot be written.
        redis.RedisError: Redis does not answer.
    """
    connection = connect(settings)
    records = b"".join(_line(one) for one in _dumped(connection))
    objects = _objects(connection)
    files, root = fsspec.core.url_to_fs(settings.files)
    kept = missing = count = 0
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it holds what members sent
        with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w") as archive:
            _add(archive, RECORDS, records)
            for name in objects:
                try:
                    _add(archive, f"{FILES}/{name}", bytes(files.cat_file(f"{root.rstrip('/')}/{name}")))
                    kept += 1
                except FileNotFoundError:  # it expired since the index was read
                    missing += 1
            for file in _regular_files(library):
                archive.add(file, f"{LIBRARY}/{file.relative_to(library).as_posix()}", recursive=False)
                count += 1
            summary = BackupSummary(records.count(b"\n"), kept, count, missing)
            manifest = {"format": FORMAT, "made_at": time.time(), "keys": summary.keys, "files": kept, "library": count}
            _add(archive, MANIFEST, json.dumps(manifest).encode())  # last: an archive without it is not whole
    except FileExistsError as error:
        raise BackupError(f"There is a file at {path} already: name another, or move it away.") from error
    except OSError as error:
        path.unlink(missing_ok=True)
        raise BackupError(f"The backup cannot be written to {path}: {error.strerror or error}.") from error
    return summary


def restore(path: Path, settings: JobSettings, library: Path) -> BackupSummary:
    """Bring back what the archive at `path` holds. Stop the bot and the workers first.

    Raises:
        BackupError: it is not a whole backup, or Redis or the library is not empty.
        redis.RedisError: Redis does not answer.
    """
    connection = connect(settings)
    found = next(iter(connection.scan_iter(match=ALL_KEYS, count=1000)), None)
    if found is not None:
        raise BackupError(
            "Redis holds keys of Cadenza already: restore into an empty database, another number in REDIS_URL."
        )
    if any(_regular_files(library)):
        raise BackupError(f"The library {library} is not empty: move it away, or name another in CADENZA_LIBRARY.")
    try:
        with tarfile.open(path, mode="r:") as archive:
            manifest = _manifest(archive)
            counts = {FILES: 0, LIBRARY: 0}
            store = _FileWriter(settings)
            for entry in archive:
                kind, _, name = entry.name.partition("/")
                if kind in counts and entry.isreg():
                    data = _read(archive, entry)
                    store.write(_checked(name), data) if kind == FILES else _write(library / _checked(name), data)
                    counts[kind] += 1
            number = _load(connection, io.BytesIO(_read(archive, archive.getmember(RECORDS))))
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise BackupError(f"{path} is not a backup, or it is damaged: {error}.") from error
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be restored: {error.strerror or error}.") from error
    if (counts[FILES], counts[LIBRARY]) != (manifest["files"], manifest["library"]):
        raise BackupError(f"{path} is damaged: it lacks files that it names. What it holds was restored.")
    return BackupSummary(number, counts[FILES], counts[LIBRARY])


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    manifest = json.loads(_read(archive, archive.getmember(MANIFEST)))
    if manifest["format"] != FORMAT:
        raise BackupError(f"The backup has format {manifest['format']}; this version reads {FORMAT}.")
    return cast(dict[str, Any], manifest)


# --- Redis ----------------------------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    return base64.b85encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b85decode(text)


def _pairs(found: dict[bytes, bytes]) -> list[list[str]]:
    return [[_text(name), _text(value)] for name, value in found.items()]


# By Redis' name of a type: how a value becomes JSON.
_DUMP: dict[str, Callable[[Any, bytes], Any]] = {
    "string": lambda client, key: _text(client.get(key)),
    "hash": lambda client, key: _pairs(client.hgetall(key)),
    "set": lambda client, key: [_text(one) for one in sorted(client.smembers(key))],
    "list": lambda client, key: [_text(one) for one in client.lrange(key, 0, -1)],
    "zset": lambda client, key: [[_text(one), score] for one, score in client.zrange(key, 0, -1, withscores=True)],
    "stream": lambda client, key: [[entry.decode(), _pairs(fields)] for entry, fields in client.xrange(key)],
}


def _dumped(connection: redis.Redis) -> Iterator[dict[str, Any]]:
    """Every key of Cadenza with its type, its value, and when it expires (epoch milliseconds; -1 = never)."""
    for key in cast(Iterable[bytes], connection.scan_iter(match=ALL_KEYS, count=1000)):
        kind, ttl_ms = connection.type(key), connection.pttl(key)
        name = cast(bytes, kind).decode()
        if key.decode().startswith(PASSING) or name not in _DUMP:
            continue
        try:
            value = _DUMP[name](connection, key)
        except TypeError:  # it expired meanwhile
            continue
        expires = round(time.time() * 1000) + ttl_ms if ttl_ms >= 0 else -1
        yield {"key": key.decode(), "type": name, "expires_at_ms": expires, "value": value}


def _line(one: dict[str, Any]) -> bytes:
    return json.dumps(one).encode() + b"\n"


def _load(connection: redis.Redis, lines: Iterable[bytes]) -> int:
    """Write the keys that have not expired meanwhile; how many."""
    count, now_ms = 0, time.time() * 1000
    for line in lines:
        one = json.loads(line)
        if 0 <= one["expires_at_ms"] <= now_ms or not one["value"]:
            continue
        with connection.pipeline() as pipeline:
            _put(pipeline, one["key"], one["type"], one["value"])
            if one["expires_at_ms"] >= 0:
                pipeline.pexpireat(one["key"], one["expires_at_ms"])
            pipeline.execute()
        count += 1
    return count


def _put(pipeline: Any, key: str, kind: str, value: Any) -> None:
    match kind:
        case "string":
            pipeline.set(key, _bytes(value))
        case "hash":
            pipeline.hset(key, mapping={_bytes(name): _bytes(data) for name, data in value})
        case "set":
            pipeline.sadd(key, *map(_bytes, value))
        case "list":
            pipeline.rpush(key, *map(_bytes, value))
        case "zset":
            pipeline.zadd(key, {_bytes(name): score for name, score in value})
        case "stream":
            for entry, fields in value:
                pipeline.xadd(key, {_bytes(name): _bytes(data) for name, data in fields}, id=entry)
        case _:
            raise ValueError(f"a key of the unknown type {kind}")


def _objects(connection: redis.Redis) -> list[str]:
    """The objects of the file store that the index names."""
    entries = cast(list[bytes], connection.hvals(keys.FILE_ENTRIES))
    return sorted(entry.decode().partition(" ")[2] for entry in entries)


# --- files ----------------------------------------------------------------------------------------------------------


class _FileWriter:
    """Writes objects to the file store."""

    def __init__(self, settings: JobSettings) -> None:
        self._files, root = fsspec.core.url_to_fs(settings.files)
        self._root = root.rstrip("/")

    def write(self, name: PurePosixPath, data: bytes) -> None:
        path = f"{self._root}/{name}"
        self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(path, data)


def _regular_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
    archive.addfile(entry, io.BytesIO(data))


def _read(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    if file is None:
        raise ValueError(f"{entry.name} is not a file")
    return file.read()


def _checked(name: str) -> PurePosixPath:
    """The path below its folder; raises ValueError where it leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"the path {name} leads out of its folder")
    return path


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

"""MIDI bytes out of a folder or an archive, with the split that a table beside them gives.

An archive is walked in memory: nothing is unpacked to disk, so no path in it can do harm. No file is unpacked beyond
`LARGEST_FILE`, nor all of them together beyond `LARGEST_TOTAL`, however small the archive is.
"""

from __future__ import annotations

import csv
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model.errors import DataError

MIDI_SUFFIXES = (".mid", ".midi")
LARGEST_FILE = 8 << 20  # bytes; a larger MIDI file holds no music
LARGEST_TOTAL = 4 << 30  # bytes of all files together, which are held in memory; MAESTRO has 0.08 GiB
MOST_FILES = 500_000
# RuntimeError is zipfile's word for a password, NotImplementedError (one of its kind) for an odd compression
UNREADABLE = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Source:
    """One MIDI file: its path inside the folder or archive, its bytes, and its split where a table names one."""

    name: str
    data: bytes
    split: str | None = None


def read_sources(path: Path) -> list[Source]:
    """Every MIDI file under `path`, sorted by name.

    Args:
        path: a folder, a .zip, or a tar archive with any compression Python knows. A table in it with the columns
            `midi_filename` and `split` (as MAESTRO has) gives each file its split.

    Raises:
        DataError: when nothing is there, no MIDI file in it, more than fits, or something that cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist: name a folder of MIDI files, or a zip or tar archive of them.")
    files = _gathered(path)
    splits = _splits(files)
    sources = [
        Source(name, data, _split_of(name, splits))
        for name, data in sorted(files.items())
        if name.lower().endswith(MIDI_SUFFIXES)
    ]
    if not sources:
        raise DataError(f"There is no MIDI file (.mid or .midi) in {path}.")
    return sources


def _gathered(path: Path) -> dict[str, bytes]:
    """Every MIDI file and table under `path`, by name."""
    files: dict[str, bytes] = {}
    total = 0
    try:
        for name, data in _walk(path):
            total += len(data)
            if total > LARGEST_TOTAL or len(files) >= MOST_FILES:
                raise DataError(
                    f"{path} holds more than {LARGEST_TOTAL >> 30} GiB or {MOST_FILES:,} files: name a part of it."
                )
            files[name] = data
    except UNREADABLE as error:
        raise DataError(f"{path} cannot be read ({error}): mend it, or name a folder of what is in it.") from error
    return files


def _walk(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        return _walk_folder(path)
    if zipfile.is_zipfile(path):
        return _walk_zip(path)
    if tarfile.is_tarfile(path):
        return _walk_tar(path)
    raise DataError(f"{path} is neither a folder nor a zip or tar archive.")


def _walk_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in path.rglob("*"):
        if file.is_file() and _is_wanted(file.name, file.stat().st_size):
            yield file.relative_to(path).as_posix(), file.read_bytes()


def _walk_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and _is_wanted(entry.filename, entry.file_size):
                yield entry.filename, archive.read(entry)


def _walk_tar(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and _is_wanted(member.name, member.size):
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, content.read()


def _is_wanted(name: str, size: int) -> bool:
    is_hidden = PurePosixPath(name).name.startswith(".")  # '._x.mid' is what macOS adds to archives
    return not is_hidden and size <= LARGEST_FILE and name.lower().endswith((*MIDI_SUFFIXES, ".csv"))


def _splits(files: dict[str, bytes]) -> dict[str, str]:
    splits: dict[str, str] = {}
    for name, data in files.items():
        if name.lower().endswith(".csv"):
            rows = csv.DictReader(io.StringIO(data.decode("utf-8", errors="replace")))
            try:
                named = [(row.get("midi_filename"), row.get("split")) for row in rows]
            except csv.Error as error:
                raise DataError(f"The table {name} cannot be read ({error}): mend it, or take it away.") from error
            splits |= {file: split for file, split in named if file and split}
    return splits


def _split_of(name: str, splits: dict[str, str]) -> str | None:
    parts = PurePosixPath(name).parts
    for first in range(len(parts)):
        if (split := splits.get("/".join(parts[first:]))) is not None:
            return split
    return None

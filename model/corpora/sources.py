"""Reads MIDI files from folders and archives, with the split, style and work given by a table or the folder names.

An archive is read in memory: nothing is unpacked to disk, so no path in it can do harm. No file is unpacked beyond
`LARGEST_FILE`, nor all of them together beyond `LARGEST_TOTAL`. A style is a composer or a collection ('chopin',
'pop'): lower-case ASCII words joined by '-', or '' if unknown.
"""

from __future__ import annotations

import csv
import hashlib
import io
import lzma
import re
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model.errors import DataError

MIDI_SUFFIXES = (".mid", ".midi")
WANTED = (*MIDI_SUFFIXES, ".csv")
LARGEST_FILE = 8 << 20  # bytes; a larger MIDI file holds no music
LARGEST_TOTAL = 4 << 30  # bytes of all files together, which are held in memory; MAESTRO has 0.08 GiB
MOST_FILES = 500_000
# RuntimeError is zipfile's word for a password, NotImplementedError (one of its kind) for an odd compression
UNREADABLE = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)


def style_name(text: str) -> str:
    """`text` as a style: without accents, lower-case, words joined by '-'; '' for a text without a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", errors="ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) if re.search("[a-z]", plain) else ""


def composer_style(composer: str) -> str:
    """The family name: 'Franz Schubert / Franz Liszt' (a work and who arranged it) is 'schubert'."""
    words = composer.split("/")[0].split()
    return style_name(words[-1]) if words else ""


def style_of_row(row: dict[str, str]) -> str | None:
    """The style that a table's row names in `style` or `canonical_composer`; None without such a column."""
    if row.get("style") is not None:
        return style_name(row["style"])
    if row.get("canonical_composer") is not None:
        return composer_style(row["canonical_composer"])
    return None


def folder_styles(names: Sequence[str], is_archive: bool) -> dict[str, str]:
    """The style of each file by its first-level folder, below a folder that all files share.

    Files outside folders have none, nor have files in folders named by numbers alone, such as years.
    """
    folders = {name: PurePosixPath(name).parts[:-1] for name in names}
    is_wrapped = is_archive and len({parts[:1] for parts in folders.values()}) == 1
    return {name: style_name("".join(parts[is_wrapped : is_wrapped + 1])) for name, parts in folders.items()}


@dataclass(frozen=True)
class Source:
    """One MIDI file: its path inside the folder or archive, its bytes, and its split, style and work if known."""

    name: str
    data: bytes
    split: str | None = None  # where a table names one
    style: str = ""  # as `model.corpora.sources` finds it; empty where nothing tells
    work: str = ""  # what it is a part of, where a table names it: parts of one work are held out together


def read_sources(path: Path) -> list[Source]:
    """Every MIDI file under `path`, sorted by name.

    Args:
        path: a folder, a .zip, or a tar archive with any compression Python knows. A table in it with the columns
            `midi_filename` and `split` (as MAESTRO has) gives each file its split; its column `style` or
            `canonical_composer`, or without one the first-level folder that a file lies in, gives its style; files
            with the same `work` are split as one.

    Raises:
        DataError: nothing is there, it has no MIDI file, it exceeds a limit, or it cannot be read.
    """
    files = read_files(path)
    names = sorted(name for name in files if name.lower().endswith(MIDI_SUFFIXES))
    if not names:
        raise DataError(f"There is no MIDI file (.mid or .midi) in {path}.")
    rows = _rows(files)
    folders = folder_styles(names, is_archive=not path.is_dir())
    return [_source(name, files[name], _row_of(name, rows), folders[name]) for name in names]


def data_digest(path: Path) -> str:
    """A digest of the files under `path`: of an archive's content, or of the names, sizes and times of the
    files in a folder.

    Raises:
        DataError: when nothing is there or it cannot be read.
    """
    _check(path)
    try:
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        listing = [
            f"{file.relative_to(path).as_posix()} {stat.st_size} {stat.st_mtime_ns}"
            for file in path.rglob("*")
            if _is_wanted(file.name, (stat := file.stat()).st_size)
        ]
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error
    return hashlib.sha256("\n".join([str(path.resolve()), *sorted(listing)]).encode()).hexdigest()


def _check(path: Path) -> None:
    if not path.exists():
        raise DataError(f"{path} does not exist: name a folder of MIDI files, or a zip or tar archive of them.")


def _source(name: str, data: bytes, row: dict[str, str], folder_style: str) -> Source:
    named = style_of_row(row)
    return Source(name, data, row.get("split") or None, folder_style if named is None else named, row.get("work") or "")


def read_files(path: Path, suffixes: tuple[str, ...] = WANTED) -> dict[str, bytes]:
    """Every file under `path` (a folder or archive) whose name ends in one of `suffixes`, by name; no hidden files.

    Raises:
        DataError: nothing is there, it exceeds a limit, or it cannot be read.
    """
    _check(path)
    files: dict[str, bytes] = {}
    total = 0
    try:
        for name, data in _walk(path, suffixes):
            total += len(data)
            if total > LARGEST_TOTAL or len(files) >= MOST_FILES:
                raise DataError(
                    f"{path} holds more than {LARGEST_TOTAL >> 30} GiB or {MOST_FILES:,} files: name a part of it."
                )
            files[name] = data
    except UNREADABLE as error:
        raise DataError(f"{path} cannot be read ({error}): mend it, or name a folder of what is in it.") from error
    return files


def _walk(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        return _walk_folder(path, suffixes)
    if tarfile.is_tarfile(path):  # asked first: a tar archive that ends with a zip file passes for one
        return _walk_tar(path, suffixes)
    if zipfile.is_zipfile(path):
        return _walk_zip(path, suffixes)
    raise DataError(f"{path} is neither a folder nor a zip or tar archive.")


def _walk_folder(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for file in path.rglob("*"):
        if file.is_file() and _is_wanted(file.name, file.stat().st_size, suffixes):
            yield file.relative_to(path).as_posix(), file.read_bytes()


def _walk_zip(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and _is_wanted(entry.filename, entry.file_size, suffixes):
                yield entry.filename, archive.read(entry)


def _walk_tar(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and _is_wanted(member.name, member.size, suffixes):
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, content.read()


def _is_wanted(name: str, size: int, suffixes: tuple[str, ...] = WANTED) -> bool:
    is_hidden = PurePosixPath(name).name.startswith(".")  # '._x.mid' is what macOS adds to archives
    return not is_hidden and size <= LARGEST_FILE and name.lower().endswith(suffixes)


def _rows(files: dict[str, bytes]) -> dict[str, dict[str, str]]:
    """The rows of every table with a column `midi_filename`, by its value."""
    found: dict[str, dict[str, str]] = {}
    for name, data in files.items():
        if name.lower().endswith(".csv"):
            rows = csv.DictReader(io.StringIO(data.decode("utf-8", errors="replace")))
            try:
                found |= {row["midi_filename"]: row for row in rows if row.get("midi_filename")}
            except csv.Error as error:
                raise DataError(f"The table {name} cannot be read ({error}): mend it, or take it away.") from error
    return found


def _row_of(name: str, rows: dict[str, dict[str, str]]) -> dict[str, str]:
    """The row that names this file by its path or the end of it; empty if there is none."""
    parts = PurePosixPath(name).parts
    for first in range(len(parts)):
        if (row := rows.get("/".join(parts[first:]))) is not None:
            return row
    return {}

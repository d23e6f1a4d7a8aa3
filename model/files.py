"""Files that are replaced atomically, and the folder for caches."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from model.errors import DataError

CACHE_SETTING = "CADENZA_CACHE"


@contextmanager
def replace_file(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to write; `path` changes only when the block ends without an error.

    The new file is complete and on disk before it replaces the old one, so a crash leaves one of the two.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """Make `folder` before hours of work that end in it.

    Raises:
        DataError: when it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"Nothing can be written to the folder {folder}: {error.strerror}.") from error


def cache_folder(given: Path | None = None) -> Path:
    """The folder `given`, or the one in CADENZA_CACHE, or `.cache/cadenza` in the user's home; made if missing.

    Raises:
        DataError: it cannot be made.
    """
    folder = given or Path(os.environ.get(CACHE_SETTING) or Path.home() / ".cache" / "cadenza")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The cache {folder} cannot be made ({error.strerror}): name another folder with --cache or "
            f"{CACHE_SETTING}."
        ) from error
    return folder

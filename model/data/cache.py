"""Where downloads, converted data sets and encoded shards are kept between runs; anything in it may be deleted."""

from __future__ import annotations

import os
from pathlib import Path

from model.errors import DataError

SETTING = "CADENZA_CACHE"


def cache_folder(given: Path | None = None) -> Path:
    """The folder `given`, else what the variable CADENZA_CACHE names, else `.cache/cadenza` in the user's home.

    It is made if it is not there.

    Raises:
        DataError: when it cannot be made.
    """
    folder = given or Path(os.environ.get(SETTING) or Path.home() / ".cache" / "cadenza")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The cache {folder} cannot be made ({error.strerror}): name another folder with --cache or {SETTING}."
        ) from error
    return folder


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is either there as a whole or not at all, even when this process is killed meanwhile.

    Raises:
        DataError: when it cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(
            f"{path} cannot be written ({error.strerror}): make room, or name another cache with --cache or {SETTING}."
        ) from error

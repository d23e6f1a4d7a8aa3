"""Folders that a preparation makes: whole only once they are sealed, so that a kill leaves no half data set."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import model
from model.data.cache import write_whole

SEAL = "made"


def is_made(folder: Path) -> bool:
    """Whether the folder was finished by the code as it is now."""
    try:
        return (folder / SEAL).read_text() == code_digest()
    except OSError:
        return False


def seal(folder: Path) -> None:
    """Say that the folder is finished.

    Raises:
        DataError: when it cannot be written.
    """
    write_whole(folder / SEAL, code_digest().encode())


@cache
def code_digest() -> str:
    """Changes whenever the code does that makes MIDI files out of published data."""
    package = Path(model.__file__).parent
    digest = hashlib.sha256()
    for file in sorted([*package.glob("data/named/*.py"), package / "piece.py", *package.glob("midi/*.py")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:24]

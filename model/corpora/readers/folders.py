"""Folders of converted files. A marker file is written last, so a killed conversion never passes for a complete one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import model
from model.corpora.cache import write_whole

SEAL = "made"


def is_made(folder: Path) -> bool:
    """Whether the folder is complete."""
    return (folder / SEAL).exists()


def seal(folder: Path) -> None:
    """Mark the folder as complete.

    Raises:
        DataError: when it cannot be written.
    """
    write_whole(folder / SEAL, b"")


def name_of(prefix: str, data: bytes, *modules: str) -> str:
    """A folder's name that changes with the published data (or its digest) and with the code that makes the folder.

    Args:
        prefix: what the name begins with.
        data: what the folder is made of.
        modules: of `model/corpora/readers`, besides those that read and write MIDI.
    """
    package = Path(model.__file__).parent
    digest = hashlib.sha256(data)
    made_by = [package / "corpora/readers" / f"{module}.py" for module in modules]
    for file in [*made_by, package / "piece.py", *sorted(package.glob("midi/*.py"))]:
        digest.update(file.read_bytes())
    return f"{prefix}-{digest.hexdigest()[:16]}"

"""How much the data sets of one owner, and one batch on its way into them, may hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.archives import MIB, ArchiveLimits


@dataclass(frozen=True)
class DataSetLimits:
    """Upper bounds, all inclusive. `seconds` and `memory_bytes` are those of the process that reads one file."""

    sets: int = 25  # of one owner; Discord shows as many choices
    files: int = 2_000  # in one set
    bytes: int = 200 * MIB  # of all sets of one owner together; a piece in two sets counts once
    batch_files: int = 5_000  # in one batch, those in archives included
    file_bytes: int = 4 * MIB
    notes: int = 200_000  # in one piece
    minutes: float = 120.0  # of one piece
    tracks: int = 64
    seconds: float = 20.0
    batch_seconds: float = 1_800.0  # of one batch; what is left then is not read
    memory_bytes: int = 768 * MIB
    archive: ArchiveLimits = field(default_factory=lambda: ArchiveLimits(file_bytes=4 * MIB))

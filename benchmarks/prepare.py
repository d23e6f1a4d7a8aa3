"""MIDI files to training shards: how many a second, beside how many music21 parses, the first step of other projects.

Ours does everything: files are found, checked, read, encoded and fingerprinted, in a process on each core, and written
as memory-mapped shards. The time includes the start of those processes.
"""

from __future__ import annotations

import tempfile
import time
from itertools import cycle
from pathlib import Path

from benchmarks.results import Measured, Part
from benchmarks.rounds import best_of, in_turn

FILES, LENGTH_S = 2000, 180.0
ROUNDS = 4


def measure(files: int = FILES, length_s: float = LENGTH_S, rounds: int = ROUNDS) -> Measured:
    """Rounds of music21 on one file and of ours on all files."""
    from benchmarks.music import write_folder

    with tempfile.TemporaryDirectory(prefix="cadenza-bench-") as made:
        folder = Path(made)
        paths = write_folder(folder / "midi", files, length_s)
        parsed = cycle(paths)
        _parse_by_music21(next(parsed))  # loads its modules
        found = in_turn(lambda: _parse_by_music21(next(parsed)), lambda: _prepare(folder, len(paths)), rounds)
    fastest, baseline = found.fastest()
    return Measured(
        unit="files/s",
        ours=fastest,
        baseline=baseline,
        against="music21 parsing the same files",
        counted=best_of(rounds),
        details={"files": files, "length_s": length_s, "rounds": found.ours, "baseline_rounds": found.baseline},
    )


def _parse_by_music21(path: Path) -> float:
    """Files a second."""
    from music21 import converter

    started = time.perf_counter()
    converter.parse(str(path), forceSource=True)  # or it would use its cache
    return 1 / (time.perf_counter() - started)


def _prepare(folder: Path, files: int) -> float:
    """Files a second, into an empty cache."""
    from model.corpora.corpus import encode_files

    with tempfile.TemporaryDirectory(dir=folder) as cache:
        started = time.perf_counter()
        encode_files(folder / "midi", "performance", cache=Path(cache))
        return files / (time.perf_counter() - started)


PART = Part(
    name="prepare",
    says="MIDI files a second into training shards, over those that music21 parses.",
    must=300,
    aim=1000,
    measure=measure,
)

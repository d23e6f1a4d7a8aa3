"""A folder of MIDI files as the classic workflow sees it: names of notes and chords, read by music21.

Each file is read once: its names are kept in the cache under the hash of its bytes, as soon as they are there, so that
a run that was stopped goes on where it was. Damaged files are left out with the reason; so are those music21 hangs on.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from model.classic.parsing import parsed
from model.corpora.corpus import split_by_hash
from model.corpora.downloads import write_whole
from model.corpora.processes import Failure, in_processes
from model.corpora.sources import Source, read_sources
from model.errors import DataError
from model.files import cache_folder

READING = 1  # version of the reading; names read otherwise are read again
LIMIT_S = 900.0  # that a file may take on a busy machine; its processor time is limited by `model.classic.parsing`
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing


@dataclass(frozen=True)
class NamedPiece:
    """One file's notes and chords in order, and whether training may see it."""

    name: str
    names: tuple[str, ...]
    is_held_out: bool


@dataclass(frozen=True)
class NamedCorpus:
    """Every file that can be used, sorted by name; and what was left out, with the reason."""

    pieces: list[NamedPiece]
    refused: dict[str, str]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Every name there is, sorted."""
        return tuple(sorted({name for piece in self.pieces for name in piece.names}))

    @property
    def train(self) -> list[NamedPiece]:
        """The pieces to learn from."""
        return [piece for piece in self.pieces if not piece.is_held_out]

    @property
    def validation(self) -> list[NamedPiece]:
        """The pieces held out."""
        return [piece for piece in self.pieces if piece.is_held_out]


def read_corpus(data: Path | Sequence[Path], processes: int = 0, cache: Path | None = None) -> NamedCorpus:
    """The pieces of the data sets (see `read_sources`), each in the split that a table or its hash decides.

    Args:
        data: a folder or archive of MIDI files, or several.
        processes: how many read side by side; 0 for one on each processor.
        cache: where names are kept (default: see `cache_folder`).

    Raises:
        DataError: when there is no MIDI file, fewer than two that can be used, or the cache cannot be written.
    """
    paths = [data] if isinstance(data, Path) else list(data)
    sources = [source for path in paths for source in read_sources(path)]
    folder = cache_folder(cache) / "notes"
    known = {source.name: kept for source in sources if (kept := _kept(folder, source)) is not None}
    missing = [source for source in sources if source.name not in known]
    known |= _read(missing, folder, processes or os.cpu_count() or 1)
    pieces, refused = [], {}
    for source in sources:
        names = known[source.name]
        if isinstance(names, str):
            refused[source.name] = names
        elif len(names) < FEWEST_NOTES:
            refused[source.name] = f"It has fewer than {FEWEST_NOTES} notes and chords."
        else:
            split = source.split or split_by_hash(source.data)
            pieces.append(NamedPiece(source.name, tuple(names), split != "train"))
    return NamedCorpus(_with_both_parts(pieces, " and ".join(map(str, paths))), refused)


def _with_both_parts(pieces: list[NamedPiece], data: str) -> list[NamedPiece]:
    """`pieces` with at least one to learn from and one held out, however few there are."""
    if len(pieces) < 2:
        raise DataError(f"{data} has {len(pieces)} pieces that can be used: training needs at least two.")
    if len({piece.is_held_out for piece in pieces}) == 1:
        last = pieces[-1]
        return [*pieces[:-1], NamedPiece(last.name, last.names, not last.is_held_out)]
    return pieces


def _read(sources: list[Source], folder: Path, processes: int) -> dict[str, list[str] | str]:
    """What music21 makes of `sources`, by their names; each is kept in `folder` as soon as it is read."""
    found: dict[str, list[str] | str] = {}
    outcomes = in_processes(parsed, [source.data for source in sources], processes, LIMIT_S) if sources else ()
    progress = tqdm(outcomes, total=len(sources), desc="music21", unit="file", file=sys.stderr, disable=not sources)
    for index, names in progress:
        source = sources[index]
        found[source.name] = str(names) if isinstance(names, Failure) else names
        write_whole(_place(folder, source), json.dumps(found[source.name]).encode())
    return found


def _kept(folder: Path, source: Source) -> list[str] | str | None:
    """What was kept of `source` by an earlier run, or None."""
    try:
        kept = json.loads(_place(folder, source).read_bytes())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, list | str) else None


def _place(folder: Path, source: Source) -> Path:
    digest = hashlib.sha256(source.data).hexdigest()
    return folder / f"{digest}-{READING}-{version('music21')}.json"

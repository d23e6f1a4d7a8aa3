"""A folder of MIDI files as the classic workflow sees it: words for notes and chords, read by music21.

Each file is read once: its sounds are kept in the cache under the hash of its bytes, as soon as they are there, so that
a run that was stopped goes on where it was. Damaged files are left out with the reason; so are those music21 hangs on.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from model.classic.parsing import ParsingTask
from model.corpora.corpus import split_by_hash
from model.corpora.downloads import write_whole
from model.corpora.sources import Source, read_sources
from model.errors import DataError
from model.files import cache_folder, replace_file
from model.isolated import IsolatedError, Limits, Task, map_isolated
from model.representation.spelling import PLAIN, Sound, Spelling

PARSING = Task("model.classic.parsing:parse", Limits(may_write=True))  # music21 keeps settings in a file
READING = 2  # version of the reading; files read otherwise are read again
LIMIT_S = 900.0  # that a file may take on a busy machine; its processor time is limited by `model.classic.parsing`
NOTES_FILE = "notes.json"  # of a run: what `NamedCorpus.write` keeps
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
    spelling: Spelling = PLAIN

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

    def write(self, path: Path) -> None:
        """Keep it as JSON, so that training needs no second look at the files."""
        content = {
            "spelling": asdict(self.spelling),
            "vocabulary": self.vocabulary,
            "pieces": [asdict(piece) for piece in self.pieces],
            "left_out": self.refused,
        }
        with replace_file(path) as file:
            file.write(json.dumps(content, indent=1).encode())

    @classmethod
    def load(cls, path: Path) -> NamedCorpus:
        """What `write` kept.

        Raises:
            DataError: it is not there or is no such file.
        """
        try:
            content = json.loads(path.read_bytes())
            pieces = [NamedPiece(one["name"], tuple(one["names"]), one["is_held_out"]) for one in content["pieces"]]
            return cls(pieces, dict(content["left_out"]), Spelling(**content["spelling"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} cannot be read: parse the MIDI files first.") from error


@dataclass(frozen=True)
class Selection:
    """What to read: `pieces` files spread evenly (0 = all), one `instrument` of each ('' = the first), one `year`."""

    pieces: int = 0
    instrument: str = ""
    year: int = 0


ALL = Selection()


def read_corpus(
    data: Path | Sequence[Path],
    processes: int = 0,
    cache: Path | None = None,
    spelling: Spelling = PLAIN,
    selection: Selection = ALL,
) -> NamedCorpus:
    """The pieces of the data sets (see `read_sources`), each in the split that a table or its hash decides.

    Args:
        data: a folder or archive of MIDI files, or several.
        processes: how many read side by side; 0 for one on each processor.
        cache: where what music21 read is kept (default: see `cache_folder`).
        spelling: what the words keep of the music.
        selection: which files and which instrument.

    Raises:
        DataError: when there is no MIDI file, fewer than two that can be used, or the cache cannot be written.
    """
    paths = [data] if isinstance(data, Path) else list(data)
    sources = _selected([source for path in paths for source in read_sources(path)], selection)
    tasks = {source.name: ParsingTask(source.data, selection.instrument, spelling.time_shift) for source in sources}
    folder = cache_folder(cache) / "notes"
    known = {name: kept for name, task in tasks.items() if (kept := _kept(folder, task)) is not None}
    missing = {name: task for name, task in tasks.items() if name not in known}
    known |= _read(missing, folder, processes or os.cpu_count() or 1)
    pieces, refused = [], {}
    for source in sources:
        sounds = known[source.name]
        if isinstance(sounds, str):
            refused[source.name] = sounds
        elif len(sounds) < FEWEST_NOTES:
            refused[source.name] = f"It has fewer than {FEWEST_NOTES} notes and chords."
        else:
            split = source.split or split_by_hash(source.data)
            pieces.append(NamedPiece(source.name, tuple(spelling.spelled(sounds)), split != "train"))
    return NamedCorpus(_with_both_parts(pieces, " and ".join(map(str, paths))), refused, spelling)


def _selected(sources: list[Source], selection: Selection) -> list[Source]:
    """The files of the year, and so many of them, spread evenly."""
    if selection.year:
        sources = [source for source in sources if str(selection.year) in PurePosixPath(source.name).parts[:-1]]
        if not sources:
            raise DataError(f"No file lies in a folder called {selection.year}: leave out --year, or choose another.")
    if not 0 < selection.pieces < len(sources):
        return sources
    return [sources[index * len(sources) // selection.pieces] for index in range(selection.pieces)]


def _with_both_parts(pieces: list[NamedPiece], data: str) -> list[NamedPiece]:
    """`pieces` with at least one to learn from and one held out, however few there are."""
    if len(pieces) < 2:
        raise DataError(f"{data} has {len(pieces)} pieces that can be used: training needs at least two.")
    if len({piece.is_held_out for piece in pieces}) == 1:
        last = pieces[-1]
        return [*pieces[:-1], NamedPiece(last.name, last.names, not last.is_held_out)]
    return pieces


def _read(tasks: dict[str, ParsingTask], folder: Path, processes: int) -> dict[str, list[Sound] | str]:
    """What music21 makes of `tasks`, by file name; each is kept in `folder` as soon as it is read."""
    found: dict[str, list[Sound] | str] = {}
    names = list(tasks)
    items = [({"instrument": one.instrument, "time_shift": one.time_shift}, one.data) for one in tasks.values()]
    outcomes = map_isolated(PARSING, items, processes=min(processes, len(items)), timeout_s=LIMIT_S)
    progress = tqdm(outcomes, total=len(tasks), desc="music21", unit="file", file=sys.stderr, disable=not tasks)
    for index, outcome in progress:
        name = names[index]
        if isinstance(outcome, IsolatedError):
            found[name] = f"It cannot be read: {outcome}."
        else:
            found[name] = _sounds(outcome[0]["found"])
        write_whole(_place(folder, tasks[name]), json.dumps(found[name]).encode())
    return found


def _kept(folder: Path, task: ParsingTask) -> list[Sound] | str | None:
    """What was kept of `task` by an earlier run, or None."""
    try:
        kept = json.loads(_place(folder, task).read_bytes())
        return _sounds(kept) if isinstance(kept, list | str) else None
    except (OSError, ValueError, TypeError):
        return None


def _sounds(said: list[list] | str) -> list[Sound] | str:
    """Sounds out of JSON; a sentence stays as it is."""
    if isinstance(said, str):
        return said
    return [Sound(onset, length, tuple(pitches)) for onset, length, pitches in said]


def _place(folder: Path, task: ParsingTask) -> Path:
    digest = hashlib.sha256(task.data).hexdigest()
    how = f"{task.instrument or 'first'}-{task.time_shift:g}"
    return folder / f"{digest}-{how}-{READING}-{version('music21')}.json"

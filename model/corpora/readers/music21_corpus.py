"""music21's corpus as MIDI files by style: parsed in parallel with a time limit, and resumed after a stop.

Every work is converted once; `works.jsonl` beside the files notes the outcome. An ABC book holds hundreds of tunes, so
it is cut into tunes first.

music21 says that the encodings are "distributed with the permission of the encoders", and some "may not be used for
commercial uses or have other restrictions: please see the licenses embedded in individual compositions or directories".
So a collection counts as free here only if neither its folder nor its files state a restriction; every file is searched
for one (`states_restriction`). A collection with a restriction is used only if it is asked for by name, and then the
data set counts as non-commercial.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from tqdm import tqdm

from model.corpora.downloads import is_made, name_of, seal, write_whole
from model.corpora.readers.music21_scores import parse_pieces
from model.corpora.sources import style_name
from model.errors import DataError
from model.isolated import IsolatedError, Limits, Message, Task, map_isolated, pack_files, unpack_files
from model.midi import write_midi
from model.piece import Piece

# music21 keeps settings in a file
CONVERSION = Task("model.corpora.readers.music21_corpus:convert_work", Limits(may_write=True))
LIMIT_S = 900.0  # for one work; a whole quartet takes minutes on a busy machine
LARGEST_SCORE = 64 << 20  # bytes of an unpacked score
NOTES = "works.jsonl"
MADE_BY = ("music21_corpus", "music21_scores")
VIOLIN, VIOLA, CELLO, CHOIR, FLUTE, PIANO = 40, 41, 42, 52, 73, 0  # General MIDI
QUARTET = (VIOLIN, VIOLIN, VIOLA, CELLO)
CALM, WALKING, LIVELY = (66, 72, 80, 88), (80, 92, 104), (96, 108, 120)
MIXED = (72, 92, 112, 132)  # movements of quartets, of which nobody says whether they are slow
RESTRICTIONS = (
    b"non-commercial",
    b"noncommercial",
    b"all rights reserved",
    b"rights to all derivative",
    b"licensing agreement",
    b"sharealike",
    b"share-alike",
    b"by-sa",
    b"sa-by",
    b"by-nc",
    b"gnu general public",
)
RIGHTS = re.compile(rb"<rights[^>]*>([^<]*)</rights>")
FREE_RIGHTS = re.compile(rb"\s*|.*(?:public domain|cc0).*", re.DOTALL)
LICENCE = "music out of copyright; encodings distributed with music21 by their encoders' permission"


@dataclass(frozen=True)
class Work:
    """One score to convert: a whole file, or one tune of an ABC book (its text in `tune`)."""

    collection: Collection
    path: Path
    name: str
    tune: str = ""


def prepare(source: Path | None, part: str, prepared: Path, is_published: bool) -> tuple[tuple[Path, ...], str, bool]:
    """A folder of MIDI files for each collection that `part` means, their licence, and whether it bars commerce.

    Args:
        source: a copy of the corpus' folder; None for the one installed with music21.
        part: a style or folder out of `COLLECTIONS`, or '' for all without restriction.
        prepared: where to make the folders.
        is_published: means nothing here.

    Raises:
        DataError: when there is no such part, music21 is not installed, or a folder cannot be written.
    """
    collections = chosen(part)
    if not collections:
        known = ", ".join(sorted({one.style for one in COLLECTIONS} | {one.folder for one in COLLECTIONS}))
        raise DataError(f"music21's corpus has no part '{part}' here; it has: {known}.")
    corpus = source or installed_corpus()
    made = [_prepared(corpus, one, prepared) for one in collections]
    folders = tuple(folder for folder in made if next(folder.glob("*/*.mid"), None) is not None)
    if not folders:
        raise DataError(f"No score of music21's corpus that may be used can be read in {corpus}.")
    restrictions = [f"{one.folder}: {one.restriction}" for one in collections if one.restriction]
    return folders, "; ".join(restrictions) or LICENCE, bool(restrictions)


def _prepared(corpus: Path, collection: Collection, prepared: Path) -> Path:
    version = corpus.parent / "_version.py"
    content = f"{corpus} {collection} {version.read_text() if version.exists() else ''}"
    folder = prepared / name_of(f"music21-{collection.folder}", content.encode(), *MADE_BY)
    if not is_made(folder):
        for name, reason in convert(list(works(corpus, collection)), folder).items():
            sys.stderr.write(f"left out {name}: {reason}\n")
        seal(folder)
    return folder


def installed_corpus() -> Path:
    """The corpus' folder in the installed music21, which is not imported for that.

    Raises:
        DataError: when music21 is not installed.
    """
    found = find_spec("music21")
    if found is None or found.origin is None:
        raise DataError("music21 is not installed here: pip install music21.")
    return Path(found.origin).parent / "corpus"


def works(corpus: Path, collection: Collection) -> Iterator[Work]:
    """The works of one collection to convert; of a free collection, without files that state a restriction."""
    root = corpus / collection.folder
    for path in sorted(root.glob(collection.pattern)):
        if path.suffix not in (".mxl", ".xml", ".krn", ".abc") or "_old" in path.stem:
            continue
        text = score_text(path)
        if not collection.restriction and states_restriction(text):
            continue
        name = style_name(f"{collection.folder} {path.relative_to(root).with_suffix('')}")
        if path.suffix == ".abc":
            for number, tune in enumerate(tunes(text.decode("utf-8", errors="replace"))):
                yield Work(collection, path, f"{name}-{number:04}", tune)
        else:
            yield Work(collection, path, name)


def score_text(path: Path) -> bytes:
    """The score's own text, unpacked where it is compressed.

    Raises:
        DataError: when it cannot be read.
    """
    try:
        if path.suffix != ".mxl":
            return path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            scores = [entry for entry in archive.infolist() if not entry.filename.startswith("META-INF")]
            return b"".join(archive.read(entry) for entry in scores if entry.file_size <= LARGEST_SCORE)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read ({error}): install music21 again.") from error


def tunes(book: str) -> list[str]:
    """The tunes of an ABC book, each from its `X:` line on."""
    return [part for part in re.split(r"(?m)^(?=X:)", book.replace("\r\n", "\n")) if part.startswith("X:")]


def convert(found: list[Work], folder: Path, processes: int | None = None, limit_s: float = LIMIT_S) -> dict[str, str]:
    """Write every work that is not converted yet into `folder/STYLE`; ends with a table of all files.

    Returns:
        Why works were left out, by their names.

    Raises:
        DataError: when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = _noted(folder)
    missing = [work for work in found if work.name not in done]
    with (
        tqdm(
            total=len(found), initial=len(found) - len(missing), desc=folder.name, unit="work", file=sys.stderr
        ) as bar,
        (folder / NOTES).open("a") as notes,
    ):
        count = min(processes or os.cpu_count() or 1, len(missing))
        for index, outcome in map_isolated(CONVERSION, map(_order, missing), processes=count, timeout_s=limit_s):
            work = missing[index]
            files: list[str] = []
            if not isinstance(outcome, IsolatedError):
                for number, data in enumerate(unpack_files(outcome)):
                    files.append(f"{work.collection.style}/{work.name}-{number}.mid")
                    write_whole(folder / files[-1], data)
            done[work.name] = (files, f"It cannot be read: {outcome}." if isinstance(outcome, IsolatedError) else "")
            notes.write(json.dumps([work.name, *done[work.name]]) + "\n")
            notes.flush()
            bar.update()
    rows = [f"{name},{Path(name).parts[0]}" for files, _ in done.values() for name in files]
    write_whole(folder / "table.csv", "\n".join(["midi_filename,style", *sorted(rows)]).encode())
    return {name: reason for name, (_, reason) in done.items() if reason}


def _noted(folder: Path) -> dict[str, tuple[list[str], str]]:
    """The notes of earlier runs; an incomplete line is ignored."""
    noted: dict[str, tuple[list[str], str]] = {}
    path = folder / NOTES
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            name, files, reason = json.loads(line)
        except ValueError:
            continue
        noted[name] = (files, reason)
    return noted


def _order(work: Work) -> Message:
    """What `convert_work` is told."""
    collection = work.collection
    bpm = collection.tempos_bpm[hashlib.sha256(work.name.encode()).digest()[0] % len(collection.tempos_bpm)]
    return {"path": str(work.path), "tune": work.tune, "programs": collection.programs, "bpm": bpm}, b""


def convert_work(head: dict, _body: bytes) -> Message:
    """The MIDI files of one work; a function for a child process (`model.isolated`)."""
    import warnings

    warnings.simplefilter("ignore")  # of scores whose bars are too full, and the like
    programs = tuple(head["programs"])
    pieces = parse_pieces(head["tune"] or Path(head["path"]), programs[0], head["bpm"])
    return pack_files([write_midi(_played(piece, programs)) for piece in pieces if len(piece)])


def _played(piece: Piece, programs: tuple[int, ...]) -> Piece:
    """`piece` with the collection's instruments, unless it has more parts than the collection has."""
    if len(piece.instruments) > len(programs) > 1:
        return piece
    instruments = [
        replace(part, program=programs[min(place, len(programs) - 1)]) for place, part in enumerate(piece.instruments)
    ]
    return replace(piece, instruments=tuple(instruments))


@dataclass(frozen=True)
class Collection:
    """Files of one kind in the corpus.

    `programs` play the parts in order (the last plays all further ones), and of `tempos_bpm` (quarter notes a minute)
    each piece that names none has one.
    """

    folder: str
    pattern: str  # of files in `folder`
    style: str
    programs: tuple[int, ...]
    tempos_bpm: tuple[int, ...]
    restriction: str = ""  # '' where none is stated


COLLECTIONS = (
    Collection("bach", "bwv*.mxl", "bach-chorale", (CHOIR,), CALM),
    Collection("haydn", "**/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("mozart", "k[148]*/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("beethoven", "**/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("schumann_robert", "opus41no1/*.mxl", "string-quartet", QUARTET, MIXED),
    Collection("monteverdi", "*.mxl", "madrigal", (CHOIR,), WALKING),
    Collection("trecento", "*.*", "trecento", (CHOIR,), WALKING),
    Collection("joplin", "*.mxl", "ragtime", (PIANO,), LIVELY),
    Collection("ryansMammoth", "*.abc", "fiddle-tune", (VIOLIN,), LIVELY),
    Collection("airdsAirs", "*.abc", "air", (FLUTE,), (92, 104, 116)),
    Collection("oneills1850", "*.abc", "air", (FLUTE,), (92, 104, 116)),
    Collection(
        "palestrina",
        "*.krn",
        "renaissance-mass",
        (CHOIR,),
        WALKING,
        "its files reserve 'rights to all derivative electronic formats' and refer to an agreement not enclosed",
    ),
    Collection(
        "essenFolksong",
        "*.abc",
        "folk-song",
        (FLUTE,),
        LIVELY,
        "its folder gives permission 'for non-commercial distribution and use' and calls its legal status unclear",
    ),
)


def states_restriction(text: bytes) -> bool:
    """Whether a score's own text reserves rights, forbids a use, or demands its own licence for derived works."""
    text = text.lower()
    claims = (found.group(1) for found in RIGHTS.finditer(text))
    return any(words in text for words in RESTRICTIONS) or any(not FREE_RIGHTS.fullmatch(claim) for claim in claims)


def chosen(part: str) -> list[Collection]:
    """The collections whose style or folder is `part`; those free of restrictions for ''."""
    if not part:
        return [one for one in COLLECTIONS if not one.restriction]
    return [one for one in COLLECTIONS if part.lower() in (one.style, one.folder.lower())]

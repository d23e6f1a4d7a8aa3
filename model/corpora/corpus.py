"""Encoded corpora: pieces by split, without near-duplicates across the splits, and the shards that keep them on disk.

A published table or else the hash of its content or work puts a whole piece into one split, so every run on every
machine holds out the same pieces. Near-duplicates of a held-out piece are not trained on. Shards are memory-mapped, so
a second run on the same data starts at once; the JSON of each is written last and has a checksum, so a killed run
continues with the shards it had finished, and a damaged shard is encoded again.
"""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import model
from model.analysis.near_duplicates import Sketch, near_duplicates, sketch
from model.corpora.downloads import write_whole
from model.corpora.sources import Source, data_digest, read_sources
from model.errors import DataError, MidiError
from model.files import cache_folder
from model.midi import MidiLimits, read_midi
from model.representation import representation_of

FEWEST_OF_A_STYLE = 8  # pieces; fewer would be memorised
FILES_IN_A_SHARD = 32
HELD_OUT_PERCENT = 10  # of pieces without a published split
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing
ENCODES = (
    "piece.py",
    "midi",
    "representation",
    "corpora/corpus.py",
    "corpora/sources.py",
    "analysis/near_duplicates.py",
)


@dataclass(frozen=True)
class EncodedFile:
    """One file's raw steps, int32 (notes, fields), and its split if a table names one."""

    name: str
    steps: NDArray[np.int32]
    split: str | None
    hash_split: str  # the split that its content's hash decides
    style: str = ""  # see `model.corpora.sources`
    sketch: Sketch = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))  # see `model.analysis.near_duplicates`

    @property
    def is_held_out(self) -> bool:
        """Whether it is kept out of training."""
        return (self.split or self.hash_split) != "train"


@dataclass(frozen=True)
class Corpus:
    """The usable files, sorted by name, and the reasons why others were left out."""

    files: list[EncodedFile]
    refused: dict[str, str]

    def reasons(self) -> str:
        """Why files were left out, in a few sentences."""
        counts = Counter(self.refused.values())
        return (
            " ".join(f"{count} files: {sentence}" for sentence, count in counts.most_common(3)) or "no file was found."
        )


@dataclass(frozen=True)
class Encoded:
    """The data of a training run: steps and style of every piece by split, and the reasons why others were left out.

    `train_styles` and `validation_styles` name the style of each piece, '' if unknown (see `model.corpora.sources`),
    which is the default. `duplicates` maps each near-duplicate of a held-out piece to that piece; it stays in its part
    if the split was published, and was removed from `train` otherwise.
    """

    train: list[NDArray[np.int32]]
    validation: list[NDArray[np.int32]]
    refused: dict[str, str]
    train_styles: list[str] = field(default_factory=list)
    validation_styles: list[str] = field(default_factory=list)
    duplicates: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for pieces, styles in ((self.train, self.train_styles), (self.validation, self.validation_styles)):
            styles.extend([""] * (len(pieces) if not styles else 0))
            if len(styles) != len(pieces):
                raise ValueError(f"{len(styles)} styles for {len(pieces)} pieces")

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles with enough training pieces, sorted."""
        counts = Counter(self.train_styles)
        return tuple(sorted(style for style, count in counts.items() if style and count >= FEWEST_OF_A_STYLE))


def encode_files(
    data: Path | Sequence[Path], representation: str, processes: int | None = None, cache: Path | None = None
) -> Corpus:
    """Every piece of the data sets, read and encoded, or loaded from the cache.

    Args:
        data: a folder or archive (see `read_sources`), or several.
        representation: its name.
        processes: how many to encode with (default: one for each processor).
        cache: where shards are kept (default: see `cache_folder`).

    Raises:
        DataError: when there is no MIDI file, none that can be used, or the cache cannot be written.
    """
    paths = [data] if isinstance(data, Path) else list(data)
    shards = [shard for path in paths for shard in _shards(path, representation, processes, cache_folder(cache))]
    entries = [(entry, steps) for shard in shards for entry, steps in shard.pieces()]
    corpus = Corpus(
        files=[
            EncodedFile(entry.name, steps, entry.split, entry.hash_split, entry.style, entry_sketch(entry))
            for entry, steps in entries
            if not entry.refused
        ],
        refused={entry.name: entry.refused for entry, _ in entries if entry.refused},
    )
    if not corpus.files:
        raise DataError(f"No piece in {_named(paths)} can be used; {corpus.reasons()}")
    return corpus


def _shards(path: Path, representation: str, processes: int | None, cache: Path) -> list[Shard]:
    folder = cache / "encoded" / shards_name(data_digest(path), representation)
    if (shards := read_shards(folder)) is None:
        write_shards(folder, read_sources(path), representation, processes or os.cpu_count() or 1)
        shards = read_shards(folder)
    if shards is None:
        raise DataError(f"What was written to {folder} cannot be read again: check the disk.")
    return shards


def encode_corpus(
    data: Path | Sequence[Path], representation: str, processes: int | None = None, cache: Path | None = None
) -> Encoded:
    """The pieces of the data sets for a training run, some of them held out.

    Arguments as for `encode_files`.

    Raises:
        DataError: when too little is left to train and to validate on.
    """
    corpus = encode_files(data, representation, processes, cache)
    duplicates = duplicates_of_held_out(corpus.files)
    train = [file for file in corpus.files if not file.is_held_out and (file.split or file.name not in duplicates)]
    validation = [file for file in corpus.files if (file.split or file.hash_split) == "validation"]
    if len(train) + len(validation) < 2:
        raise DataError("Training needs at least two pieces: one to learn from and one for testing.")
    if not train and any(file.split for file in corpus.files):
        named = _named([data] if isinstance(data, Path) else data)
        raise DataError(f"The table in {named} names no piece to train on: give it rows whose split is 'train'.")
    if not train:  # so few files that the hash left one part empty
        train.append(validation.pop())
    if not validation:
        validation.append(train.pop())
    return Encoded(
        [file.steps for file in train],
        [file.steps for file in validation],
        corpus.refused,
        [file.style for file in train],
        [file.style for file in validation],
        duplicates,
    )


def duplicates_of_held_out(files: Sequence[EncodedFile]) -> dict[str, str]:
    """Each training piece that is a near-duplicate of a held-out piece, with the name of that piece."""
    found: dict[str, str] = {}
    for one, other in near_duplicates([file.sketch for file in files]):
        if files[one].is_held_out != files[other].is_held_out:
            held_out, trained = (one, other) if files[one].is_held_out else (other, one)
            found.setdefault(files[trained].name, files[held_out].name)
    return found


def _named(paths: Iterable[Path]) -> str:
    return " and ".join(str(path) for path in paths)


@dataclass(frozen=True)
class ShardEntry:
    """One file in a shard's JSON: `steps` of it are in the array, 0 if it was `refused`."""

    name: str
    split: str | None  # where a table names one
    hash_split: str  # the split that its content's hash decides
    style: str
    steps: int = 0
    refused: str = ""  # why it was left out
    sketch: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Shard:
    """The entries of one slice of the files, and their steps one after another, int32 (steps, fields)."""

    entries: list[ShardEntry]
    steps: NDArray[np.int32]

    def pieces(self) -> Iterator[tuple[ShardEntry, NDArray[np.int32]]]:
        """Each entry with its steps; a view on the file, not a copy."""
        start = 0
        for entry in self.entries:
            yield entry, self.steps[start : start + entry.steps]
            start += entry.steps


def shards_name(data_digest: str, representation: str) -> str:
    """The name of the folder for this data in this representation; it also changes with the encoding code."""
    return hashlib.sha256(f"{data_digest} {representation} {_code_digest()}".encode()).hexdigest()[:24]


def write_shards(folder: Path, sources: Sequence[Source], representation: str, processes: int) -> None:
    """Encode `sources` into `folder`; complete shards of an earlier run are kept.

    Raises:
        DataError: when the folder cannot be written.
    """
    slices = [sources[start : start + FILES_IN_A_SHARD] for start in range(0, len(sources), FILES_IN_A_SHARD)]
    missing = [number for number in range(len(slices)) if read_shard(folder, number) is None]
    work = partial(_write_shard, folder, representation)
    done = len(sources) - sum(len(slices[number]) for number in missing)
    with tqdm(total=len(sources), initial=done, desc="reading MIDI", unit="file", file=sys.stderr) as bar:
        for number in _in_parallel(work, missing, [slices[number] for number in missing], processes):
            bar.update(len(slices[number]))
    index = {"shards": len(slices), "files": len(sources), "representation": representation}
    write_whole(folder / "index.json", json.dumps(index).encode())


def read_shards(folder: Path) -> list[Shard] | None:
    """Every shard in `folder`; None if one or the index is missing or damaged."""
    try:
        count = int(json.loads((folder / "index.json").read_bytes())["shards"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    shards = [read_shard(folder, number) for number in range(count)]
    return None if any(shard is None for shard in shards) else [shard for shard in shards if shard is not None]


def read_shard(folder: Path, number: int) -> Shard | None:
    """One shard with memory-mapped steps; None if it is missing or damaged."""
    array, table = folder / f"{number:04}.npy", folder / f"{number:04}.json"
    try:
        said = json.loads(table.read_bytes())
        entries = [ShardEntry(**entry) for entry in said["entries"]]
        steps = np.load(array, mmap_mode="r", allow_pickle=False)
        if _checksum(steps, json.dumps(said["entries"])) != said["crc32"]:
            return None
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    return Shard(entries, steps)


def split_by_hash(data: bytes) -> str:
    """'train' or 'validation', by the hash of a file's bytes or of the name of its work."""
    return "validation" if hashlib.sha256(data).digest()[0] * 100 < HELD_OUT_PERCENT * 256 else "train"


def _in_parallel(work: partial, numbers: list[int], slices: list[Sequence[Source]], processes: int) -> Iterator[int]:
    """`work` on each slice, by number as they finish; a few slices are not worth a process."""
    if processes == 1 or len(numbers) <= 1:
        yield from map(work, numbers, slices)
        return
    # spawned, because Keras may have started threads by now, and a fork would copy their locks as they happen to be
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, numbers, slices)


def _write_shard(folder: Path, representation: str, number: int, sources: Sequence[Source]) -> int:
    encoded = [_encode(source, representation) for source in sources]
    fields = len(representation_of(representation).fields)
    steps = np.concatenate([np.zeros((0, fields), dtype=np.int32), *(steps for _, steps in encoded)])
    steps = np.ascontiguousarray(steps, dtype=np.int32)
    memory = io.BytesIO()
    np.save(memory, steps, allow_pickle=False)
    entries = json.dumps([vars(entry) for entry, _ in encoded])
    write_whole(folder / f"{number:04}.npy", memory.getvalue())
    said = f'{{"crc32": {_checksum(steps, entries)}, "entries": {entries}}}'
    write_whole(folder / f"{number:04}.json", said.encode())
    return number


def _checksum(steps: NDArray[np.int32], entries: str) -> int:
    """A checksum of the steps and of the JSON of their entries."""
    return zlib.crc32(entries.encode(), zlib.crc32(steps.data))


def _encode(source: Source, representation: str) -> tuple[ShardEntry, NDArray[np.int32]]:
    """The entry of one file, and its steps; no steps, and the reason, if it is left out."""
    known = representation_of(representation)
    nothing = np.zeros((0, len(known.fields)), dtype=np.int32)
    about = (source.name, source.split, split_by_hash(source.work.encode() or source.data), source.style)
    try:
        piece = read_midi(source.data, MidiLimits.for_data()).piece
        steps = known.encode(piece)
    except MidiError as error:
        return ShardEntry(*about, refused=error.sentence), nothing
    if len(steps) < FEWEST_NOTES:
        return ShardEntry(*about, refused=f"It has fewer than {FEWEST_NOTES} notes that can be used."), nothing
    return ShardEntry(*about, steps=len(steps), sketch=sketch(piece).tolist()), steps


def entry_sketch(entry: ShardEntry) -> Sketch:
    """The sketch for finding near-duplicates of a piece (`model.analysis.near_duplicates`), uint64."""
    return np.array(entry.sketch, dtype=np.uint64)


@cache
def _code_digest() -> str:
    """A hash of the code between a MIDI file and its steps."""
    package = Path(model.__file__).parent
    digest = hashlib.sha256()
    for name in ENCODES:
        path = package / name
        files = [path] if path.is_file() else sorted(path.glob("*.py"))
        if not files:
            raise DataError(f"{path} is missing: install Cadenza again.")
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()

"""Encoded pieces on disk: shards of memory-mapped steps, so that a second run on the same data starts at once.

One folder holds one data set in one representation, named by the data, the representation and the code that encodes. A
shard is the files of one slice of the data: `0007.npy` with their steps one after another, int32 (steps, fields), and
`0007.json` with what is known of each. The JSON is written last and carries a checksum of both: a shard without it, or
damaged, is encoded again, and a run that was killed goes on with the shards it had finished.
"""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import sys
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import model
from model.corpora.cache import write_whole
from model.corpora.near_duplicates import Sketch, sketch
from model.corpora.sources import Source
from model.errors import DataError, MidiError
from model.midi import MidiLimits, read_midi
from model.representation import representation_of

FILES_IN_A_SHARD = 32
HELD_OUT_PERCENT = 10  # of pieces without a published split
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing
ENCODES = (
    "piece.py",
    "sustain.py",
    "midi",
    "representation",
    "corpora/shards.py",
    "corpora/sources.py",
    "corpora/near_duplicates.py",
)


@dataclass(frozen=True)
class Entry:
    """What a shard's JSON says of one file: `steps` of it are in the array, none where it was `refused`."""

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

    entries: list[Entry]
    steps: NDArray[np.int32]

    def pieces(self) -> Iterator[tuple[Entry, NDArray[np.int32]]]:
        """Each entry with its steps; a view on the file, not a copy."""
        start = 0
        for entry in self.entries:
            yield entry, self.steps[start : start + entry.steps]
            start += entry.steps


def shards_name(data_digest: str, representation: str) -> str:
    """The name of the folder for this data in this representation: it changes with the code that encodes, too."""
    return hashlib.sha256(f"{data_digest} {representation} {_code_digest()}".encode()).hexdigest()[:24]


def write_shards(folder: Path, sources: Sequence[Source], representation: str, processes: int) -> None:
    """Encode `sources` into `folder`, leaving whole shards of an earlier run as they are.

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
    """Every shard in `folder`, or None where one is missing or damaged, or there is no index."""
    try:
        count = int(json.loads((folder / "index.json").read_bytes())["shards"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    shards = [read_shard(folder, number) for number in range(count)]
    return None if any(shard is None for shard in shards) else [shard for shard in shards if shard is not None]


def read_shard(folder: Path, number: int) -> Shard | None:
    """One shard, its steps mapped into memory; None where it is missing or damaged."""
    array, table = folder / f"{number:04}.npy", folder / f"{number:04}.json"
    try:
        said = json.loads(table.read_bytes())
        entries = [Entry(**entry) for entry in said["entries"]]
        steps = np.load(array, mmap_mode="r", allow_pickle=False)
        if _checksum(steps, json.dumps(said["entries"])) != said["crc32"]:
            return None
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    return Shard(entries, steps)


def split_by_hash(data: bytes) -> str:
    """'train' or 'validation', by the hash of a file's bytes, or of the name of the work that it is a part of."""
    return "validation" if hashlib.sha256(data).digest()[0] * 100 < HELD_OUT_PERCENT * 256 else "train"


def _in_parallel(work: partial, numbers: list[int], slices: list[Sequence[Source]], processes: int) -> Iterator[int]:
    """`work` on each slice, by number as they come ready; a few are not worth a process."""
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
    """Of the steps and of the JSON of their entries."""
    return zlib.crc32(entries.encode(), zlib.crc32(steps.data))


def _encode(source: Source, representation: str) -> tuple[Entry, NDArray[np.int32]]:
    """What is to be said of one file, and its steps; none, with the reason, where it is left out."""
    known = representation_of(representation)
    nothing = np.zeros((0, len(known.fields)), dtype=np.int32)
    about = (source.name, source.split, split_by_hash(source.work.encode() or source.data), source.style)
    try:
        piece = read_midi(source.data, MidiLimits.for_data()).piece
        steps = known.encode(piece)
    except MidiError as error:
        return Entry(*about, refused=error.sentence), nothing
    if len(steps) < FEWEST_NOTES:
        return Entry(*about, refused=f"It has fewer than {FEWEST_NOTES} notes that can be used."), nothing
    return Entry(*about, steps=len(steps), sketch=sketch(piece).tolist()), steps


def entry_sketch(entry: Entry) -> Sketch:
    """The sketch that a piece is compared by (see `model.corpora.near_duplicates`), uint64."""
    return np.array(entry.sketch, dtype=np.uint64)


@cache
def _code_digest() -> str:
    """Changes whenever the code between a MIDI file and its steps does."""
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

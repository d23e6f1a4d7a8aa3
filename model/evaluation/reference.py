"""Real music read for comparison: chosen by split before it is parsed, in parallel, sustain pedal applied."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from model.corpora.readers.jsb import read_jsb
from model.corpora.shards import split_by_hash
from model.corpora.sources import Source, read_sources
from model.errors import DataError, MidiError, RequestError
from model.evaluation.held_out import SPLITS
from model.midi import MidiLimits, read_midi
from model.piece import Piece
from model.representation.four_parts import piece_of
from model.sustain import sustained

FILES_AT_A_TIME = 16  # that a process is handed
JSB_SPLITS = {"auto": "valid", "validation": "valid"}  # as the published file calls them


@dataclass(frozen=True)
class Reference:
    """Real pieces, pedal applied, with the name and the part of the data they are from."""

    name: str
    split: str
    pieces: list[Piece]
    refused: int  # files that could not be read


def read_reference(path: Path, split: str = "auto") -> Reference:
    """The pieces under `path` (see `read_sources`) that `split` means (see `evaluate`).

    A file of the JSB chorales (see `model.corpora.readers.jsb`) is read as well; 'auto' is its part 'valid'.

    Raises:
        DataError: when there is no music that can be used.
        RequestError: when there is no such split.
    """
    if path.suffix == ".json":
        return _chorales(path, JSB_SPLITS.get(split, split))
    sources = read_sources(path)
    if split == "auto":
        split = "validation" if any(source.split for source in sources) else "all"
    read = _read_all(chosen(sources, split))
    pieces = [piece for piece in read if piece is not None]
    if not pieces:
        raise DataError(f"No piece in {path} can be read: name a folder of MIDI files.")
    return Reference(path.name, split, pieces, len(read) - len(pieces))


def chosen(sources: list[Source], split: str) -> list[Source]:
    """Those of `sources` in the part `split`: 'train', 'validation' or 'test' of a table, 'heldout' or 'all'.

    Raises:
        RequestError: when there is no such split, or nothing in it.
    """
    if split not in SPLITS:
        raise RequestError(f"There is no split '{split}': choose one of {', '.join(SPLITS)}.")
    if split == "all":
        return sources
    if split == "heldout":
        found = [source for source in sources if split_by_hash(source.data) == "validation"]
    else:
        found = [source for source in sources if source.split == split]
    if not found:
        raise RequestError(f"No piece of this data is in the split '{split}'.")
    return found


def _chorales(path: Path, split: str) -> Reference:
    splits = read_jsb(path)
    chosen_ones = [grid for part in splits.values() for grid in part] if split == "all" else splits.get(split)
    if not chosen_ones:
        raise RequestError(f"{path.name} has no split '{split}'; it has: {', '.join(splits)}.")
    return Reference(path.name, split, [piece_of(grid) for grid in chosen_ones], 0)


def _read_all(sources: list[Source]) -> list[Piece | None]:
    if len(sources) <= FILES_AT_A_TIME:
        return [_read(source) for source in sources]
    # spawned, because Keras may have started threads by now, and a fork would copy their locks as they happen to be
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_read, sources, chunksize=FILES_AT_A_TIME))


def _read(source: Source) -> Piece | None:
    try:
        return sustained(read_midi(source.data, MidiLimits.for_data()).piece)
    except MidiError:
        return None

"""Files read, checked and encoded in parallel, and split by piece.

A piece belongs to one split as a whole: to the one a published table gives, else to the one its content's hash
decides, so that the same piece is held out in every run and on every machine.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.data.sources import Source, read_sources
from model.errors import DataError, MidiError
from model.midi import MidiLimits, read_midi
from model.representation import REPRESENTATIONS
from model.representation.events import events_of

HELD_OUT_PERCENT = 10  # of pieces without a published split
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing


@dataclass(frozen=True)
class Encoded:
    """Raw steps of every piece, int32 (notes, fields) each, by split; and what was left out, with the reason."""

    train: list[NDArray[np.int32]]
    validation: list[NDArray[np.int32]]
    refused: dict[str, str]

    @property
    def validation_notes(self) -> int:
        """Notes in the validation pieces."""
        return sum(len(piece) for piece in self.validation)

    @property
    def validation_events(self) -> int:
        """388-events in the validation pieces."""
        return sum(len(events_of(piece)) for piece in self.validation)


def encode_corpus(path: Path, representation: str, processes: int | None = None) -> Encoded:
    """Read and encode everything under `path` (see `read_sources`).

    Raises:
        DataError: when too little is left to train and to validate on.
    """
    sources = read_sources(path)
    workers = processes or os.cpu_count() or 1
    with ProcessPoolExecutor(workers) as pool:
        encoded = pool.map(_encode, sources, [representation] * len(sources), chunksize=16)
        outcomes = list(tqdm(encoded, total=len(sources), desc="reading MIDI", unit="file", file=sys.stderr))
    parts: dict[str, list[NDArray]] = {"train": [], "validation": [], "test": []}
    refused: dict[str, str] = {}
    for source, outcome in zip(sources, outcomes, strict=True):
        if isinstance(outcome, str):
            refused[source.name] = outcome
        else:
            parts.setdefault(source.split or split_by_hash(source.data), []).append(outcome)
    if not parts["train"]:
        raise DataError(f"No piece in {path} can be trained on; {_reasons(refused)}")
    if not parts["validation"]:  # too few files for the hash to have held one out
        if len(parts["train"]) < 2:
            raise DataError("Training needs at least two pieces: one to learn from and one to be tested on.")
        parts["validation"].append(parts["train"].pop())
    return Encoded(parts["train"], parts["validation"], refused)


def split_by_hash(data: bytes) -> str:
    """'train' or 'validation', by the hash of a file's bytes."""
    return "validation" if hashlib.sha256(data).digest()[0] * 100 < HELD_OUT_PERCENT * 256 else "train"


def _encode(source: Source, representation: str) -> NDArray[np.int32] | str:
    """The steps of one file, or the sentence that says why it was left out."""
    try:
        steps = REPRESENTATIONS[representation]().encode(read_midi(source.data, MidiLimits.for_data()).piece)
    except MidiError as error:
        return error.sentence
    return steps if len(steps) >= FEWEST_NOTES else f"It has fewer than {FEWEST_NOTES} notes that can be used."


def _reasons(refused: dict[str, str]) -> str:
    counts = Counter(refused.values())
    return " ".join(f"{count} files: {sentence}" for sentence, count in counts.most_common(3)) or "no file was found."

"""Files read, checked and encoded in parallel, and split by piece.

A piece belongs to one split as a whole: to the one a published table gives, else to the one its content's hash
decides, so that the same piece is held out in every run and on every machine.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
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
FILES_AT_A_TIME = 16  # that a process is handed
FEWEST_NOTES = 16  # a piece shorter than this teaches nothing


@dataclass(frozen=True)
class EncodedFile:
    """One file's raw steps, int32 (notes, fields), and its split where a table names one."""

    name: str
    steps: NDArray[np.int32]
    split: str | None
    hash_split: str  # the split that its content's hash decides
    style: str = ""  # see `model.data.styles`


@dataclass(frozen=True)
class Corpus:
    """Every file that can be used, sorted by name; and what was left out, with the reason."""

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
    """What a training run needs: the steps and style of every piece by split, and what was left out, and why.

    `train_styles` has a word for each piece of `train`, '' where its style is unknown (see `model.data.styles`), and
    `validation_styles` for each of `validation`; left out, they are all ''.
    """

    train: list[NDArray[np.int32]]
    validation: list[NDArray[np.int32]]
    refused: dict[str, str]
    train_styles: list[str] = field(default_factory=list)
    validation_styles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for pieces, styles in ((self.train, self.train_styles), (self.validation, self.validation_styles)):
            styles.extend([""] * (len(pieces) if not styles else 0))
            if len(styles) != len(pieces):
                raise ValueError(f"{len(styles)} styles for {len(pieces)} pieces")

    @property
    def styles(self) -> tuple[str, ...]:
        """Every style that a piece to train on has, sorted."""
        return tuple(sorted(set(self.train_styles) - {""}))

    @property
    def validation_events(self) -> int:
        """388-events in the validation pieces."""
        return sum(len(events_of(piece)) for piece in self.validation)


def encode_files(path: Path, representation: str, processes: int | None = None) -> Corpus:
    """Read and encode everything under `path` (see `read_sources`).

    Raises:
        DataError: when there is no MIDI file, or none that can be used.
    """
    sources = read_sources(path)
    encoded = _in_parallel(sources, representation, processes or os.cpu_count() or 1)
    outcomes = list(tqdm(encoded, total=len(sources), desc="reading MIDI", unit="file", file=sys.stderr))
    both = list(zip(sources, outcomes, strict=True))
    corpus = Corpus(
        files=[
            EncodedFile(source.name, steps, source.split, split_by_hash(source.data), source.style)
            for source, steps in both
            if not isinstance(steps, str)
        ],
        refused={source.name: reason for source, reason in both if isinstance(reason, str)},
    )
    if not corpus.files:
        raise DataError(f"No piece in {path} can be used; {corpus.reasons()}")
    return corpus


def encode_corpus(path: Path, representation: str, processes: int | None = None) -> Encoded:
    """The pieces under `path` as a training run needs them: some to learn from, some held out.

    Raises:
        DataError: when too little is left to train and to validate on.
    """
    corpus = encode_files(path, representation, processes)
    parts: dict[str, list[EncodedFile]] = {"train": [], "validation": []}
    for file in corpus.files:
        parts.setdefault(file.split or file.hash_split, []).append(file)
    train, validation = parts["train"], parts["validation"]
    if len(train) + len(validation) < 2:
        raise DataError("Training needs at least two pieces: one to learn from and one to be tested on.")
    if not train and any(file.split for file in corpus.files):
        raise DataError(f"The table in {path} names no piece to train on: give it rows whose split is 'train'.")
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
    )


def split_by_hash(data: bytes) -> str:
    """'train' or 'validation', by the hash of a file's bytes."""
    return "validation" if hashlib.sha256(data).digest()[0] * 100 < HELD_OUT_PERCENT * 256 else "train"


def _in_parallel(sources: list[Source], representation: str, processes: int) -> Iterator[NDArray[np.int32] | str]:
    """`_encode` of each source, in order; a few are not worth a process."""
    names = [representation] * len(sources)
    if processes == 1 or len(sources) <= FILES_AT_A_TIME:
        yield from map(_encode, sources, names)
        return
    # spawned, because Keras may have started threads by now, and a fork would copy their locks as they happen to be
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_encode, sources, names, chunksize=FILES_AT_A_TIME)


def _encode(source: Source, representation: str) -> NDArray[np.int32] | str:
    """The steps of one file, or the sentence that says why it was left out."""
    try:
        steps = REPRESENTATIONS[representation]().encode(read_midi(source.data, MidiLimits.for_data()).piece)
    except MidiError as error:
        return error.sentence
    return steps if len(steps) >= FEWEST_NOTES else f"It has fewer than {FEWEST_NOTES} notes that can be used."

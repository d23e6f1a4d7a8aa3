"""Corpora as training and evaluation see them: pieces by split, without near-duplicates across the splits.

A piece belongs to one split as a whole: the one in a published table, or else the one that the hash of its content or
work gives, so the same pieces are held out in every run and on every machine. Near-duplicates of a held-out piece are
not trained on.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.corpora.near_duplicates import Sketch, near_duplicates
from model.corpora.shards import Shard, entry_sketch, read_shards, shards_name, write_shards
from model.corpora.sources import data_digest, read_sources
from model.errors import DataError
from model.files import cache_folder

FEWEST_OF_A_STYLE = 8  # pieces; fewer would be learnt by heart


@dataclass(frozen=True)
class EncodedFile:
    """One file's raw steps, int32 (notes, fields), and its split where a table names one."""

    name: str
    steps: NDArray[np.int32]
    split: str | None
    hash_split: str  # the split that its content's hash decides
    style: str = ""  # see `model.corpora.sources`
    sketch: Sketch = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))  # see `model.corpora.near_duplicates`

    @property
    def is_held_out(self) -> bool:
        """Whether training may not see it."""
        return (self.split or self.hash_split) != "train"


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
    """What a training run needs: steps and style of every piece by split, and what was left out and why.

    `train_styles` and `validation_styles` have a word for each piece, '' where its style is unknown (see
    `model.corpora.sources`); all are '' by default. `duplicates` maps each piece that is nearly the same as a held-out
    one to that one: where the split was published it stays in its part, otherwise it was removed from `train`.
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
        """The styles that enough pieces to train on have to be told apart, sorted."""
        counts = Counter(self.train_styles)
        return tuple(sorted(style for style, count in counts.items() if style and count >= FEWEST_OF_A_STYLE))


def encode_files(
    data: Path | Sequence[Path], representation: str, processes: int | None = None, cache: Path | None = None
) -> Corpus:
    """Every piece of the data sets, read and encoded, or as an earlier run left it in the cache.

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
        raise DataError(f"What was written to {folder} cannot be read again: look after the disk it is on.")
    return shards


def encode_corpus(
    data: Path | Sequence[Path], representation: str, processes: int | None = None, cache: Path | None = None
) -> Encoded:
    """The pieces of the data sets as a training run needs them: some to learn from, some held out.

    Arguments as for `encode_files`.

    Raises:
        DataError: when too little is left to train and to validate on.
    """
    corpus = encode_files(data, representation, processes, cache)
    duplicates = duplicates_of_held_out(corpus.files)
    train = [file for file in corpus.files if not file.is_held_out and (file.split or file.name not in duplicates)]
    validation = [file for file in corpus.files if (file.split or file.hash_split) == "validation"]
    if len(train) + len(validation) < 2:
        raise DataError("Training needs at least two pieces: one to learn from and one to be tested on.")
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
    """Each piece of the train part that is nearly the same as a held-out one, with that one's name."""
    found: dict[str, str] = {}
    for one, other in near_duplicates([file.sketch for file in files]):
        if files[one].is_held_out != files[other].is_held_out:
            held_out, trained = (one, other) if files[one].is_held_out else (other, one)
            found.setdefault(files[trained].name, files[held_out].name)
    return found


def _named(paths: Iterable[Path]) -> str:
    return " and ".join(str(path) for path in paths)

"""A small data set for fine-tuning: pieces to learn from, at least a few held out, and batches mixed with old music."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.bundles.training_artifacts import ReplaySample, Sample
from model.corpora.corpus import Encoded, EncodedFile, duplicates_of_held_out, encode_files
from model.corpora.windows import Augmentation, WindowStreams
from model.errors import DataError
from model.representation import Representation

FEWEST_HELD_OUT = 3  # pieces, where a third of them are as many
LARGEST_SHARE = 1 / 3  # of the pieces that may be held out


@dataclass(frozen=True)
class Pieces:
    """The pieces of a run; `replay_sample` is the base's, None if it has none."""

    data: Encoded
    replay_sample: ReplaySample | None
    has_base: bool = True

    @property
    def digest(self) -> str:
        """A hash of the pieces and their split; a run can only continue with the same ones."""
        digest = hashlib.sha256()
        old = (
            []
            if self.replay_sample is None
            else [*self.replay_sample.train.pieces, *self.replay_sample.held_out.pieces]
        )
        for part in (self.data.train, self.data.validation, old):
            digest.update(len(part).to_bytes(4, "little"))
            for steps in part:
                digest.update(_hash(steps))
        return digest.hexdigest()[:16]


def read_pieces(data: Path | Sequence[Path], representation: str, cache: Path, processes: int | None = None) -> Encoded:
    """The pieces of a small data set, some of them held out.

    A piece is held out if a published table says so, else by the hash of its content, as in `encode_corpus`. If that
    holds out fewer than FEWEST_HELD_OUT or more than LARGEST_SHARE, pieces change sides in the order of the hash of
    their steps, so every run on the same set has the same split.

    Raises:
        DataError: when fewer than two different pieces can be used.
    """
    corpus = encode_files(data, representation, processes, cache)
    files = list({_hash(file.steps): file for file in corpus.files}.values())
    if len(files) < 2:
        raise DataError(
            "Fine-tuning needs at least two different pieces, one of them for testing; "
            f"of {len(corpus.files) + len(corpus.refused)} files {len(files)} can be used. {corpus.reasons()}"
        )
    held_out = _held_out(files)
    split = [replace(file, hash_split="validation" if file.name in held_out else "train") for file in files]
    duplicates = duplicates_of_held_out(split)
    train = [file for file in split if not file.is_held_out and file.name not in duplicates]
    validation = [file for file in split if (file.split or file.hash_split) == "validation"]
    if not train or not validation:
        raise DataError("Nearly all pieces of the data set are the same: fine-tuning needs different ones.")
    return Encoded(
        [np.asarray(file.steps) for file in train],
        [np.asarray(file.steps) for file in validation],
        corpus.refused,
        [file.style for file in train],
        [file.style for file in validation],
        duplicates,
    )


def _held_out(files: Sequence[EncodedFile]) -> set[str]:
    """Names of the pieces that are held out."""
    in_order = sorted(files, key=lambda file: _hash(file.steps))
    chosen = [file for file in in_order if file.is_held_out]
    if any(file.split for file in files):
        return {file.name for file in chosen}
    most = max(1, int(len(files) * LARGEST_SHARE))
    wanted = min(FEWEST_HELD_OUT, most)
    others = [file for file in in_order if not file.is_held_out]
    chosen = [*chosen, *others[: max(0, wanted - len(chosen))]][: max(most, wanted)]
    return {file.name for file in chosen}


def _hash(steps: np.ndarray) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(steps, dtype="<i4").tobytes()).digest()


class MixedStreams:
    """Batches that mix rows of new pieces with rows of the base's replay sample.

    The replay sample always carries its style and the new pieces never do, so that the network can tell them apart:
    most requests name no style. A base without styles has no such sign.
    """

    def __init__(
        self, representation: Representation, new: Sample, old: Sample, mix: float, shape: tuple[int, int]
    ) -> None:
        """Give the share `mix` (0..1) of the rows to `old`, unless it is empty; `shape`: rows and steps of a batch."""
        rows, steps = shape
        old = with_styles(representation, old)
        old_rows = min(round(mix * rows), rows - 1) if old.pieces else 0
        self._parts = [WindowStreams(representation, new.pieces, rows - old_rows, steps)]
        if old_rows:
            self._parts.append(WindowStreams(representation, old.pieces, old_rows, steps, old.styles))

    @property
    def batches_per_pass(self) -> int:
        """The approximate number of batches in one pass over the new pieces."""
        return self._parts[0].batches_per_pass

    def shuffled(self, rng: np.random.Generator, augmentation: Augmentation) -> Iterator[dict]:
        """An endless supply of batches."""
        how = (augmentation, replace(augmentation, style_hidden=0.0))
        streams = [part.shuffled(child, one) for part, child, one in zip(self._parts, rng.spawn(2), how, strict=False)]
        for batches in zip(*streams, strict=True):
            yield _beside([batch for (batch,) in batches])


def with_styles(representation: Representation, sample: Sample) -> Sample:
    """The pieces of `sample` whose style the representation knows; all of them if it knows no styles."""
    known = set(representation.controls.styles)
    kept = [pair for pair in zip(sample.pieces, sample.styles, strict=True) if pair[1] in known]
    return Sample([piece for piece, _ in kept], [style for _, style in kept]) if kept else sample


def _beside(batches: Sequence[dict]) -> dict:
    """One batch with the rows of all `batches`."""
    first, *others = batches
    if not others:
        return first
    return {
        name: _beside([batch[name] for batch in batches])
        if isinstance(value, dict)
        else np.concatenate([batch[name] for batch in batches])
        for name, value in first.items()
    }

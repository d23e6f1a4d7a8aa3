"""What a bundle keeps of its training set: an index that finds copies, priors, and a replay sample.

The replay sample is for further training. A network that is fitted to new music forgets the old; mixing some of the old
into the new prevents most of that (Robins 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal"), and held-out
pieces show how much was forgotten. The sample takes a few hundred kilobytes, in the file `rehearsal.npz`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.analysis.originality import index_training_set
from model.bundles.priors import Priors, priors_of
from model.errors import BundleError
from model.representation import Representation

if TYPE_CHECKING:
    from model.analysis.originality import OriginalityIndex
    from model.corpora.corpus import Encoded

MOST_TRAIN, MOST_HELD_OUT = 96, 32  # excerpts
MOST_STEPS = 1024  # of an excerpt that is learnt from
HELD_OUT_PART = 2  # excerpts to measure by are this part as long: they are read after every epoch
LARGEST_BYTES = 270_000  # of a stored replay sample: a shipped bundle has 12 MB, and weights need most of them
FEWEST_STEPS = 64  # no excerpt is cut shorter than this to make a replay sample fit
LOWEST_VALUES = {"voices": -1}  # a voice that rests; 0 in every other representation
# a stored one that says more than this of itself is refused before the rest of it is looked at
LARGEST_UNPACKED = 16 << 20  # bytes
MOST_STEPS_OF_ALL = 2 * MOST_STEPS * (MOST_TRAIN + MOST_HELD_OUT)  # whole bars may take more than was asked for
LONGEST_STYLE = 64  # letters

Steps = NDArray[np.int32]  # raw steps of one excerpt, (steps, fields)


class Sample(NamedTuple):
    """Some pieces, and the style of each, '' if unknown."""

    pieces: list[Steps]
    styles: list[str]


@dataclass(frozen=True)
class ReplaySample:
    """Excerpts of a bundle's training pieces and of its held-out pieces."""

    train: Sample
    held_out: Sample

    @classmethod
    def nothing(cls) -> ReplaySample:
        """One without a piece."""
        return cls(Sample([], []), Sample([], []))

    def save(self) -> bytes:
        """The replay sample as the bytes of an .npz file: plain whole numbers, deflated."""
        pieces = [*self.train.pieces, *self.held_out.pieces]
        fields = pieces[0].shape[1] if pieces else 0
        steps = np.concatenate([np.zeros((0, fields), dtype=np.int16), *(piece.astype(np.int16) for piece in pieces)])
        styles = json.dumps([*self.train.styles, *self.held_out.styles])
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            allow_pickle=False,
            steps=np.ascontiguousarray(steps.T),  # the values of one field beside one another deflate best
            lengths=np.array([len(piece) for piece in pieces], dtype=np.int32),
            held_out=np.array(len(self.held_out.pieces), dtype=np.int32),
            styles=np.frombuffer(styles.encode(), dtype=np.uint8),
        )
        return buffer.getvalue()


def replay_sample_of(
    representation: Representation, train: Sample, held_out: Sample, random_seed: int = 0
) -> ReplaySample:
    """A sample of a training set that fits into a bundle, at most LARGEST_BYTES.

    A long piece is cut to its beginning and its end, as in training (`Representation.excerpt`), so that neither is
    forgotten; notes that are struck again at the cut end there.

    Args:
        representation: of the steps.
        train: the training pieces.
        held_out: the held-out pieces.
        random_seed: decides which pieces are taken, and where they are cut.
    """
    longest = MOST_STEPS
    while True:
        rng = np.random.default_rng(random_seed)
        samples = (
            _drawn(representation, sample, most, steps, rng)
            for sample, most, steps in (
                (train, MOST_TRAIN, longest),
                (held_out, MOST_HELD_OUT, longest // HELD_OUT_PART),
            )
        )
        replay_sample = ReplaySample(*samples)
        if longest <= FEWEST_STEPS or len(replay_sample.save()) <= LARGEST_BYTES:
            return replay_sample
        longest = longest * 4 // 5


def _drawn(representation: Representation, sample: Sample, most: int, longest: int, rng: np.random.Generator) -> Sample:
    chosen = np.sort(rng.choice(len(sample.pieces), min(most, len(sample.pieces)), replace=False)).tolist()
    shares = rng.uniform(0.2, 0.8, len(chosen))  # of an excerpt that are the beginning
    pieces = []
    for index, share in zip(chosen, shares, strict=True):
        steps, first = np.asarray(sample.pieces[index]), int(longest * share)
        if len(steps) > longest:
            steps = representation.encode(representation.decode(representation.excerpt(steps, first, longest - first)))
        pieces.append(steps)
    return Sample(pieces, [sample.styles[index] for index in chosen])


def load_replay_sample(data: bytes, representation: Representation) -> ReplaySample:
    """The replay sample that `ReplaySample.save` made, for a network that reads `representation`.

    `data` is untrusted: everything in it is checked before use.

    Raises:
        BundleError: `data` is no replay sample, is too large, or holds no valid music in `representation`.
    """
    try:
        steps, lengths, held_out, styles = _arrays(data)
        _check(steps, lengths, held_out, styles, representation)
        pieces = (
            np.split(np.ascontiguousarray(steps.T).astype(np.int32), np.cumsum(lengths)[:-1]) if len(lengths) else []
        )
        train = len(lengths) - held_out
        replay_sample = ReplaySample(Sample(pieces[:train], styles[:train]), Sample(pieces[train:], styles[train:]))
        _check_music(pieces, representation)
    except (
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        OSError,
        EOFError,
        MemoryError,
        ArithmeticError,
        zipfile.BadZipFile,
    ) as error:
        raise BundleError(
            f"The replay sample in the bundle cannot be used ({error}): take it from a bundle of `train` or `publish`."
        ) from error
    return replay_sample


def _arrays(data: bytes) -> tuple[NDArray, NDArray, int, list[str]]:
    """The arrays of a stored replay sample; only their sizes are checked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
            raise ValueError("it unpacks to more than a replay sample can be")
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        styles = json.loads(stored["styles"].astype(np.uint8).tobytes())
        return stored["steps"], stored["lengths"], int(stored["held_out"]), styles


def _check(steps: NDArray, lengths: NDArray, held_out: int, styles: list[str], representation: Representation) -> None:
    """Raise ValueError unless the parts fit each other and are no larger than a replay sample can be."""
    fields = len(representation.fields)
    if steps.dtype != np.int16 or lengths.dtype != np.int32 or lengths.ndim != 1 or steps.ndim != 2:
        raise ValueError("its numbers are not those of a replay sample")
    if len(lengths) > MOST_TRAIN + MOST_HELD_OUT or steps.shape[1] > MOST_STEPS_OF_ALL:
        raise ValueError("it holds more excerpts than a replay sample has")
    if (
        not 0 <= held_out <= len(lengths)
        or (lengths < 1).any()
        or int(lengths.astype(np.int64).sum()) != steps.shape[1]
    ):
        raise ValueError("its excerpts do not have the lengths it says")
    if len(lengths) and steps.shape[0] != fields:
        raise ValueError(f"its steps are not those of '{representation.name}'")
    if steps.size and steps.min() < LOWEST_VALUES.get(representation.name, 0):
        raise ValueError("it holds values below the least that can be")
    if not isinstance(styles, list) or len(styles) != len(lengths):
        raise ValueError("it has not one style for each excerpt")
    if not all(isinstance(style, str) and len(style) <= LONGEST_STYLE for style in styles):
        raise ValueError("its styles are no words")


def _check_music(pieces: Sequence[Steps], representation: Representation) -> None:
    """Raise ValueError for steps that `representation` would not produce for their piece.

    A value out of range, or a note that cannot be struck, would give an infinite loss.
    """
    for steps in pieces:
        if not np.array_equal(representation.encode(representation.decode(steps)), steps):
            raise ValueError(f"it holds what is no music of '{representation.name}'")


class TrainingArtifacts(NamedTuple):
    """What is kept, in the order in which `pack` and `with_artifacts` take it."""

    originality: OriginalityIndex  # finds copies in composed pieces
    priors: Priors  # from which options that nobody chose are sampled
    replay_sample: ReplaySample


def training_artifacts(
    representation: Representation, data: Encoded, as_trained: Sample | None = None
) -> TrainingArtifacts:
    """The artifacts of `data`, whose steps are of `representation`.

    Args:
        representation: of the steps.
        data: the training set.
        as_trained: the pieces as often, and with such instruments, as they came up in training, from which the priors
            are measured; by default each piece once, as it is.
    """
    train, held_out = Sample(data.train, data.train_styles), Sample(data.validation, data.validation_styles)
    return TrainingArtifacts(
        index_training_set(representation, data.train, data.validation),
        priors_of(representation, *(as_trained or train)),
        replay_sample_of(representation, train, held_out),
    )

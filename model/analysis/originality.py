"""How much of a piece also occurs in the training set, compared with what unseen human music shares with it.

An index holds the runs of 8 and 16 notes of a training set (`melody_hashes` defines when two runs are equal). To fit
into a bundle, an index may be thinned to the hashes that are multiples of a power of two. Thinning does not depend on
the music, so the share found among the kept runs is an unbiased estimate of the share of all runs.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.analysis.melody_hashes import CompressedHashSet, Hashes, melodies, run_hashes
from model.errors import BundleError, DataError
from model.piece import Piece
from model.piece import excerpts as cut_excerpts
from model.representation.base import Representation

RUNS = (8, 16)  # notes
BUDGET_BYTES = {8: 500_000, 16: 750_000}  # size of an index inside a bundle, by run length
BITS_PER_RUN = 12.7
LARGEST_THINNING = 1 << 16
LARGEST_UNPACKED = 16 << 20  # bytes of an index after decompression
CONTROL_LENGTH_S = 30.0  # length of the human-control excerpts: that of a generated piece by default
MOST_CONTROL_EXCERPTS = 400
TRAINING_PIECE_SHARE = 0.9  # a piece with at least this share of its 16-note runs in the index is a training piece


@dataclass(frozen=True)
class Share:
    """How many runs were looked up and how many of them were found."""

    looked_up: int
    found: int
    chance: float = 0.0  # false-positive rate of the index

    def __add__(self, other: Share) -> Share:
        chance = max(self.chance, other.chance)
        return Share(self.looked_up + other.looked_up, self.found + other.found, chance)

    @property
    def value(self) -> float | None:
        """The share in 0..1, corrected for false positives; None if no run could be looked up."""
        if not self.looked_up:
            return None
        return max(0.0, (self.found / self.looked_up - self.chance) / (1 - self.chance))


@dataclass(frozen=True)
class HumanControl:
    """Averages for human music outside the training set, looked up in the same index."""

    share_8: float
    share_16: float
    longest_run: float  # notes
    excerpts: int


@dataclass(frozen=True)
class Originality:
    """How much of one piece occurs in the training set, with the human control for comparison."""

    share_8: float | None  # share of its 8-note runs, 0..1; None if the piece is too short
    share_16: float | None
    longest_run: int  # longest passage in notes whose 16-note runs (or else 8-note runs) are all found
    human_share_8: float | None = None
    human_share_16: float | None = None
    human_longest_run: float | None = None


class OriginalityIndex:
    """The runs of a training set. `every` is the thinning factor for each run length; 1 keeps every run."""

    def __init__(
        self, sets: dict[int, CompressedHashSet], every: dict[int, int], human: HumanControl | None = None
    ) -> None:
        self.sets, self.every, self.human = sets, every, human

    @classmethod
    def of(cls, pieces: Iterable[Piece], exact: bool = False) -> OriginalityIndex:
        """Index a training set.

        Args:
            pieces: the training set after an encode/decode round trip.
            exact: keep every run; otherwise thin the index to about `BUDGET_BYTES`.
        """
        runs = [{notes: _runs(piece, notes) for notes in RUNS} for piece in pieces]
        sets, every = {}, {}
        for notes in RUNS:
            hashes = [piece[notes] for piece in runs]
            distinct = len(np.unique(np.concatenate([np.zeros(0, np.uint64), *hashes])))
            every[notes] = 1 if exact else _thinning(distinct, BUDGET_BYTES[notes])
            sets[notes] = CompressedHashSet.of([_kept(piece, every[notes]) for piece in hashes], exact)
        return cls(sets, every)

    def with_control(self, excerpts: Sequence[Piece]) -> OriginalityIndex:
        """A copy of this index with a human control measured on `excerpts` from outside the training set."""
        shares = {notes: self.pooled(excerpts, notes).value or 0.0 for notes in RUNS}
        longest = float(np.mean([self.longest_run(piece) for piece in excerpts])) if len(excerpts) else 0.0
        human = HumanControl(shares[8], shares[16], longest, len(excerpts))
        return OriginalityIndex(self.sets, self.every, human)

    def share(self, piece: Piece, notes: int, leave_one_out: bool = False) -> Share:
        """How many of a piece's runs occur in the training set.

        Args:
            piece: the piece to look up.
            notes: run length, 8 or 16.
            leave_one_out: the piece belongs to the training set, so only count runs that a second piece has too.
        """
        runs = _kept(_runs(piece, notes), self.every[notes])
        members = self.sets[notes]
        return Share(len(runs), int(members.contains(runs, leave_one_out).sum()), members.chance(leave_one_out))

    def pooled(self, pieces: Sequence[Piece], notes: int, leave_one_out: bool = False) -> Share:
        """`share` over the runs of all `pieces`."""
        return sum((self.share(piece, notes, leave_one_out) for piece in pieces), Share(0, 0))

    def is_training_piece(self, piece: Piece) -> bool:
        """Whether nearly all 16-note runs of `piece` occur, so it is a piece of the training set."""
        return (self.share(piece, 16).value or 0.0) >= TRAINING_PIECE_SHARE

    def longest_run(self, piece: Piece, leave_one_out: bool = False) -> int:
        """Length in notes of the longest passage whose 16-note runs (or else 8-note runs) are all found; 0 if none.

        In a thinned index the passage extends from the first to the last kept run, so it can be a few notes too short.
        Adjacent passages copied from different places count as one.
        """
        for notes in reversed(RUNS):
            if longest := max((self._longest(line, notes, leave_one_out) for line in melodies(piece)), default=0):
                return longest
        return 0

    def measure(self, piece: Piece) -> Originality:
        """All originality figures of one piece."""
        own = Originality(self.share(piece, 8).value, self.share(piece, 16).value, self.longest_run(piece))
        if self.human is None:
            return own
        human = {f"human_{name}": value for name, value in asdict(self.human).items() if name != "excerpts"}
        return replace(own, **human)

    def save(self) -> bytes:
        """The index as the bytes of an .npz file."""
        arrays = {"every": np.array([self.every[notes] for notes in RUNS])}
        if self.human is not None:
            arrays["human"] = np.array(list(asdict(self.human).values()), dtype=np.float64)
        for notes in RUNS:
            arrays |= self.sets[notes].arrays(f"runs_{notes}")
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def load(cls, data: bytes) -> OriginalityIndex:
        """Read the bytes written by `save`.

        Raises:
            BundleError: `data` is not an index.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                    raise ValueError("it unpacks to more than an index can be")
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays = dict(stored)
            every = dict(zip(RUNS, (int(value) for value in arrays["every"]), strict=True))
            sets = {notes: CompressedHashSet.from_arrays(f"runs_{notes}", arrays) for notes in RUNS}
            human = None
            if "human" in arrays:
                share_8, share_16, longest, excerpts = (float(value) for value in arrays["human"])
                human = HumanControl(share_8, share_16, longest, int(excerpts))
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"The index of the training set cannot be read: {error}") from error
        return cls(sets, every, human)

    def _longest(self, line: NDArray[np.int64], notes: int, leave_one_out: bool) -> int:
        """Length in notes of the longest stretch of consecutive kept runs that were all found."""
        hashes = run_hashes(line, notes)
        places = np.flatnonzero(_is_kept(hashes, self.every[notes]))
        found = self.sets[notes].contains(hashes[places], in_multiple_pieces=leave_one_out)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8)))
        if not len(edges):
            return 0
        return int((places[edges[1::2] - 1] - places[edges[::2]]).max()) + notes


def index_training_set(
    representation: Representation,
    train: Sequence[NDArray[np.int32]],
    held_out: Sequence[NDArray[np.int32]],
    exact: bool = False,
) -> OriginalityIndex:
    """Index the pieces that a network is trained on, with held-out pieces as the human control.

    The pieces are decoded from their steps, so they went through the same quantisation as generated pieces.

    Args:
        representation: of the steps.
        train: raw steps of each training piece, int32 (steps, fields).
        held_out: raw steps of each held-out piece; if none lasts `CONTROL_LENGTH_S` the index has no human control.
        exact: keep every run, for an index that is not stored.
    """
    index = OriginalityIndex.of(_decoded(representation, train), exact)
    try:
        control = cut_excerpts(list(_decoded(representation, held_out)), CONTROL_LENGTH_S, MOST_CONTROL_EXCERPTS)
    except DataError:
        return index
    return index.with_control([one.piece for one in control])


def _decoded(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> Iterator[Piece]:
    return (representation.decode(np.asarray(steps)) for steps in pieces)


def originality_of(piece: Piece, index: OriginalityIndex | None) -> Originality | None:
    """Originality of a generated piece, or None if its bundle has no index."""
    return index.measure(piece) if index is not None else None


def _runs(piece: Piece, notes: int) -> Hashes:
    return np.concatenate([np.zeros(0, np.uint64), *(run_hashes(line, notes) for line in melodies(piece))])


def _is_kept(hashes: Hashes, every: int) -> NDArray[np.bool_]:
    return (hashes & np.uint64(every - 1)) == 0


def _kept(hashes: Hashes, every: int) -> Hashes:
    return hashes[_is_kept(hashes, every)]


def _thinning(runs: int, budget_bytes: int) -> int:
    """The smallest power of two by which `runs` must be thinned to fit the budget."""
    every = 1
    while every < LARGEST_THINNING and runs / every * BITS_PER_RUN / 8 > budget_bytes:
        every *= 2
    return every

"""How much of a piece is in the music a network learnt from, beside what human music shares with it.

An index holds the runs of 8 and of 16 notes of a training set (see `fingerprints` for what makes two runs the same):
all of them, or, to fit into a bundle, those whose hash is a multiple of some power of two. Which runs are kept does not
depend on the music, so the share found among the kept ones is an unbiased estimate of the share of all.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.errors import BundleError
from model.evaluation.fingerprints import Hashes, melodies, run_hashes
from model.evaluation.sparse_set import SparseSet
from model.piece import Piece

RUNS = (8, 16)  # notes
BUDGET_BYTES = {8: 500_000, 16: 750_000}  # of an index inside a bundle
BITS_PER_RUN = 12.7
LARGEST_THINNING = 1 << 16
LARGEST_UNPACKED = 16 << 20  # bytes of a stored index
LEARNT_FROM = 0.9  # a piece of whose 16-note runs this share is found is one of the training set


@dataclass(frozen=True)
class Share:
    """Of how many runs that were looked up how many were found."""

    looked_up: int
    found: int
    chance: float = 0.0  # that the index says 'found' of a run that is not there

    def __add__(self, other: Share) -> Share:
        chance = max(self.chance, other.chance)
        return Share(self.looked_up + other.looked_up, self.found + other.found, chance)

    @property
    def value(self) -> float | None:
        """The share in 0..1, chance hits of the index taken out; None where nothing could be looked up."""
        if not self.looked_up:
            return None
        return max(0.0, (self.found / self.looked_up - self.chance) / (1 - self.chance))


@dataclass(frozen=True)
class HumanControl:
    """What music by people that the network has not learnt from shares with the training set, on average."""

    share_8: float
    share_16: float
    longest_run: float  # notes
    excerpts: int


@dataclass(frozen=True)
class Originality:
    """How much of one piece is found in the training set; the human figures are those of unlearnt music by people."""

    share_8: float | None  # of its runs of 8 notes, 0..1; None for a piece too short to tell
    share_16: float | None
    longest_run: int  # notes in a row all of whose 16-note runs (8-note runs, where it is shorter) are found
    human_share_8: float | None = None
    human_share_16: float | None = None
    human_longest_run: float | None = None


class OriginalityIndex:
    """The runs of a training set. `every` says of each length of run which part of the runs is kept: 1 keeps all."""

    def __init__(self, sets: dict[int, SparseSet], every: dict[int, int], human: HumanControl | None = None) -> None:
        self.sets, self.every, self.human = sets, every, human

    @classmethod
    def of(cls, pieces: Iterable[Piece], exact: bool = False) -> OriginalityIndex:
        """The index of a training set.

        Args:
            pieces: the training set, as the representation gives it back.
            exact: keep every run, whatever it takes; else about `BUDGET_BYTES`, which bundles can carry.
        """
        runs = [{notes: _runs(piece, notes) for notes in RUNS} for piece in pieces]
        sets, every = {}, {}
        for notes in RUNS:
            hashes = [piece[notes] for piece in runs]
            distinct = len(np.unique(np.concatenate([np.zeros(0, np.uint64), *hashes])))
            every[notes] = 1 if exact else _thinning(distinct, BUDGET_BYTES[notes])
            sets[notes] = SparseSet.of([_kept(piece, every[notes]) for piece in hashes], exact)
        return cls(sets, every)

    def with_control(self, excerpts: Sequence[Piece]) -> OriginalityIndex:
        """This index with the figures of `excerpts` of music by people that is not in the training set."""
        shares = {notes: self.pooled(excerpts, notes).value or 0.0 for notes in RUNS}
        longest = float(np.mean([self.longest_run(piece) for piece in excerpts])) if len(excerpts) else 0.0
        human = HumanControl(shares[8], shares[16], longest, len(excerpts))
        return OriginalityIndex(self.sets, self.every, human)

    def share(self, piece: Piece, notes: int, elsewhere: bool = False) -> Share:
        """How many of a piece's runs of `notes` notes, 8 or 16, are in the training set.

        Args:
            piece: what is looked up.
            notes: the length of the runs.
            elsewhere: the piece is itself of the training set: count what is found in more than one piece of it.
        """
        runs = _kept(_runs(piece, notes), self.every[notes])
        members = self.sets[notes]
        return Share(len(runs), int(members.contains(runs, elsewhere).sum()), members.chance(elsewhere))

    def pooled(self, pieces: Sequence[Piece], notes: int, elsewhere: bool = False) -> Share:
        """The runs of all `pieces` together."""
        return sum((self.share(piece, notes, elsewhere) for piece in pieces), Share(0, 0))

    def was_learnt(self, piece: Piece) -> bool:
        """Whether `piece` is one of the training set: nearly all its runs of 16 notes are there."""
        return (self.share(piece, 16).value or 0.0) >= LEARNT_FROM

    def longest_run(self, piece: Piece, elsewhere: bool = False) -> int:
        """Notes of the longest part of `piece` all of whose 16-note runs are found, or else 8-note runs; 0 for none.

        Of an index that keeps a part of the runs, it reaches from the first to the last kept run of those in a row
        that were found, so it may be some notes too short; parts copied from different places count as one.
        """
        for notes in reversed(RUNS):
            if longest := max((self._longest(line, notes, elsewhere) for line in melodies(piece)), default=0):
                return longest
        return 0

    def judged(self, piece: Piece) -> Originality:
        """All there is to say about one piece."""
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
        """The index that `save` made.

        Raises:
            BundleError: when `data` is none.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                    raise ValueError("it unpacks to more than an index can be")
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays = dict(stored)
            every = dict(zip(RUNS, (int(value) for value in arrays["every"]), strict=True))
            sets = {notes: SparseSet.from_arrays(f"runs_{notes}", arrays) for notes in RUNS}
            human = None
            if "human" in arrays:
                share_8, share_16, longest, excerpts = (float(value) for value in arrays["human"])
                human = HumanControl(share_8, share_16, longest, int(excerpts))
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise BundleError(f"The index of the training set cannot be read: {error}") from error
        return cls(sets, every, human)

    def _longest(self, line: NDArray[np.int64], notes: int, elsewhere: bool) -> int:
        """Notes from the first to the last run of the longest row of kept runs that were found."""
        hashes = run_hashes(line, notes)
        places = np.flatnonzero(_is_kept(hashes, self.every[notes]))
        found = self.sets[notes].contains(hashes[places], in_several=elsewhere)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8)))
        if not len(edges):
            return 0
        return int((places[edges[1::2] - 1] - places[edges[::2]]).max()) + notes


def originality_of(piece: Piece, index: OriginalityIndex | None) -> Originality | None:
    """How original a composed piece is, or None where its bundle carries no index."""
    return index.judged(piece) if index is not None else None


def _runs(piece: Piece, notes: int) -> Hashes:
    return np.concatenate([np.zeros(0, np.uint64), *(run_hashes(line, notes) for line in melodies(piece))])


def _is_kept(hashes: Hashes, every: int) -> NDArray[np.bool_]:
    return (hashes & np.uint64(every - 1)) == 0


def _kept(hashes: Hashes, every: int) -> Hashes:
    return hashes[_is_kept(hashes, every)]


def _thinning(runs: int, budget_bytes: int) -> int:
    """The smallest power of two such that one in so many runs fits the budget."""
    every = 1
    while every < LARGEST_THINNING and runs / every * BITS_PER_RUN / 8 > budget_bytes:
        every *= 2
    return every

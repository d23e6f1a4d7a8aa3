"""A set of many whole numbers in about 13 bits each, which says of a number outside it 'inside' once in 1,024 times.

The numbers are hashes brought into a range 1,024 times as large as their count and kept as Elias and Fano keep a rising
sequence (Elias 1974, "Efficient storage and retrieval by content and address of static files"; Fano 1971): the low
byte of each as it is, the high parts as gaps in a row of bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.evaluation.fingerprints import Hashes

PLACES_PER_MEMBER = 1024
LOW = 256  # the low part of a place is one byte
EXACT_SIZE = 1 << 63  # of a set too wide for chance hits, which is never stored


@dataclass(frozen=True)
class SparseSet:
    """Places of hashes in 0 .. `size` - 1, rising, and which of them belong to several pieces."""

    size: int
    places: NDArray[np.int64]
    shared: NDArray[np.bool_]  # (members,): found in more than one piece

    @classmethod
    def of(cls, hashes: list[Hashes], exact: bool = False) -> SparseSet:
        """The set of the hashes of all pieces, given piece by piece; an exact one cannot be stored."""
        own = [np.unique(piece) for piece in hashes]
        members, pieces = np.unique(np.concatenate([np.zeros(0, np.uint64), *own]), return_counts=True)
        size = EXACT_SIZE if exact else max(len(members), 1) * PLACES_PER_MEMBER
        places, first = np.unique(_places(members, size), return_index=True)
        shared = np.maximum.reduceat(pieces, first) > 1 if len(first) else np.zeros(0, dtype=bool)
        return cls(size, places, shared)

    def chance(self, in_several: bool = False) -> float:
        """How often a hash that is no member is taken for one (or for one found in more than one piece)."""
        return float(self.shared.sum() if in_several else len(self.places)) / self.size

    def contains(self, hashes: Hashes, in_several: bool = False) -> NDArray[np.bool_]:
        """Which of `hashes` are members, bool of their shape; with `in_several` those found in more than one piece."""
        if not len(self.places):
            return np.zeros(hashes.shape, dtype=bool)
        wanted = _places(hashes, self.size)
        index = np.minimum(np.searchsorted(self.places, wanted), len(self.places) - 1)
        found = self.places[index] == wanted
        return found & self.shared[index] if in_several else found

    def arrays(self, name: str) -> dict[str, NDArray]:
        """The set as arrays to be stored, each named after `name`."""
        high = self.places // LOW + np.arange(len(self.places))
        gaps = np.zeros(self.size // LOW + len(self.places), dtype=bool)
        gaps[high] = True
        return {
            f"{name}_size": np.array(self.size),
            f"{name}_low": (self.places % LOW).astype(np.uint8),
            f"{name}_high": np.packbits(gaps),
            f"{name}_shared": np.packbits(self.shared),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: dict[str, NDArray]) -> SparseSet:
        """The set that `arrays` made.

        Raises:
            KeyError: when an array is missing.
            ValueError: when the arrays do not fit each other.
        """
        low = arrays[f"{name}_low"].astype(np.int64)
        high = np.flatnonzero(np.unpackbits(arrays[f"{name}_high"])) - np.arange(len(low))
        places = high * LOW + low
        size = int(arrays[f"{name}_size"])
        if len(places) and (size <= places[-1] or (np.diff(places) <= 0).any()):
            raise ValueError(f"the set {name} is not in order")
        return cls(size, places, np.unpackbits(arrays[f"{name}_shared"], count=len(low)).astype(bool))


def _places(hashes: Hashes, size: int) -> NDArray[np.int64]:
    """Where each hash lies in 0 .. size - 1, by its upper 32 bits: the lower ones chose which are kept at all."""
    if size == EXACT_SIZE:
        return (hashes >> np.uint64(1)).astype(np.int64)
    return (((hashes >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32)).astype(np.int64)

"""A compressed set of hashes: about 13 bits per member, with a false-positive rate of 1 in 1,024.

The hashes are mapped to a range 1,024 times as large as their count and stored with Elias-Fano coding (Elias 1974,
"Efficient storage and retrieval by content and address of static files"; Fano 1971): the low byte of each verbatim, the
high parts as gaps in a bit vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.similarity.melody_hashes import Hashes

PLACES_PER_MEMBER = 1024
LOW = 256  # the low part of a position is one byte
EXACT_SIZE = 1 << 63  # range of a set without false positives, which cannot be stored


@dataclass(frozen=True)
class CompressedHashSet:
    """Ascending positions in 0 .. `size` - 1, and which of them occur in several pieces."""

    size: int
    places: NDArray[np.int64]
    shared: NDArray[np.bool_]  # (members,): found in more than one piece

    @classmethod
    def of(cls, hashes: list[Hashes], exact: bool = False) -> CompressedHashSet:
        """Build the set from the hashes of each piece. An exact set has no false positives and cannot be stored."""
        own = [np.unique(piece) for piece in hashes]
        members, pieces = np.unique(np.concatenate([np.zeros(0, np.uint64), *own]), return_counts=True)
        size = EXACT_SIZE if exact else max(len(members), 1) * PLACES_PER_MEMBER
        places, first = np.unique(_places(members, size), return_index=True)
        shared = np.maximum.reduceat(pieces, first) > 1 if len(first) else np.zeros(0, dtype=bool)
        return cls(size, places, shared)

    def chance(self, in_multiple_pieces: bool = False) -> float:
        """False-positive rate of `contains`."""
        return float(self.shared.sum() if in_multiple_pieces else len(self.places)) / self.size

    def contains(self, hashes: Hashes, in_multiple_pieces: bool = False) -> NDArray[np.bool_]:
        """Which of `hashes` are members (with `in_multiple_pieces`: occur in more than one piece); bool, same shape."""
        if not len(self.places):
            return np.zeros(hashes.shape, dtype=bool)
        wanted = _places(hashes, self.size)
        index = np.minimum(np.searchsorted(self.places, wanted), len(self.places) - 1)
        found = self.places[index] == wanted
        return found & self.shared[index] if in_multiple_pieces else found

    def arrays(self, name: str) -> dict[str, NDArray]:
        """The set as arrays for storage; their names start with `name`."""
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
    def from_arrays(cls, name: str, arrays: dict[str, NDArray]) -> CompressedHashSet:
        """Restore a set from what `arrays` returned.

        Raises:
            KeyError: an array is missing.
            ValueError: the arrays are inconsistent.
        """
        low = arrays[f"{name}_low"].astype(np.int64)
        high = np.flatnonzero(np.unpackbits(arrays[f"{name}_high"])) - np.arange(len(low))
        places = high * LOW + low
        size = int(arrays[f"{name}_size"])
        if len(places) and (size <= places[-1] or (np.diff(places) <= 0).any()):
            raise ValueError(f"the set {name} is not in order")
        return cls(size, places, np.unpackbits(arrays[f"{name}_shared"], count=len(low)).astype(bool))


def _places(hashes: Hashes, size: int) -> NDArray[np.int64]:
    """Position of each hash in 0 .. size - 1, from its upper 32 bits (thinning uses the lower bits)."""
    if size == EXACT_SIZE:
        return (hashes >> np.uint64(1)).astype(np.int64)
    return (((hashes >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32)).astype(np.int64)

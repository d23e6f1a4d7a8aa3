"""Hashes of melodic runs that do not change when the music is transposed, slowed down or played louder.

A run of n notes is identified by the n - 1 intervals between successive pitches. Rhythm, dynamics and key are ignored,
so a copy in another key or with other note lengths is still found. This makes the originality test strict. It also
makes human composers agree by chance more often, which is why every figure comes with a human control.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.piece import Piece

CHORD_S = 0.035  # notes at most this long after the previous onset belong to the same chord
LARGEST_INTERVAL = 127
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd: Knuth's multiplicative hashing

Hashes = NDArray[np.uint64]
PLACES_PER_MEMBER = 1024
LOW = 256  # the low part of a position is one byte
EXACT_SIZE = 1 << 63  # range of a set without false positives, which cannot be stored


def melodies(piece: Piece, chord_s: float = CHORD_S) -> list[NDArray[np.int64]]:
    """The pitches of each pitched instrument in onset order, int64 (notes,) each; chords from the lowest note up.

    A pianist never strikes the notes of a chord exactly together, so onsets at most `chord_s` seconds apart count as
    one chord. Drums are left out because all music shares their patterns.
    """
    onsets = piece.onsets_s
    found = []
    for index, instrument in enumerate(piece.instruments):
        mine = piece.notes["instrument"] == index
        if instrument.is_drum or not mine.any():
            continue
        pitches, struck = piece.notes["pitch"][mine].astype(np.int64), onsets[mine]
        chords = np.cumsum(np.diff(struck, prepend=struck[0]) > chord_s)
        found.append(pitches[np.lexsort((pitches, chords))])
    return found


def run_hashes(pitches: NDArray[np.integer], notes: int) -> Hashes:
    """Hash every run of `notes` successive pitches; uint64 (len(pitches) - notes + 1,), empty if there are too few.

    Runs with equal intervals have equal hashes; others collide with a probability of about 2**-64.

    Args:
        pitches: MIDI pitches in order.
        notes: run length, at least 2.
    """
    steps = (np.diff(pitches.astype(np.int64)) + LARGEST_INTERVAL + 1).astype(np.uint64)
    runs = len(pitches) - notes + 1
    if runs < 1:
        return np.zeros(0, dtype=np.uint64)
    words = mixed(steps)
    hashes = np.zeros(runs, dtype=np.uint64)
    for offset in range(notes - 1):
        hashes = hashes * MULTIPLIER + words[offset : offset + runs]  # modulo 2**64
    return mixed(hashes)


def mixed(numbers: Hashes) -> Hashes:
    """Mix the bits of `numbers` so that every output bit depends on every input bit; uint64, same shape.

    The finaliser of splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    """
    numbers = numbers + MULTIPLIER
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


@dataclass(frozen=True)
class CompressedHashSet:
    """A set of hashes in about 13 bits per member, with a false-positive rate of 1 in 1,024.

    Hashes are mapped to a range 1,024 times as large as their count: ascending positions in 0 .. `size` - 1. They are
    stored with Elias-Fano coding (Elias 1974, "Efficient storage and retrieval by content and address of static files";
    Fano 1971): the low byte of each verbatim, the high parts as gaps in a bit vector.
    """

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

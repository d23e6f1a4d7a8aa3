"""Hashes of melodic runs that do not change when the music is transposed, slowed down or played louder.

A run of n notes is identified by the n - 1 intervals between successive pitches. Rhythm, dynamics and key are ignored,
so a copy in another key or with other note lengths is still found. This makes the originality test strict. It also
makes human composers agree by chance more often, which is why every figure comes with a human control.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.piece import Piece

CHORD_S = 0.035  # notes at most this long after the previous onset belong to the same chord
LARGEST_INTERVAL = 127
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd: Knuth's multiplicative hashing

Hashes = NDArray[np.uint64]


def melodies(piece: Piece) -> list[NDArray[np.int64]]:
    """The pitches of each pitched instrument in onset order, int64 (notes,) each; chords from the lowest note up.

    A pianist never strikes the notes of a chord exactly together, so onsets at most `CHORD_S` apart count as one chord.
    Drums are left out because all music shares their patterns.
    """
    onsets = piece.onsets_s
    found = []
    for index, instrument in enumerate(piece.instruments):
        mine = piece.notes["instrument"] == index
        if instrument.is_drum or not mine.any():
            continue
        pitches, struck = piece.notes["pitch"][mine].astype(np.int64), onsets[mine]
        chords = np.cumsum(np.diff(struck, prepend=struck[0]) > CHORD_S)
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

"""Runs of notes as numbers that stay the same when the music is transposed, slowed down or played louder.

A run of n notes is known by the n - 1 intervals between its successive pitches and by nothing else: rhythm, dynamics
and key do not count, so a copy in another key or with other note lengths is still found. That is the stricter test of
originality; two people also agree by chance more often under it, which is why every figure has its human control.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.piece import Piece

CHORD_S = 0.035  # notes struck no later than this after the one before are a chord; between two steps of 10 ms
LARGEST_INTERVAL = 127
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd: Knuth's multiplicative hashing

Hashes = NDArray[np.uint64]


def melodies(piece: Piece) -> list[NDArray[np.int64]]:
    """The pitches of each instrument that has any, in the order they are struck, chords from the lowest note up.

    The keys of a chord never fall together under a pianist's hands, and which is first means nothing; so notes at most
    `CHORD_S` apart count as struck at once. Drums are left out: all music shares their patterns.
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
    """A number for each run of `notes` successive pitches, uint64 (len(pitches) - notes + 1,), or none if too few.

    Runs with the same intervals have the same number; others share one with a chance of 2**-64 or so.

    Args:
        pitches: MIDI pitches in order.
        notes: length of a run, from 2 on.
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
    """Numbers whose bits all depend on all bits of `numbers`, uint64 of the same shape.

    The finaliser of splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    """
    numbers = numbers + MULTIPLIER
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))

"""A key for a piece, and the names of its notes in that key: F sharp in G major, G flat in D flat major."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.controls import keys_of

LETTERS = "FCGDAEB"  # along the circle of fifths
MAJOR_REACH, MINOR_REACH = (
    6,
    8,
)  # fifths above the key signature of the sharpest name in use: a minor key's leading note
FIFTHS = 7


def key_of(notes: NDArray) -> tuple[int, bool]:
    """The key that fits `notes` (NOTE rows) best: sharps of its signature, negative for flats, -5..6; is it minor?"""
    profile = np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)
    index = int(keys_of(profile))
    if index < 0:
        return 0, False
    tonic, is_minor = index % 12, index >= 12
    sharps = (tonic + 3 * is_minor) * FIFTHS % 12
    return sharps - 12 * (sharps > 6), is_minor


def spelled(pitch: int, sharps: int, is_minor: bool) -> str:
    """MIDI `pitch` as a name with octave, in music21's way ('F#4', 'E-5'), as it is written in a key."""
    highest = sharps + (MINOR_REACH if is_minor else MAJOR_REACH)
    place = pitch * FIFTHS % 12
    place += (highest - place) // 12 * 12  # the one of the twelve names that lies nearest below
    letter, accidentals = LETTERS[(place + 1) % 7], (place + 1) // 7
    octave = (pitch - accidentals) // 12 - 1
    return f"{letter}{'#' * accidentals if accidentals > 0 else '-' * -accidentals}{octave}"

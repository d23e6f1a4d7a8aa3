"""Names of notes and chords as music21 gives them and the classic tutorial used them.

A note is named with its octave ('C4', 'E-5', 'F#3'); a chord by its pitch classes in normal order, joined by dots
('4.7.0'), so that every inversion and doubling of a chord has one name, or by its notes from low to high ('E4+G4+C5').
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError

PITCH_CLASSES = ("C", "C#", "D", "E-", "E", "F", "F#", "G", "G#", "A", "B-", "B")
NAMES = tuple(f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}" for pitch in range(128))
# music21 writes E flat 1 and the E of MIDI's lowest octave alike, and B flat 1 and that B: the higher one is meant
PITCH_OF = {name: pitch for pitch, name in enumerate(NAMES)}
CHORD = re.compile(r"(\d|1[01])(\.(\d|1[01]))*")
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
WRITTEN = re.compile(r"([A-Ga-g])(#*|b*|-*?)(-1|\d)")
OCTAVE_OF_CHORDS = 60  # a chord's name has no octave: it sounds from middle C up, as in the tutorial


@lru_cache(maxsize=4096)
def normal_order(pitch_classes: frozenset[int]) -> tuple[int, ...]:
    """`pitch_classes` from the one from which they lie closest together.

    Of equally close orders the one with the smaller intervals first (Forte 1973, "The Structure of Atonal Music").
    """
    ordered = sorted(pitch_classes)
    turns = [ordered[first:] + ordered[:first] for first in range(len(ordered))]

    return tuple(min(turns, key=_spread))


def _spread(turn: Iterable[int]) -> tuple[int, tuple[int, ...], int]:
    first, *others = turn
    above = tuple((pitch_class - first) % 12 for pitch_class in others)
    return max(above, default=0), above, first


def name_of(pitches: Sequence[int]) -> str:
    """The name of one pitch, or of the chord of several (also of the same one twice)."""
    if len(pitches) == 1:
        return NAMES[pitches[0]]
    return ".".join(map(str, normal_order(frozenset(pitch % 12 for pitch in pitches))))


def pitches_of(name: str) -> tuple[int, ...]:
    """The MIDI pitches that `name` sounds as; a chord of one pitch class as an octave, so that it stays a chord.

    Raises:
        RequestError: when it is no name of a note or a chord.
    """
    if name in PITCH_OF:
        return (PITCH_OF[name],)
    if "+" in name and all(part in PITCH_OF for part in name.split("+")):
        return tuple(sorted({PITCH_OF[part] for part in name.split("+")}))
    if not CHORD.fullmatch(name):
        raise RequestError(
            f"'{name}' is no note and no chord: write notes like C4, F#3 or E-5, chords like 0.4.7 or E4+G4+C5."
        )
    pitch_classes = sorted({int(part) for part in name.split(".")})
    pitches = tuple(OCTAVE_OF_CHORDS + pitch_class for pitch_class in pitch_classes)
    return pitches if len(pitches) > 1 else (pitches[0], pitches[0] + 12)


def profile(pitches: Iterable[int]) -> NDArray[np.float64]:
    """Which pitch classes `pitches` hold, 0 or 1, (12,)."""
    held = np.zeros(12)
    held[[pitch % 12 for pitch in pitches]] = 1
    return held


def distance_to(profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Semitones from each pitch class to the nearest one in each profile, (profiles, 12)."""
    steps = np.abs(np.arange(12)[:, None] - np.arange(12))
    circle = np.minimum(steps, 12 - steps)  # (12, 12)
    return np.where(profiles[:, None, :] > 0, circle, 12).min(axis=-1)


def pitch_written(word: str) -> int:
    """The MIDI pitch of a note as people write it: 'C4', 'f#3', 'Bb2', 'B-2' (music21's flat), 'E♭5', 'C-1'.

    Raises:
        RequestError: when it is no note, or lies outside MIDI's range.
    """
    if word in PITCH_OF:
        return PITCH_OF[word]
    text = word.strip().replace("♯", "#").replace("♭", "b")
    said = WRITTEN.fullmatch(text)
    if said is not None:
        letter, signs, octave = said.groups()
        shift = signs.count("#") - signs.count("b") - signs.count("-")
        pitch = LETTERS[letter.upper()] + shift + 12 * (int(octave) + 1)
        if 0 <= pitch < 128:
            return pitch
    raise RequestError(
        f"'{word}' is no note and no chord: write notes like C4, F#3 or Eb5, chords like 0.4.7 or E4+G4+C5, "
        "rests like R."
    )

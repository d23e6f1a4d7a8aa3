"""Keys: their names and signatures, the key of given pitches, spelling, and the pitches that belong to a key.

Used by controls, analysis and pictures, and by the logits processor that keeps a piece in its key.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError

MAJOR_TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")  # as musicians spell them:
MINOR_TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")  # with the fewest accidentals
KEYS = (*(f"{tonic} major" for tonic in MAJOR_TONICS), *(f"{tonic} minor" for tonic in MINOR_TONICS))
MAJOR_SIGNATURES = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")  # -7..7 sharps
MINOR_SIGNATURES = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
LETTERS = "FCGDAEB"  # along the circle of fifths
# fifths from the key signature up to the sharpest name in use, in a minor key the leading note
MAJOR_REACH, MINOR_REACH = 6, 8
FIFTHS = 7

# How often each degree of a scale sounds in the Essen collection's major and minor tunes (Aarden 2003, "Dynamic Melodic
# Expectancy"); music21's `analyze('key')` correlates with the same figures.
MAJOR_WEIGHTS = (
    17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587, 0.291248,
    22.062, 0.145624, 8.15494, 0.232998, 4.95122,
)  # fmt: skip
MINOR_WEIGHTS = (
    18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362, 0.702494,
    18.6161, 4.56621, 1.93186, 7.37619, 1.75623,
)  # fmt: skip

CHROMA = 12
PITCHES = 128
BASS_BELOW = 52  # E3: what sounds below carries the chord

# How often each degree is struck in half a minute of piano music from Bach to Rachmaninoff that is found to be in a
# major or a minor key: 3,000 parts of the pieces of MAESTRO v2 that are for training. Keys are left and come back to
# within half a minute, so foreign notes have a seventh of it. In minor the leading note is nearly as frequent as the
# natural seventh, and the raised sixth more than half as frequent as the natural one.
MAJOR_SHARES = (0.163, 0.025, 0.107, 0.029, 0.137, 0.094, 0.032, 0.184, 0.033, 0.084, 0.033, 0.080)
MINOR_SHARES = (0.152, 0.027, 0.110, 0.130, 0.028, 0.102, 0.036, 0.172, 0.073, 0.044, 0.068, 0.058)
THIRDS = (4, 3)  # semitones of the tonic chord's third in major and in minor


def key_index(name: str) -> int:
    """Which of `KEYS` is meant by 'e minor', 'Em', 'F# major', 'Bb', 'Gb major'...

    Raises:
        RequestError: when the name is not understood.
    """
    text = name.strip().replace("♯", "#").replace("♭", "b")
    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    tonic, rest = text[:1].upper(), text[1:]
    if tonic in steps:
        shift = {"#": 1, "b": -1}.get(rest[:1], 0)
        mode = rest[1 if shift else 0 :].strip()
        pitch_class = (steps[tonic] + shift) % 12
        if mode.lower() in ("major", "maj") or mode in ("", "M"):
            return pitch_class
        if mode.lower() in ("minor", "min") or mode == "m":
            return 12 + pitch_class
    raise RequestError(f"'{name}' is no key: write a tonic and a mode, such as 'C major' or 'F# minor'.")


def key_correlations(profiles: NDArray) -> NDArray[np.float64]:
    """How well each of `KEYS` fits each pitch-class profile: the correlation, -1 to 1, float64 (..., 24).

    Krumhansl and Schmuckler's method (Krumhansl 1990, "Cognitive Foundations of Musical Pitch") with Aarden's weights.

    Args:
        profiles: (..., 12), how long each pitch class sounds; where nothing sounds, all correlations are 0.
    """
    templates = np.array([np.roll(mode, tonic) for mode in (MAJOR_WEIGHTS, MINOR_WEIGHTS) for tonic in range(12)])
    templates = templates - templates.mean(axis=1, keepdims=True)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    centred = profiles - profiles.mean(axis=-1, keepdims=True)
    return (centred @ templates.T) / np.maximum(np.linalg.norm(centred, axis=-1, keepdims=True), 1e-9)


def keys_of(profiles: NDArray) -> NDArray[np.int64]:
    """The key that fits each pitch-class profile (..., 12) best, index into `KEYS`, (...,); -1 where nothing sounds."""
    return np.where(profiles.any(axis=-1), np.argmax(key_correlations(profiles), axis=-1), -1)


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


def signature_name(sharps: int, is_minor: bool) -> str:
    """The key of a signature of `sharps` -7..7 (negative for flats), as 'Eb major' or 'F# minor'."""
    tonics = MINOR_SIGNATURES if is_minor else MAJOR_SIGNATURES
    return f"{tonics[sharps + 7]} {'minor' if is_minor else 'major'}"


def profile(key: str) -> NDArray[np.float32]:
    """The share of each pitch class, from C up, in music in `key`, one of `KEYS`; float32 (12,), its sum is 1."""
    mode, tonic = _mode_and_tonic(key)
    shares = np.roll((MAJOR_SHARES, MINOR_SHARES)[mode], tonic)
    return (shares / shares.sum()).astype(np.float32)


def closes(key: str) -> NDArray[np.bool_]:
    """What a piece in `key` can close on, bool (128,): the pitches of the tonic chord, in the bass its root alone."""
    mode, tonic = _mode_and_tonic(key)
    degrees = (np.arange(PITCHES) - tonic) % CHROMA
    in_chord = np.isin(degrees, (0, THIRDS[mode], 7))
    return np.where(np.arange(PITCHES) < BASS_BELOW, degrees == 0, in_chord)


def likeliest_key(weights: NDArray) -> str | None:
    """The key in which pitch classes that sound so much, (12,), are likeliest; None where nothing sounds."""
    return KEYS[int(np.argmax(LOG_PROFILES @ weights))] if np.any(weights) else None


def _mode_and_tonic(key: str) -> tuple[int, int]:
    mode, tonic = divmod(KEYS.index(key), CHROMA)
    return mode, tonic


LOG_PROFILES = np.log(np.array([profile(key) for key in KEYS]))  # float32 (keys, 12)
CLOSES = np.array([closes(key) for key in KEYS])  # bool (keys, 128)

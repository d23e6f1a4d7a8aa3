"""What a key means for the pitches of a piece: how often each is heard in it, and on what it ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.controls import KEYS

CHROMA = 12
PITCHES = 128
BASS_BELOW = 52  # E3: what sounds below carries the chord

# How often each degree is struck in half a minute of piano music from Bach to Rachmaninoff that is found to be in a
# major or a minor key: 3,000 parts of the pieces of MAESTRO v2 that are for training. Keys are left and come back to
# within half a minute, so foreign notes have a seventh of it. In minor the leading note is nearly as frequent as the
# natural seventh, and the raised sixth more than half as frequent as the natural one.
MAJOR = (0.163, 0.025, 0.107, 0.029, 0.137, 0.094, 0.032, 0.184, 0.033, 0.084, 0.033, 0.080)
MINOR = (0.152, 0.027, 0.110, 0.130, 0.028, 0.102, 0.036, 0.172, 0.073, 0.044, 0.068, 0.058)
THIRDS = (4, 3)  # semitones of the tonic chord's third in major and in minor


def profile(key: str) -> NDArray[np.float32]:
    """The share of each pitch class, from C up, in music in `key`, one of `KEYS`; float32 (12,), its sum is 1."""
    mode, tonic = _mode_and_tonic(key)
    shares = np.roll((MAJOR, MINOR)[mode], tonic)
    return (shares / shares.sum()).astype(np.float32)


def closes(key: str) -> NDArray[np.bool_]:
    """What a piece in `key` can close on, bool (128,): the pitches of the tonic chord, in the bass its root alone."""
    mode, tonic = _mode_and_tonic(key)
    degrees = (np.arange(PITCHES) - tonic) % CHROMA
    in_chord = np.isin(degrees, (0, THIRDS[mode], 7))
    return np.where(np.arange(PITCHES) < BASS_BELOW, degrees == 0, in_chord)


def likeliest_key(weights: NDArray[np.floating]) -> str | None:
    """The key in which pitch classes that sound so much, (12,), are likeliest; None where nothing sounds."""
    return KEYS[int(np.argmax(LOG_PROFILES @ weights))] if np.any(weights) else None


def _mode_and_tonic(key: str) -> tuple[int, int]:
    mode, tonic = divmod(KEYS.index(key), CHROMA)
    return mode, tonic


LOG_PROFILES = np.log(np.array([profile(key) for key in KEYS]))  # float32 (keys, 12)
CLOSES = np.array([closes(key) for key in KEYS])  # bool (keys, 128)

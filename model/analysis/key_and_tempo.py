"""The key and the tempo of a piece, from its own maps or as a listener would find them.

The key is the one that music21's `analyze('key')` finds. The tapped tempo is the lag at which the onset strength
correlates best with itself, preferably near 120 a minute (Ellis 2007, "Beat tracking by dynamic programming", section
4.1). Tempo estimates err by whole factors, so two of them agree if one is the other, its double, triple, half or third
within 8 %, as in MIREX's tempo task.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.analysis.metrics import pitched
from model.keys import keys_of
from model.piece import DEFAULT_QUARTER_US, Piece

FRAMES_PER_SECOND = 100
SMOOTHING_FRAMES = 2.0  # the hands of a player are that far apart
PREFERRED_BPM, OCTAVES_SPREAD = 120.0, 0.9
SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0
TOLERANCE = 0.08
FACTORS = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)


def key_profile(piece: Piece) -> NDArray[np.float64]:
    """How many quarter notes each pitch class sounds, (12,); drums left out."""
    notes = pitched(piece)
    lengths = notes["duration"] / piece.ticks_per_quarter
    return np.bincount(notes["pitch"] % 12, weights=lengths, minlength=12).astype(np.float64)


def found_keys(pieces: Sequence[Piece]) -> NDArray[np.int64]:
    """The key of each piece as an index into `model.controls.KEYS`, (pieces,); -1 for one without pitched notes."""
    return keys_of(np.array([key_profile(piece) for piece in pieces]).reshape(len(pieces), 12))


def tempo_of(piece: Piece) -> float | None:
    """Quarter notes (or taps) a minute, or None where there are too few notes to tell.

    A constant tempo of 120 means that nobody set one, so the tempo is estimated from the onsets.
    """
    if len(piece.tempos) > 1 or piece.tempos["quarter_us"][0] != DEFAULT_QUARTER_US:
        return mapped_tempo(piece)
    return tapped_tempo(piece)


def mapped_tempo(piece: Piece) -> float | None:
    """Quarter notes a minute by the tempo map, averaged over the time until the last note ends."""
    if not len(piece) or piece.end_s <= 0:
        return None
    quarters = float((piece.notes["onset"] + piece.notes["duration"]).max()) / piece.ticks_per_quarter
    return quarters / piece.end_s * 60


def tapped_tempo(piece: Piece) -> float | None:
    """Taps a minute, 30..300."""
    onsets = piece.onsets_s
    if len(onsets) < 4 or np.ptp(onsets) < 2 * 60 / SLOWEST_BPM:
        return None
    strength = _onset_strength(onsets - onsets.min(), piece.notes["velocity"])
    spectrum = np.fft.rfft(strength, 2 * len(strength))
    agreement = np.fft.irfft(np.abs(spectrum) ** 2)[: len(strength)]
    lags = np.arange(round(60 / FASTEST_BPM * FRAMES_PER_SECOND), round(60 / SLOWEST_BPM * FRAMES_PER_SECOND) + 1)
    bpm = 60 * FRAMES_PER_SECOND / lags
    preference = np.exp(-0.5 * (np.log2(bpm / PREFERRED_BPM) / OCTAVES_SPREAD) ** 2)
    return float(bpm[np.argmax(agreement[lags] * preference)])


def agree(one: float, other: float, factors: tuple[float, ...] = FACTORS) -> bool:
    """Whether two tempi are the same within 8 %, up to one of `factors`."""
    return any(abs(one / (other * factor) - 1) <= TOLERANCE for factor in factors)


def _onset_strength(onsets_s: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """How strongly something is struck in each frame, smoothed, its mean taken out; float64 (frames,)."""
    frames = np.rint(onsets_s * FRAMES_PER_SECOND).astype(int)
    struck = np.bincount(frames, weights=velocities.astype(float), minlength=int(frames.max()) + 1)
    reach = np.arange(-3 * int(SMOOTHING_FRAMES), 3 * int(SMOOTHING_FRAMES) + 1)
    kernel = np.exp(-0.5 * (reach / SMOOTHING_FRAMES) ** 2)
    smooth = np.convolve(np.sqrt(struck), kernel / kernel.sum(), mode="same")
    return smooth - smooth.mean()

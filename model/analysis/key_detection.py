"""The key of a piece, exactly as music21's `analyze('key')` finds it, without a stream (which takes a second)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.analysis.metrics import pitched
from model.controls import keys_of
from model.piece import Piece


def key_profile(piece: Piece) -> NDArray[np.float64]:
    """How many quarter notes each pitch class sounds, (12,); drums left out."""
    notes = pitched(piece)
    lengths = notes["duration"] / piece.ticks_per_quarter
    return np.bincount(notes["pitch"] % 12, weights=lengths, minlength=12).astype(np.float64)


def found_keys(pieces: Sequence[Piece]) -> NDArray[np.int64]:
    """The key of each piece as an index into `model.controls.KEYS`, (pieces,); -1 for one without pitched notes."""
    return keys_of(np.array([key_profile(piece) for piece in pieces]).reshape(len(pieces), 12))

"""Pieces as windows: the `window` notes before each note, none from another piece.

Where a piece has not begun, `NOTHING_YET` stands: so the network also learns how pieces begin, and a piece can be
composed from nothing or from a few given notes. (The tutorial let windows run over the ends of pieces.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.network.classic import NOTHING_YET


class Windows:
    """Every note of some pieces with the window before it; made a batch at a time, for together they are large."""

    def __init__(self, pieces: Sequence[NDArray[np.int32]], length: int) -> None:
        """`pieces` are indices of notes, int32 (notes,) each; windows have `length` notes."""
        blank = np.full(length, NOTHING_YET, dtype=np.int32)
        self.length = length
        self._line = np.concatenate([part for piece in pieces for part in (blank, piece)]) if pieces else blank
        starts = np.cumsum([0, *(length + len(piece) for piece in pieces)])[:-1]
        places = [start + length + np.arange(len(piece)) for start, piece in zip(starts, pieces, strict=True)]
        self._places = np.concatenate(places) if pieces else np.zeros(0, dtype=np.int64)

    def __len__(self) -> int:
        """How many notes there are."""
        return len(self._places)

    def batch(self, which: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Windows (batch, length) and the notes that follow them (batch,), for notes number `which`."""
        places = self._places[which]
        before = places[:, None] - np.arange(self.length, 0, -1)
        return self._line[before], self._line[places]


def after(notes: NDArray[np.int32], length: int) -> NDArray[np.int32]:
    """The window after `notes` (notes,): the last `length` of them, int32 (length,)."""
    window = np.full(length, NOTHING_YET, dtype=np.int32)
    kept = notes[-length:]
    if len(kept):
        window[-len(kept) :] = kept
    return window

"""Pieces as windows of notes, none from another piece, and what their notes cost under a network.

Where a piece has not begun, `NOTHING_YET` stands: so the network also learns how pieces begin, and a piece can be
composed from nothing or from a few given notes. (The tutorial let windows run over the ends of pieces.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.network.classic import NOTHING_YET, ClassicNetwork

BATCH = 256


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
        before, follow = self.every_note(which)
        return before, follow[:, -1]

    def every_note(self, which: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The same with the note after each note of the window (batch, length); -1 where the piece has not begun."""
        before = self._places[which][:, None] - np.arange(self.length, 0, -1)
        return self._line[before], self._line[before + 1]


def after(notes: NDArray[np.int32], length: int) -> NDArray[np.int32]:
    """The window after `notes` (notes,): the last `length` of them, int32 (length,)."""
    window = np.full(length, NOTHING_YET, dtype=np.int32)
    kept = notes[-length:]
    if len(kept):
        window[-len(kept) :] = kept
    return window


def nats_per_note(network: ClassicNetwork, windows: Windows, most: int | None = None) -> float:
    """Mean nats of the notes of `windows`, or of `most` of them spread evenly."""
    chosen = spread(len(windows), most)
    total = 0.0
    for first in range(0, len(chosen), BATCH):
        which = np.resize(chosen[first : first + BATCH], BATCH)  # one shape, so that it is compiled once
        notes = min(BATCH, len(chosen) - first)
        heard, target = windows.batch(which)
        chances = network.probabilities(heard)[np.arange(BATCH), target]
        total += float(-np.log(np.maximum(chances[:notes], 1e-12)).sum())
    return total / max(1, len(chosen))


def spread(count: int, most: int | None) -> NDArray[np.int64]:
    """Indices 0..count-1, or `most` of them at even distances."""
    if most is None or most >= count:
        return np.arange(count)
    return (np.arange(most) * count // most).astype(np.int64)


def unigram(train: list[NDArray[np.int32]], held_out: list[NDArray[np.int32]], size: int) -> float:
    """Nats per note of `held_out` when each note is as likely as it is often in `train`, every count one more."""
    counts = np.bincount(np.concatenate([np.zeros(0, np.int32), *train]), minlength=size) + 1.0
    nats = -np.log(counts / counts.sum())
    return float(nats[np.concatenate(held_out)].mean())

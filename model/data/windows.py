"""Encoded pieces as an endless supply of training windows with carried state.

Each of `streams` rows plays whole pieces one after another, cut into windows of `length` steps: what a row holds in
one batch continues in the next, so the recurrent state carries over, and `fresh` says where a new piece begins. No
window spans two pieces; the last window of a piece is padded and its padding weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.representation.arrays import NUMPY
from model.representation.base import Representation

Steps = NDArray[np.int32]  # raw steps of one piece, (notes, fields)


class WindowStreams:
    """Batches for `NoteNetwork.call` from pieces; one pass over all of them with `once`, for ever with `shuffled`."""

    def __init__(self, representation: Representation, pieces: Sequence[Steps], streams: int, length: int) -> None:
        self.representation = representation
        self.pieces = pieces
        self.streams = streams
        self.length = length

    @property
    def batches_per_pass(self) -> int:
        """About how many batches one pass over the pieces takes."""
        return -(-sum(self._windows(piece) for piece in self.pieces) // self.streams)

    def _windows(self, piece: Steps) -> int:
        return -(-(len(piece) + 1) // self.length)  # END is a step as well

    def shuffled(self, rng: np.random.Generator, transpose: int = 0) -> Iterator[tuple[dict]]:
        """Batches without end: every piece once, in random order, then again in another order.

        Each time a piece comes it is moved by up to `transpose` semitones up or down.
        """

        def order() -> Iterator[Steps]:
            while True:
                for index in rng.permutation(len(self.pieces)):
                    interval = int(rng.integers(-transpose, transpose + 1))
                    yield self.representation.transposed(self.pieces[index], interval)

        return self._batches(order())

    def once(self) -> Iterator[tuple[dict]]:
        """Batches that hold every piece once, the longest first so that the rows end together."""
        return self._batches(iter(sorted(self.pieces, key=len, reverse=True)))

    def _batches(self, order: Iterator[Steps]) -> Iterator[tuple[dict]]:
        rows = [_Row(self.length, len(self.representation.fields)) for _ in range(self.streams)]
        situation = self.representation.situation(self.streams, NUMPY)
        blank = self.representation.situation(1, NUMPY)
        starts = np.array([field.size for field in self.representation.fields], dtype=np.int32)
        previous = np.tile(starts, (self.streams, 1))
        while True:
            for row in rows:
                if row.is_spent and (piece := next(order, None)) is not None:
                    row.load(piece)
            if all(row.is_spent for row in rows):
                return
            fresh = np.array([row.is_fresh for row in rows])
            for name, value in situation.items():
                value[fresh] = blank[name]
            previous[fresh] = starts
            windows = [row.take() for row in rows]
            batch, situation, previous = self._window(windows, situation, previous)
            yield ({**batch, "fresh": fresh},)  # a tuple of inputs alone, as fit wants it

    def _window(
        self, windows: list[tuple[Steps, bool]], situation: dict, previous: NDArray
    ) -> tuple[dict, dict, NDArray]:
        """One batch from each row's raw steps and whether its END lies in the window."""
        fields = len(self.representation.fields)
        raw = np.ones((self.streams, self.length, fields), dtype=np.int32)
        weight = np.zeros((self.streams, self.length, fields), dtype=np.float32)
        for row, (steps, _) in enumerate(windows):
            raw[row, : len(steps)] = steps
            weight[row, : len(steps)] = 1
        before, situation = self.representation.trace(raw, situation)
        target = self.representation.classes(raw, before)
        residual = self.representation.residual_nats(target) * weight[..., 0]
        for row, (steps, has_end) in enumerate(windows):
            if has_end:
                target[row, len(steps), 0] = self.representation.end_class
                weight[row, len(steps), 0] = 1
        batch = {
            "previous": np.concatenate([previous[:, None], target[:, :-1]], axis=1),
            "target": target,
            "shift": raw[..., 0],
            "situation": before,
            "weight": weight,
            "residual": residual,
        }
        return batch, situation, target[:, -1].copy()


class _Row:
    """Where one stream stands in its piece."""

    def __init__(self, length: int, fields: int) -> None:
        self.length = length
        self.fields = fields
        self.piece: Steps | None = None
        self.position = 0

    @property
    def is_spent(self) -> bool:
        return self.piece is None

    @property
    def is_fresh(self) -> bool:
        return self.position == 0

    def load(self, piece: Steps) -> None:
        self.piece, self.position = piece, 0

    def take(self) -> tuple[Steps, bool]:
        """The next raw steps, fewer than a window at the end of a piece, and whether END follows within it."""
        if self.piece is None:
            return np.zeros((0, self.fields), dtype=np.int32), False
        steps = self.piece[self.position : self.position + self.length]
        self.position += self.length
        has_end = len(steps) < self.length
        if has_end:
            self.piece, self.position = None, 0
        return steps, has_end

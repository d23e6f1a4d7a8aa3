"""N-gram baselines: how well counts predict the 388 events. A network that does not beat them has learnt no music.

The 3-gram model interpolates absolute discounting (Ney, Essen and Kneser 1994, "On structuring probabilistic
dependences in stochastic language modelling") down to the unigrams, whose counts are all raised by one. Counts are
dense tables, so pieces can be added and removed one by one, which makes leave-one-out exact and cheap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.representation.events import SIZE

DISCOUNT = 0.75  # taken from every count that was seen, and given to the shorter context
START = SIZE  # stands before the first event of a piece
CONTEXTS = SIZE + 1

Events = NDArray[np.integer]  # 388-events of one piece, (events,)


class Nats(NamedTuple):
    """Total nats of some events under each model."""

    unigram: float
    trigram: float


class _Order:
    """Counts of each event after each context, and of the different events after it."""

    def __init__(self, contexts: int) -> None:
        self._counts = np.zeros(contexts * SIZE, dtype=np.int32)  # by context, then event
        self._totals = np.zeros(contexts, dtype=np.int64)
        self._types = np.zeros(contexts, dtype=np.int32)

    def change(self, contexts: NDArray, events: NDArray, sign: int) -> None:
        """Add (`sign` 1) or remove (-1) one count of each event after its context."""
        codes, times = np.unique(contexts * SIZE + events, return_counts=True)
        before = self._counts[codes]
        after = before + sign * times
        self._counts[codes] = after
        np.add.at(self._totals, codes // SIZE, sign * times)
        np.add.at(self._types, codes // SIZE, (after > 0).astype(np.int32) - (before > 0))

    def add_one(self, events: NDArray) -> NDArray[np.float64]:
        """Probabilities of `events` where context 0 is the only one, one added to every count."""
        return (self._counts[events] + 1) / (self._totals[0] + SIZE)

    def discounted(self, contexts: NDArray, events: NDArray, shorter: NDArray) -> NDArray[np.float64]:
        """Probabilities of `events` after `contexts`; `shorter` are those after the shorter context."""
        seen = np.maximum(self._counts[contexts * SIZE + events] - DISCOUNT, 0)
        totals = self._totals[contexts]
        mixed = (seen + DISCOUNT * self._types[contexts] * shorter) / np.maximum(totals, 1)
        return np.where(totals > 0, mixed, shorter)


class NGrams:
    """Counts of events alone, after one and after two events; takes about 250 MB after many pieces."""

    def __init__(self) -> None:
        self._alone, self._after_one, self._after_two = _Order(1), _Order(CONTEXTS), _Order(CONTEXTS**2)

    def learn(self, events: Events) -> None:
        """Count the events of one piece."""
        self._change(events, 1)

    def forget(self, events: Events) -> None:
        """Undo `learn` of the same events."""
        self._change(events, -1)

    def probabilities(
        self, before_last: ArrayLike, last: ArrayLike, events: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities of each event alone and after its two predecessors; each in (0, 1], of the common shape.

        Args:
            before_last: the event two places before, 0..387 or START.
            last: the event before, 0..387 or START.
            events: 0..387.
        """
        older, newer, now = np.broadcast_arrays(
            *(np.asarray(part, dtype=np.int64) for part in (before_last, last, events))
        )
        alone = self._alone.add_one(now)
        after_one = self._after_one.discounted(newer, now, alone)
        return alone, self._after_two.discounted(older * CONTEXTS + newer, now, after_one)

    def nats(self, events: Events) -> Nats:
        """Total nats of the events of one piece."""
        alone, after_two = self.probabilities(*_with_contexts(events))
        return Nats(float(-np.log(alone).sum()), float(-np.log(after_two).sum()))

    def _change(self, events: Events, sign: int) -> None:
        older, newer, now = _with_contexts(events)
        self._alone.change(np.zeros_like(now), now, sign)
        self._after_one.change(newer, now, sign)
        self._after_two.change(older * CONTEXTS + newer, now, sign)


def floors(pieces: Sequence[Events], train: Sequence[Events] = ()) -> Nats:
    """Nats per event of `pieces`.

    Args:
        pieces: the events of each piece, at least one event in all.
        train: the pieces to count; if empty, each piece is predicted from the counts of all other `pieces`.
    """
    costs = list(_fitted(pieces, train) if train else _left_out(pieces))
    events = sum(len(piece) for piece in pieces)
    return Nats(*(sum(cost) / events for cost in zip(*costs, strict=True)))


def _fitted(pieces: Sequence[Events], train: Sequence[Events]) -> Iterator[Nats]:
    model = NGrams()
    for piece in train:
        model.learn(piece)
    for piece in pieces:
        yield model.nats(piece)


def _left_out(pieces: Sequence[Events]) -> Iterator[Nats]:
    model = NGrams()
    for piece in pieces:
        model.learn(piece)
    for piece in pieces:
        model.forget(piece)
        yield model.nats(piece)
        model.learn(piece)


def _with_contexts(events: Events) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Each event with its two predecessors: two places before, one before, and itself."""
    padded = np.concatenate([[START, START], events]).astype(np.int64)
    return padded[:-2], padded[1:-1], padded[2:]

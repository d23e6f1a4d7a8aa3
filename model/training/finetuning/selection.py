"""Which epoch of a run is kept: the one that knows the new music best among those that have not forgotten the old."""

from __future__ import annotations

from collections.abc import Sequence

from model.training.finetuning.settings import EpochFigures

MOST_FORGOTTEN = 0.02  # of the likelihood of the base's own music, nats per note


def forgotten(figures: EpochFigures, before: EpochFigures) -> float:
    """By which share the base's own music costs more nats than `before`; 0 where that is not known."""
    if figures.base_nats is None or before.base_nats is None:
        return 0.0
    return figures.base_nats / before.base_nats - 1


def chosen_epoch(history: Sequence[EpochFigures]) -> EpochFigures:
    """The figures of the epoch to keep; those of epoch 0 only where there is no other.

    Among the epochs that cost the base's music at most MOST_FORGOTTEN it is the one with the best validation on the
    set's held-out pieces. Where every epoch forgets more than that, it is the one whose two costs, each as a share of
    what it was before, have the least sum: a per cent gained then counts as much as a per cent lost.

    Args:
        history: of all epochs, the network that was begun with first; at least that one.
    """
    before, *others = history
    return min(others, key=lambda figures: _rank(figures, before), default=before)


def _rank(figures: EpochFigures, before: EpochFigures) -> tuple[int, float]:
    loss, cost = forgotten(figures, before), figures.val_nats / before.val_nats
    return (0, cost) if loss <= MOST_FORGOTTEN else (1, cost + loss)

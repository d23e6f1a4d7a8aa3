"""The exact likelihood of whole pieces under a network; training validates with it and `evaluate` reports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.corpora.windows import WindowStreams
from model.network.note import NoteNetwork
from model.training.objective import CarriedLikelihood


@dataclass(frozen=True)
class Likelihood:
    """What pieces cost under a network: in nats, their ends included, exact to the raw value of every field."""

    nats_total: float
    notes: int
    per_field: dict[str, float]  # nats in all by field; 'residual' is the choice within the buckets

    @property
    def nats_per_note(self) -> float:
        """Nats for each note, what its piece's end costs shared among them."""
        return self.nats_total / self.notes

    @property
    def field_nats_per_note(self) -> dict[str, float]:
        """Nats for each note by field; they add up to `nats_per_note`."""
        return {name: nats / self.notes for name, nats in self.per_field.items()}


class Meter:
    """Measures likelihoods under one network: compiles once, for as many sets of pieces as there are.

    The network and states carried elsewhere stay as they are; weights that change in between count.
    """

    def __init__(self, network: NoteNetwork, streams: int = 32, window: int = 128) -> None:
        """`streams` pieces are read side by side, `window` steps at a time; both change the speed and nothing else."""
        self._representation, self._shape = network.representation, (streams, window)
        self._model = CarriedLikelihood(network, streams)  # its own carried states: those of a training run stay
        self._model.compile(jit_compile=False)

    def nats(self, pieces: Sequence[NDArray[np.int32]], styles: Sequence[str] = ()) -> Likelihood:
        """What `pieces` cost, raw steps int32 (notes, fields) each; at least one note in all.

        Nothing is asked of them but the `styles` of each, where those are given.
        """
        model, totals = self._model, Counter[str]()
        streams = WindowStreams(self._representation, pieces, *self._shape, styles)
        for (batch,) in streams.once(with_style=bool(styles)):
            # batch by batch: `evaluate` hands generators to tf.data, whose memory settings make every step 4 times
            # slower
            model.test_on_batch(batch)
            totals.update(
                {total.name: float(total.result()) for total in (*model.totals.values(), *model.field_totals)}
            )
        notes, nats_total = totals.pop("notes"), totals.pop("nats")
        return Likelihood(nats_total, round(notes), {**totals, "residual": nats_total - totals.total()})


def nats(network: NoteNetwork, pieces: Sequence[NDArray[np.int32]], streams: int = 32, window: int = 128) -> Likelihood:
    """What `pieces` cost under `network`, on any backend; see `Meter`, which measures more than once."""
    return Meter(network, min(streams, len(pieces)), window).nats(pieces)

"""The exact likelihood of whole pieces under a network; training validates with it and `evaluate` reports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.data.windows import WindowStreams
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


def nats(network: NoteNetwork, pieces: Sequence[NDArray[np.int32]], streams: int = 32, window: int = 128) -> Likelihood:
    """What `pieces` cost under `network`, on any backend; the network and states carried elsewhere stay as they are.

    Args:
        network: what predicts.
        pieces: raw steps of each piece, int32 (notes, fields); at least one note in all.
        streams: pieces read side by side.
        window: steps read at a time; states carry over, so it changes the speed and nothing else.
    """
    streams = min(streams, len(pieces))
    model = CarriedLikelihood(network, streams)  # its own carried states, so that those of a training run stay
    model.compile(jit_compile=False)
    totals: Counter[str] = Counter()
    for (batch,) in WindowStreams(network.representation, pieces, streams, window).once():
        # batch by batch: `evaluate` hands generators to tf.data, whose memory settings make every step 4 times slower
        model.test_on_batch(batch)
        totals.update({total.name: float(total.result()) for total in (*model.totals.values(), *model.field_totals)})
    notes, nats_total = totals.pop("notes"), totals.pop("nats")
    return Likelihood(nats_total, round(notes), {**totals, "residual": nats_total - totals.total()})

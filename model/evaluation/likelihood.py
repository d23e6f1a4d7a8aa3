"""The exact likelihood of whole pieces under a network; training validates with it and `evaluate` reports it."""

from __future__ import annotations

import warnings
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
    batches = WindowStreams(network.representation, pieces, streams, window).once()
    with warnings.catch_warnings():
        # Keras cannot know how many batches a generator holds and warns when it ends, which is what it is to do
        warnings.filterwarnings("ignore", message="Your input ran out of data", category=UserWarning)
        model.evaluate(batches, verbose=0)
    totals = {name: float(total.result()) for name, total in model.totals.items()}
    per_field = {total.name: float(total.result()) for total in model.field_totals}
    per_field["residual"] = totals["nats"] - sum(per_field.values())
    return Likelihood(totals["nats"], round(totals["notes"]), per_field)

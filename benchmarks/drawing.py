"""Ours at drawing notes, for the parts that measure it: a network with fresh weights, so many pieces side by side.

How notes are drawn is known here and nowhere else in the benchmark.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import Shape

if TYPE_CHECKING:
    from model.network import NoteNetwork

LAYERS, UNITS = 3, 512  # as many as the classic network has
NOTES = 320  # of each piece in a round: half a minute of piano
WEIGHT_BYTES = 1  # of each weight as a step reads it: a whole number of 8 bits, see `model.generation.matmul`
TABLE = "embeddings"  # the name of weights of which a step reads one row


class Ours:
    """A stack of LSTMs behind the `performance` representation, ready to draw `slots` pieces side by side."""

    def __init__(self, slots: int, units: int = UNITS, layers: int = LAYERS, notes: int = NOTES) -> None:
        """Build the network and draw a little, so that everything is compiled and loaded.

        Args:
            slots: how many pieces are drawn at a time.
            units: cells of each layer.
            layers: LSTM layers.
            notes: how many notes of each piece a round draws.
        """
        from model.generation import Engine
        from model.network import NetworkConfig, NoteNetwork

        self.slots, self.notes = slots, notes
        self.network = NoteNetwork(NetworkConfig(layers=layers, units=units))
        self._engine = Engine(self.network, slots=slots)
        self._draw(1)

    def round(self) -> float:
        """Draw every piece; how many notes came out a second, all pieces together."""
        started = time.perf_counter()
        drawn = self._draw(self.notes)
        return drawn / (time.perf_counter() - started)

    def close(self) -> None:
        """Let go of the engine's threads."""
        self._engine.close()

    def _draw(self, notes: int) -> int:
        """Draw about `notes` notes of every piece; how many there are in all."""
        from model.generation import Request

        start = self._engine.decoders.start()
        tickets = [
            self._engine.submit(Request(start, np.random.default_rng(place), most_steps=notes))
            for place in range(self.slots)
        ]
        return sum(len(ticket.result().steps) for ticket in tickets)

    @property
    def matrices(self) -> list[Shape]:
        """(inputs, outputs) of every matrix that a step multiplies by."""
        return matrices_of(self.network)

    @property
    def read_bytes(self) -> int:
        """Bytes of weights that a step reads, whatever the number of pieces."""
        return WEIGHT_BYTES * sum(inputs * outputs for inputs, outputs in self.matrices)


def matrices_of(network: NoteNetwork) -> list[Shape]:
    """(inputs, outputs) of every matrix of `network`; a table of embeddings is none, for a step reads one row of it."""
    weights = [weight for weight in network.weights if weight.name != TABLE and len(weight.shape) == 2]
    return [(int(weight.shape[0]), int(weight.shape[1])) for weight in weights]

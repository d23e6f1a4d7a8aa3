"""Drawing notes: one piece against the classic loop, a Transformer and memory; 32 pieces against matrix products.

`Ours` is a network with random weights that draws a number of pieces side by side. The classic network has the same
three LSTM layers of 512 cells. A note of ours has four fields where one of the classic network has only a pitch, and
takes one pass through the stack instead of a hundred.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import Shape, multiply_s, read_bandwidth
from benchmarks.results import Measured, Part
from benchmarks.rounds import best_of, in_turn

if TYPE_CHECKING:
    from model.network import NoteNetwork

LAYERS, UNITS = 3, 512  # as many as the classic network has
NOTES = 320  # of each piece in a round: half a minute of piano
WEIGHT_BYTES = 1  # of each weight as a step reads it: a whole number of 8 bits, see `model.generation.kernels`
ROUNDS = 5  # of each, in turn
TRIES = 3  # of each way of reading or multiplying, in each round
SLOTS = 32
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


def decode1() -> Measured:
    """The classic loop and ours."""
    from benchmarks import classic

    ours = Ours(slots=1)
    rounds = in_turn(classic.loop(), ours.round, ROUNDS)
    fastest, baseline = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=baseline,
        against="a window of 100 notes and one model.predict per note",
        counted=best_of(ROUNDS),
        details={
            "ms_per_note": 1000 / fastest,
            "baseline_ms_per_note": 1000 / baseline,
            "weights": ours.network.count_params(),
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


DECODE1 = Part(
    name="decode1",
    says="notes a second of one piece, 3 x LSTM 512, over those of the classic loop with the same stack.",
    must=300,
    aim=600,
    measure=decode1,
)


def decode1_limit() -> Measured:
    """Ours, and reading as many bytes as its weights have."""
    ours, threads = Ours(slots=1), os.cpu_count() or 1
    rounds = in_turn(lambda: read_bandwidth(ours.read_bytes, threads, TRIES), ours.round, ROUNDS)
    fastest, bandwidth = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=bandwidth / ours.read_bytes,
        against="reading the weights once per note",
        counted=best_of(ROUNDS),
        details={
            "bytes_per_note": ours.read_bytes,
            "bandwidth_gb_s": bandwidth / 1e9,
            "threads": threads,
            "rounds": rounds.ours,
            "bandwidth_rounds_gb_s": [one / 1e9 for one in rounds.baseline],
        },
    )


DECODE1_LIMIT = Part(
    name="decode1-limit",
    says="share of the notes a second that reading the weights once per note would allow, one piece.",
    must=0.35,
    aim=0.70,
    measure=decode1_limit,
)


def decode32_limit() -> Measured:
    """Ours, and the products of the same shapes alone."""
    ours = Ours(slots=SLOTS, notes=160)
    rounds = in_turn(lambda: SLOTS / multiply_s(SLOTS, ours.matrices, TRIES), ours.round, ROUNDS)
    fastest, limit = rounds.fastest()
    operations = 2 * SLOTS * sum(inputs * outputs for inputs, outputs in ours.matrices)
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=limit,
        against="libraries multiplying matrices of the same shapes in float32",
        counted=best_of(ROUNDS),
        details={
            "slots": SLOTS,
            "operations_per_step": operations,
            "gflop_s": operations * fastest / SLOTS / 1e9,
            "limit_gflop_s": operations * limit / SLOTS / 1e9,
            "rounds": rounds.ours,
            "limit_rounds": rounds.baseline,
        },
    )


DECODE32_LIMIT = Part(
    name="decode32-limit",
    says="share of the notes a second that multiplying the same matrices in float32 would allow, 32 pieces.",
    must=0.5,
    aim=0.8,
    measure=decode32_limit,
)


def peers() -> Measured:
    """The Transformer and ours."""
    from benchmarks.transformer import TOKENS_PER_NOTE, Transformer

    ours, peer = Ours(slots=1), Transformer()
    rounds = in_turn(lambda: peer.round() / TOKENS_PER_NOTE, ours.round, ROUNDS)
    fastest, baseline = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=baseline,
        against=f"a GPT-2 of {peer.weights:,} weights, {TOKENS_PER_NOTE} tokens a note",
        counted=best_of(ROUNDS),
        details={
            "peer_weights": peer.weights,
            "weights": ours.network.count_params(),
            "tokens_per_note": TOKENS_PER_NOTE,
            "peer_tokens_per_s": baseline * TOKENS_PER_NOTE,
            "peer_cache_tokens": peer.shape.cache,
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


PEERS = Part(
    name="peers",
    says="notes a second of one piece over those of a Transformer of 20 million weights with a key/value cache.",
    must=3,
    aim=10,
    measure=peers,
)

"""One piece at a time: how many notes a second come out of the compiled loop, and out of the classic one.

The classic loop is that of the well-known Keras tutorial: three LSTM layers of 512 cells over a window of the last 100
notes, a whole `model.predict` for each new note, and nothing carried from one note to the next. Both networks have
fresh random weights, which take as long as trained ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

WINDOW = 100  # notes that the classic network sees
VOCABULARY = 358  # notes and chords of the tutorial's corpus
CLASSIC_NOTES = 20
CHUNKS = 40
ROUNDS = 3  # of each loop, in turn; the fastest counts, as the one least disturbed


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    name: str
    weights: int
    notes_per_second: float


def measure() -> list[Figure]:
    """The classic loop and ours; takes about half a minute, most of it compiling."""
    classic, classic_weights = _classic()
    ours, our_weights = _ours()
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, loop in (("classic", classic), ("cadenza", ours)):
            started = time.perf_counter()
            notes = loop()
            best[name] = max(best.get(name, 0.0), notes / (time.perf_counter() - started))
    return [Figure("classic", classic_weights, best["classic"]), Figure("cadenza", our_weights, best["cadenza"])]


def _classic() -> tuple[Callable[[], int], int]:
    """A loop that composes CLASSIC_NOTES notes and says how many, warmed up; and the network's size."""
    model = classic_network()
    pattern = np.random.default_rng(0).random(WINDOW).tolist()

    def loop() -> int:
        for _ in range(CLASSIC_NOTES):
            heard = np.reshape(pattern[-WINDOW:], (1, WINDOW, 1))
            note = int(np.argmax(model.predict(heard, verbose=0)))
            pattern.append(note / VOCABULARY)
        return CLASSIC_NOTES

    loop()
    return loop, model.count_params()


def classic_network() -> keras.Model:
    """The tutorial's network: 5,474,406 weights at a vocabulary of 358."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((WINDOW, 1)),
            layers.LSTM(512, return_sequences=True),
            layers.Dropout(0.3),
            layers.LSTM(512, return_sequences=True),
            layers.Dropout(0.3),
            layers.LSTM(512),
            layers.Dense(256),
            layers.Dropout(0.3),
            layers.Dense(VOCABULARY, activation="softmax"),
        ]
    )


def _ours() -> tuple[Callable[[], int], int]:
    """A loop that composes CHUNKS chunks and says how many notes they hold, warmed up; and the network's size."""
    from model.network import PRESETS, NoteNetwork
    from model.sampling import Sampler, Taste
    from model.sampling.sampler import CHUNK

    network = NoteNetwork(PRESETS["cadenza"])
    sampler = Sampler(network)
    rng = np.random.default_rng(0)
    draws = len(network.representation.fields) + 2

    def loop() -> int:
        position = sampler.start(1)
        for _ in range(CHUNKS):
            uniforms = rng.random((CHUNK, 1, draws), dtype=np.float32)
            _, position = sampler.chunk(position, uniforms, Taste())
        return CHUNKS * CHUNK

    loop()
    return loop, network.count_params()

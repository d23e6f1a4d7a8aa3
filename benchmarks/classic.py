"""The baseline of most parts: the network, loop and fit of the well-known Keras tutorial.

Three LSTM layers of 512 cells over a window of the last 100 notes; a whole `model.predict` for each new note, and one
prediction per window in training; no state carried from one note to the next. The weights are random, which makes no
difference to speed.

`python -m benchmarks.classic loop` and `… fit` serve rounds to `benchmarks.rounds`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.rounds import as_many_as_fit, serve

if TYPE_CHECKING:
    import keras

WINDOW = 100  # notes that the network reads
VOCABULARY = 358  # notes and chords of the tutorial's corpus
BATCH = 64  # windows in a batch, as in the projects made after the tutorial
NOTES = 20  # composed in a round
BATCHES = 3  # fitted in a round at most


def network() -> keras.Model:
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


def loop(notes: int = NOTES) -> Callable[[], float]:
    """A warmed-up round of composing, which draws `notes` notes and returns notes a second."""
    model = network()
    pattern = np.random.default_rng(0).random(WINDOW).tolist()

    def compose() -> float:
        started = time.perf_counter()
        for _ in range(notes):
            heard = np.reshape(pattern[-WINDOW:], (1, WINDOW, 1))
            note = int(np.argmax(model.predict(heard, verbose=0)))
            pattern.append(note / VOCABULARY)
        return notes / (time.perf_counter() - started)

    compose()
    return compose


def fit(batches: int = BATCHES) -> Callable[[], float]:
    """A warmed-up round of training, which fits up to `batches` batches and returns predicted notes a second."""
    model = network()
    model.compile(loss="categorical_crossentropy", optimizer="rmsprop")
    rng = np.random.default_rng(0)
    windows = rng.random((batches * BATCH, WINDOW, 1), dtype=np.float32)
    targets = np.eye(VOCABULARY, dtype=np.float32)[rng.integers(VOCABULARY, size=len(windows))]

    def train(count: int) -> float:
        started = time.perf_counter()
        model.fit(windows[: count * BATCH], targets[: count * BATCH], batch_size=BATCH, epochs=1, verbose=0)
        return count * BATCH / (time.perf_counter() - started)

    train(1)
    return partial(train, as_many_as_fit(BATCH / train(1), batches))


if __name__ == "__main__":
    serve({"loop": loop, "fit": fit}[sys.argv[1]]())

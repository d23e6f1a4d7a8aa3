"""The classic way, which most parts are held against: the well-known Keras tutorial's network, loop and fit.

Three LSTM layers of 512 cells over a window of the last 100 notes; a whole `model.predict` for each new note, and one
prediction learnt from for each window; nothing carried from one note to the next. Its weights are fresh and random,
which take as long as trained ones.

`python -m benchmarks.classic loop` and `… fit` serve rounds to `benchmarks.elsewhere`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.elsewhere import serve
from benchmarks.rounds import as_many_as_fit

if TYPE_CHECKING:
    import keras

WINDOW = 100  # notes that the network sees
VOCABULARY = 358  # notes and chords of the tutorial's corpus
BATCH = 64  # windows in a batch, as in the projects made after the tutorial
NOTES = 20  # that a round composes
BATCHES = 3  # that a round fits at most


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
    """A round of composing, warmed up: draws `notes` notes and returns how many it drew a second."""
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
    """A round of training, warmed up: fits up to `batches` batches and returns how many notes it predicted a second."""
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

"""Training: on how many predicted notes a second ours and the classic fit train.

Both have three LSTM layers of 512 cells. The classic fit reads a window of 100 notes for each note that it predicts;
ours predicts at every step, four fields a note, and carries its state from window to window.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks.results import Measured, Part
from benchmarks.rounds import as_many_as_fit, best_of, in_turn

LAYERS, UNITS = 3, 512
PIECES, LENGTH_S = 40, 300.0
BATCHES = {"torch": 6, "tensorflow": 3}  # of ours in a round, at most
PRECISION = {"torch": "bfloat16", "tensorflow": "float32"}  # the fast one of each; `make train` uses the first
ROUNDS = 3


def measure() -> Measured:
    """The classic fit on TensorFlow in a process of its own, and ours on the faster backend that is installed."""
    from benchmarks.rounds import RoundProcess

    backend = "torch" if find_spec("torch") else "tensorflow"
    os.environ |= {"KERAS_BACKEND": backend, "TF_ENABLE_ONEDNN_OPTS": "1"}  # as `python -m model train` sets them
    ours = fitting(UNITS, LAYERS, PRECISION[backend], BATCHES[backend])
    with RoundProcess("benchmarks.classic", "fit", environment={"KERAS_BACKEND": "tensorflow"}) as classic:
        rounds = in_turn(classic, ours, ROUNDS)
    fastest, baseline = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=baseline,
        against="a fit of one prediction per window of 100 notes",
        counted=best_of(ROUNDS),
        details={
            "backend": backend,
            "precision": PRECISION[backend],
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


def fitting(units: int, layers: int, precision: str, batches: int, pieces: int = PIECES) -> Callable[[], float]:
    """A warmed-up round of training, which fits up to `batches` batches and returns predicted notes a second."""
    import numpy as np

    from benchmarks.music import performance
    from model.corpora.windows import WindowStreams
    from model.network import NetworkConfig
    from model.training.loop import augmentation, compiled, new_network
    from model.training.settings import TrainingSettings

    settings = TrainingSettings.model_validate({"precision": precision})
    network = new_network(NetworkConfig(units=units, layers=layers), settings)
    steps = [network.representation.encode(performance(LENGTH_S, seed)) for seed in range(pieces)]
    streams = WindowStreams(network.representation, steps, settings.streams, settings.window)
    model = compiled(network, settings, streams.batches_per_pass)
    supply = _Counted(streams.shuffled(np.random.default_rng(0), augmentation(settings)))

    def train(count: int) -> float:
        started = time.perf_counter()
        model.fit(supply.batches(), steps_per_epoch=count, epochs=1, shuffle=False, verbose=0)
        return count * supply.notes_per_batch / (time.perf_counter() - started)

    train(1)
    return partial(train, as_many_as_fit(supply.notes_per_batch / train(1), batches))


class _Counted:
    """Passes batches on and counts their notes: windows are padded at the end of a piece."""

    def __init__(self, source: Iterator[tuple[dict[str, Any]]]) -> None:
        self._source = source
        self._batches = self._notes = 0

    def batches(self) -> Iterator[tuple[dict[str, Any]]]:
        """The next batches, without end; Keras may take more than it fits."""
        for (batch,) in self._source:
            self._batches += 1
            self._notes += int((batch["weight"][..., -1] > 0).sum())
            yield (batch,)

    @property
    def notes_per_batch(self) -> float:
        """The average number of predicted notes in a batch so far."""
        return self._notes / self._batches


PART = Part(
    name="train",
    says="notes a second that training predicts, 3 x LSTM 512, over those of the classic fit.",
    must=50,
    aim=150,
    measure=measure,
)

"""What notes cost under a classic network, and under how often each note occurs at all."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from model.classic.windows import Windows
from model.network.classic import ClassicNetwork
from model.representation.base import Tensor

BATCH = 256


class Likelihood(keras.Model):
    """What `fit` and `evaluate` run: logits of the note after each window, and nats per note as the loss."""

    def __init__(self, network: ClassicNetwork) -> None:
        super().__init__(name="classic_likelihood", autocast=False)
        self.network = network
        self.built = True

    def call(self, windows: Tensor, training: bool = False) -> Tensor:
        """Logits, float32 (batch, vocabulary)."""
        return self.network.logits(windows, training)


def nats_per_note(network: ClassicNetwork, windows: Windows, most: int | None = None) -> float:
    """Mean nats of the notes of `windows`, or of `most` of them spread evenly."""
    model = Likelihood(network)
    chosen = spread(len(windows), most)
    total = 0.0
    for first in range(0, len(chosen), BATCH):
        which = np.resize(chosen[first : first + BATCH], BATCH)  # one shape, so that it is compiled once
        notes = min(BATCH, len(chosen) - first)
        batch, target = windows.batch(which)
        logits = model.predict_on_batch(batch)
        nats = ops.sparse_categorical_crossentropy(target, ops.convert_to_tensor(logits), from_logits=True)
        total += float(ops.convert_to_numpy(nats)[:notes].sum())
    return total / max(1, len(chosen))


def spread(count: int, most: int | None) -> NDArray[np.int64]:
    """Indices 0..count-1, or `most` of them at even distances."""
    if most is None or most >= count:
        return np.arange(count)
    return (np.arange(most) * count // most).astype(np.int64)


def unigram(train: list[NDArray[np.int32]], held_out: list[NDArray[np.int32]], size: int) -> float:
    """Nats per note of `held_out` when each note is as likely as it is often in `train`, every count one more."""
    counts = np.bincount(np.concatenate([np.zeros(0, np.int32), *train]), minlength=size) + 1.0
    nats = -np.log(counts / counts.sum())
    return float(nats[np.concatenate(held_out)].mean())

"""The network of the classic Keras tutorial: a window of scalars, three LSTMs, one softmax over the vocabulary.

Kept exactly, so that what was learned from it holds here: 5,474,406 weights for a vocabulary of 358. It looks at the
last `window` notes anew for every note; nothing else is carried from note to note.
"""

from __future__ import annotations

import keras
from keras import ops

from model.network.config import NetworkConfig
from model.network.lstm import CarriedLSTM
from model.representation.base import Tensor

NOTHING_YET = -1  # stands in a window where the piece has not begun


class ClassicNetwork(keras.Model):
    """P(next note | the last `window` notes), the notes given as one number each."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="classic_network", autocast=False)
        self.config = config
        self.lstm_layers = [CarriedLSTM(config.units, name=f"lstm_{layer + 1}") for layer in range(config.layers)]
        # after every LSTM but the last, and after the hidden layer
        self.dropouts = [keras.layers.Dropout(config.dropout, name=f"dropout_{n + 1}") for n in range(config.layers)]
        self.hidden = keras.layers.Dense(config.head_units, name="dense")
        self.to_classes = keras.layers.Dense(len(config.vocabulary), name="to_vocabulary")
        self.softmax = keras.layers.Softmax(dtype="float32", name="softmax")
        self._build_layers()

    def _build_layers(self) -> None:
        """Make every weight now, so that a new network can take weights before it has seen a note."""
        for index, layer in enumerate(self.lstm_layers):
            layer.build((None, self.config.window, self.config.units if index else 1))
        self.hidden.build((None, self.config.units))
        self.to_classes.build((None, self.config.head_units))
        self.built = True

    @property
    def in_order(self) -> list[keras.layers.Layer]:
        """The layers as data passes through them."""
        recurrent = [layer for pair in zip(self.lstm_layers, self.dropouts, strict=True) for layer in pair]
        return [*recurrent[:-1], self.hidden, self.dropouts[-1], self.to_classes, self.softmax]

    def scaled(self, notes: Tensor) -> Tensor:
        """Indices of notes (...,), int, as the scalars the network reads, float32 (..., 1)."""
        return ops.expand_dims(ops.cast(notes, "float32") / len(self.config.vocabulary), -1)

    def logits(self, windows: Tensor, training: bool = False) -> Tensor:
        """Float32 logits of the note after each window, (batch, vocabulary).

        Args:
            windows: indices of notes, int (batch, window); `NOTHING_YET` where a piece has not begun.
            training: whether dropout is on.
        """
        outputs = self.scaled(windows)  # (batch, window, 1)
        zeros = ops.zeros((ops.shape(windows)[0], self.config.units))
        for layer, dropout in zip(self.lstm_layers, self.dropouts, strict=True):
            outputs, _ = layer.sequence(outputs, [zeros, zeros])
            if layer is not self.lstm_layers[-1]:
                outputs = dropout(outputs, training=training)
        return self.from_last(outputs[:, -1], training)

    def from_last(self, output: Tensor, training: bool = False) -> Tensor:
        """Float32 logits (batch, vocabulary) from the last output of the last LSTM, (batch, units)."""
        hidden = self.dropouts[-1](self.hidden(output), training=training)
        return ops.cast(self.to_classes(hidden), "float32")

    def call(self, windows: Tensor, training: bool = False) -> Tensor:
        """The probability of every note after each window, float32 (batch, vocabulary)."""
        return self.softmax(self.logits(windows, training))

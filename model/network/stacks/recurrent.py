"""Recurrent layers one above the other; the last reads what a look-back found beside what the one below says."""

from __future__ import annotations

import keras
from keras import ops

from model.network.config import NetworkConfig
from model.network.stacks.base import Stack, State
from model.network.stacks.cells import CarriedGRU, CarriedLSTM
from model.network.stacks.lookback import LookBack
from model.representation.base import Tensor

CELLS: dict[str, type[CarriedLSTM] | type[CarriedGRU]] = {"lstm": CarriedLSTM, "gru": CarriedGRU}


class RecurrentStack(Stack):
    """`config.layers` LSTM or GRU layers of `config.units`; dropout between them holds one mask over a window's time.

    (Variational dropout: Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in RNNs".)
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="stack", autocast=False)
        self.units = config.units
        cell = CELLS[config.stack]
        self.recurrent = [cell(config.units, name=f"{config.stack}_{layer + 1}") for layer in range(config.layers)]
        self.dropout = keras.layers.Dropout(config.dropout, noise_shape=(None, 1, None), name="dropout")
        self.look_back = LookBack(config.memory, config.units, name="look_back") if config.memory else None
        for index, layer in enumerate(self.recurrent):
            layer.build((None, None, config.units if index else config.embedding))
        if self.look_back is not None:
            self.look_back.build_layers(config.units, config.embedding)
        self.built = True

    def state_sizes(self) -> dict[str, tuple[int, ...]]:
        """Hidden and cell of every layer, and what the look-back remembers."""
        sizes = {f"{part}_{layer.name}": (self.units,) for layer in self.recurrent for part in layer.parts}
        return sizes | (self.look_back.state_sizes() if self.look_back else {})

    def sequence(self, inputs: Tensor, state: State, training: bool = False) -> tuple[Tensor, State]:
        """Outputs (batch, time, units) of a window of inputs (batch, time, embedding), and the state after it."""
        outputs, after = inputs, dict(state)
        for index, layer in enumerate(self.recurrent):
            if self.look_back is not None and index == len(self.recurrent) - 1:
                found, moved = self.look_back.sequence(outputs, inputs, after)
                outputs = outputs + self.dropout(found, training=training)
                after |= moved
            outputs, carried = layer.sequence(outputs, [state[f"{part}_{layer.name}"] for part in layer.parts])
            after |= {f"{part}_{layer.name}": value for part, value in zip(layer.parts, carried, strict=True)}
            outputs = self.dropout(outputs, training=training)
        return outputs, after

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Output (batch, units) of one step (batch, embedding), and the state after it."""
        output, after = inputs, dict(state)
        for index, layer in enumerate(self.recurrent):
            if self.look_back is not None and index == len(self.recurrent) - 1:
                found, moved = self.look_back.sequence(ops.expand_dims(output, 1), ops.expand_dims(inputs, 1), after)
                output = output + found[:, 0]
                after |= moved
            output, carried = layer.step(output, [state[f"{part}_{layer.name}"] for part in layer.parts])
            after |= {f"{part}_{layer.name}": value for part, value in zip(layer.parts, carried, strict=True)}
        return output, after

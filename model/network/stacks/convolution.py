"""Causal dilated convolutions with gates and residuals (van den Oord et al. 2016, "WaveNet")."""

from __future__ import annotations

import keras
from keras import ops

from model.network.config import NetworkConfig
from model.network.stacks.base import Stack, State
from model.representation.base import Tensor

CYCLE = 8  # dilations double from 1 to 128, then begin again: eight layers see 256 steps


class ConvolutionStack(Stack):
    """`config.layers` layers of two taps each; the state is what their older taps will read."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="stack", autocast=False)
        self.units = config.units
        self.dilations = [2 ** (layer % CYCLE) for layer in range(config.layers)]
        self.enter = keras.layers.Dense(config.units, name="enter")
        self.gated = [
            keras.layers.Dense(2 * config.units, name=f"convolution_{layer + 1}") for layer in range(config.layers)
        ]
        self.leave = [keras.layers.Dense(config.units, name=f"residual_{layer + 1}") for layer in range(config.layers)]
        self.dropout = keras.layers.Dropout(config.dropout, name="dropout")
        self.enter.build((None, config.embedding))
        for taps, out in zip(self.gated, self.leave, strict=True):
            taps.build((None, 2 * config.units))
            out.build((None, config.units))
        self.built = True

    def state_sizes(self) -> dict[str, tuple[int, ...]]:
        """The latest inputs of every layer, as many as its dilation."""
        return {f"past_{layer + 1}": (dilation, self.units) for layer, dilation in enumerate(self.dilations)}

    def sequence(self, inputs: Tensor, state: State, training: bool = False) -> tuple[Tensor, State]:
        """Outputs (batch, time, units) of a window of inputs (batch, time, embedding), and the state after it."""
        time, outputs, after = ops.shape(inputs)[1], self.enter(inputs), {}
        for layer, dilation in enumerate(self.dilations):
            name = f"past_{layer + 1}"
            known = ops.concatenate([ops.cast(state[name], outputs.dtype), outputs], axis=1)
            taps = self.gated[layer](ops.concatenate([known[:, :time], outputs], axis=-1))
            content, gate = ops.split(taps, 2, axis=-1)
            moved = self.leave[layer](ops.tanh(content) * ops.sigmoid(gate))
            after[name] = ops.cast(known[:, -dilation:], "float32")
            outputs = outputs + self.dropout(moved, training=training)
        return outputs, after

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Output (batch, units) of one step (batch, embedding), and the state after it."""
        outputs, after = self.sequence(ops.expand_dims(inputs, 1), state)
        return outputs[:, 0], after

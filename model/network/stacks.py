"""What carries the past from step to step: recurrent, convolution and Transformer stacks behind one interface.

`sequence` reads whole pieces while training, `step` single steps afterwards; both compute the same.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from model.network.attention import HIDDEN, LookBack, State, attended, reachable
from model.network.config import NetworkConfig
from model.network.lstm import CarriedGRU, CarriedLSTM
from model.representation.base import Tensor

CELLS: dict[str, type[CarriedLSTM] | type[CarriedGRU]] = {"lstm": CarriedLSTM, "gru": CarriedGRU}
CYCLE = 8  # dilations double from 1 to 128, then begin again: eight layers see 256 steps
HEAD_UNITS = 64
WIDENING = 4  # of the feed-forward layers


class Stack(keras.layers.Layer):
    """Maps inputs (embeddings of the last step) to outputs (read by the heads), and carries a state.

    `sequence` over many steps and `step` one by one compute the same.
    """

    units: int  # width of the outputs

    @abstractmethod
    def state_sizes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each part of the state, without the batch."""

    @abstractmethod
    def sequence(self, inputs: Tensor, state: State, training: bool = False) -> tuple[Tensor, State]:
        """Outputs (batch, time, units) of a whole window (batch, time, width), and the state after it."""

    @abstractmethod
    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Output (batch, units) of one step (batch, width), and the state after it."""

    def start(self, batch: int) -> State:
        """The state before the first step."""
        return {name: ops.zeros((batch, *size), dtype="float32") for name, size in self.state_sizes().items()}


class RecurrentStack(Stack):
    """`config.layers` LSTM or GRU layers of `config.units`; dropout between them keeps one mask for a whole window.

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
        """Hidden and cell state of every layer, and the memory of the look-back."""
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


class ConvolutionStack(Stack):
    """Gated causal dilated convolutions with two taps and residuals (van den Oord et al. 2016, "WaveNet").

    The state holds the inputs of the older taps.
    """

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


class TransformerStack(Stack):
    """`config.layers` pre-norm blocks of `config.units` over the last `config.memory` steps.

    The window is cached as in Transformer-XL (Dai et al. 2019). A penalty that grows with the distance, another for
    each head, takes the place of positions (Press et al. 2022, "Train Short, Test Long"), so cached keys stay valid.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="stack", autocast=False)
        self.units, self.window = config.units, config.memory
        self.enter = keras.layers.Dense(config.units, name="enter")
        self.blocks = [_Block(config, name=f"block_{layer + 1}") for layer in range(config.layers)]
        self.last_norm = keras.layers.LayerNormalization(name="last_norm", dtype="float32")
        self.enter.build((None, config.embedding))
        self.last_norm.build((None, config.units))
        self.built = True

    def state_sizes(self) -> dict[str, tuple[int, ...]]:
        """Keys and values of every block, oldest first, and which of them are filled."""
        kept = {
            f"{part}_{block.name}": (self.window, self.units) for block in self.blocks for part in ("keys", "values")
        }
        return kept | {"seen": (self.window,)}

    def sequence(self, inputs: Tensor, state: State, training: bool = False) -> tuple[Tensor, State]:
        """Outputs (batch, time, units) of a window of inputs (batch, time, embedding), and the state after it."""
        time = ops.shape(inputs)[1]
        outputs, after = self.enter(inputs), {}
        seen = ops.concatenate([state["seen"], ops.ones_like(outputs[..., 0], dtype="float32")], axis=1)
        after["seen"] = seen[:, time:]
        added = self._added(seen, time)
        for block in self.blocks:
            cache = [state[f"{part}_{block.name}"] for part in ("keys", "values")]
            outputs, cache = block(outputs, cache, added, training=training)
            after |= {f"{part}_{block.name}": kept for part, kept in zip(("keys", "values"), cache, strict=True)}
        return ops.cast(self.last_norm(outputs), outputs.dtype), after

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Output (batch, units) of one step (batch, embedding), and the state after it."""
        outputs, after = self.sequence(ops.expand_dims(inputs, 1), state)
        return outputs[:, 0], after

    def _added(self, seen: Tensor, time: int) -> Tensor:
        """The penalty of each distance, or `HIDDEN`, float32 (batch, heads, time, window + time)."""
        heads = self.units // HEAD_UNITS
        slopes = 2.0 ** (-8.0 * (np.arange(heads) + 1) / heads)
        newest = self.window + ops.arange(time, dtype="float32")[:, None]
        distance = newest - ops.arange(self.window + time, dtype="float32")[None]
        penalty = -slopes.astype(np.float32)[None, :, None, None] * distance
        can_see = ops.logical_and(reachable(self.window, time)[None], seen[:, None] > 0)
        return ops.where(ops.expand_dims(can_see, 1), penalty, HIDDEN)


class _Block(keras.layers.Layer):
    """Attention and a feed-forward layer, each with a residual connection."""

    def __init__(self, config: NetworkConfig, name: str) -> None:
        super().__init__(name=name, autocast=False)
        units, self.window = config.units, config.memory
        self.heads = units // HEAD_UNITS
        self.norms = [keras.layers.LayerNormalization(name=f"{name}_norm_{part}", dtype="float32") for part in (1, 2)]
        self.to_attention = keras.layers.Dense(3 * units, name=f"{name}_attention")
        self.from_attention = keras.layers.Dense(units, name=f"{name}_attended")
        self.widen = keras.layers.Dense(WIDENING * units, activation="gelu", name=f"{name}_widen")
        self.narrow = keras.layers.Dense(units, name=f"{name}_narrow")
        self.dropout = keras.layers.Dropout(config.dropout, name=f"{name}_dropout")
        for layer in (*self.norms, self.to_attention, self.from_attention, self.widen):
            layer.build((None, units))
        self.narrow.build((None, WIDENING * units))
        self.built = True

    def call(
        self, inputs: Tensor, cache: list[Tensor], added: Tensor, training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Outputs (batch, time, units), and the keys and values kept for later steps."""
        time = ops.shape(inputs)[1]
        query, *new = ops.split(self.to_attention(self.norms[0](inputs)), 3, axis=-1)
        known = [
            ops.concatenate([ops.cast(kept, part.dtype), part], axis=1) for kept, part in zip(cache, new, strict=True)
        ]
        found = self.from_attention(attended(query, known[0], known[1], added, self.heads))
        outputs = inputs + self.dropout(found, training=training)
        wide = self.narrow(self.widen(self.norms[1](outputs)))
        kept = [ops.cast(ops.stop_gradient(part[:, time:]), "float32") for part in known]
        return outputs + self.dropout(wide, training=training), kept


STACKS: dict[str, Callable[[NetworkConfig], Stack]] = {
    "lstm": RecurrentStack,
    "gru": RecurrentStack,
    "conv": ConvolutionStack,
    "transformer": TransformerStack,
}


def stack_for(config: NetworkConfig) -> Stack:
    """A new stack of the kind that `config` names."""
    return STACKS[config.stack](config)

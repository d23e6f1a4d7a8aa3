"""Self-attention over a cached window of the past (Dai et al. 2019, "Transformer-XL"), for comparison with LSTMs.

Distance is told by a penalty that grows with it, another for each head (Press et al. 2022, "Train Short, Test Long"):
nothing depends on where in the piece a step lies, so keys and values stay valid in the cache.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from model.network.config import NetworkConfig
from model.network.stacks.attention import HIDDEN, attended, reachable
from model.network.stacks.base import Stack, State
from model.representation.base import Tensor

HEAD_UNITS = 64
WIDENING = 4  # of the feed-forward layers


class TransformerStack(Stack):
    """`config.layers` pre-norm blocks of `config.units`, seeing the last `config.memory` steps."""

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
    """Attention, then a feed-forward layer, each added to what came in."""

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

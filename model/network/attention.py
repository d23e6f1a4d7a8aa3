"""Attention over kept moments, and the look-back: attention of a recurrent stack over the piece's own past."""

from __future__ import annotations

import keras
from keras import ops

from model.representation.base import Tensor

State = dict[str, Tensor]  # float32, batch first; all zeros before the first step, so that a row is reset by zeros
HIDDEN = -1e9  # score of a moment that cannot be seen
HEADS = 4
HEAD_UNITS = 32


def reachable(kept: int, time: int | Tensor) -> Tensor:
    """A mask of the `kept` + `time` moments that each of `time` steps may see, bool (time, kept + time).

    A step sees itself and the `kept` - 1 moments before it, so a window read at once and its steps one by one see the
    same.
    """
    place = ops.arange(kept + time, dtype="int32")[None]
    newest = kept + ops.arange(time, dtype="int32")[:, None]
    return ops.logical_and(place <= newest, place > newest - kept)


def attended(query: Tensor, keys: Tensor, values: Tensor, added: Tensor, heads: int) -> Tensor:
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, "Attention Is All You Need"), (batch, time, width).

    Args:
        query: (batch, time, width).
        keys: (batch, moments, width).
        values: (batch, moments, width).
        added: to the scores, 0 or a bias or `HIDDEN`, float32, broadcast to (batch, heads, time, moments).
        heads: into which the width is split.
    """
    batch, time, width = ops.shape(query)
    by_head = [_by_head(part, heads) for part in (query, keys, values)]
    scores = ops.matmul(by_head[0], ops.transpose(by_head[1], (0, 1, 3, 2))) * (width // heads) ** -0.5
    weights = ops.softmax(ops.cast(scores, "float32") + added, axis=-1)
    found = ops.matmul(ops.cast(weights, values.dtype), by_head[2])  # (batch, heads, time, width / heads)
    return ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (batch, time, width))


def _by_head(tensor: Tensor, heads: int) -> Tensor:
    """(batch, count, width) as (batch, heads, count, width / heads)."""
    batch, count, width = ops.shape(tensor)
    return ops.transpose(ops.reshape(tensor, (batch, count, heads, width // heads)), (0, 2, 1, 3))


class LookBack(keras.layers.Layer):
    """Attention of every step over the last `moments`: which note followed a moment like this one?

    Music repeats itself at distances that no recurrent state holds. Each past moment is kept as a key, made from the
    stack's output, and a value, made from the step that followed. Attention over both does in one layer what takes a
    Transformer two (Olsson et al. 2022, "In-context Learning and Induction Heads"); a cache of hidden states and their
    successors is Grave et al.'s idea (2017, "Improving Neural Language Models with a Continuous Cache"), here with
    learned keys and values. Its output is zero before training.
    """

    def __init__(self, moments: int, units: int, name: str) -> None:
        super().__init__(name=name, autocast=False)
        self.moments, self.units = moments, units
        width = HEADS * HEAD_UNITS
        self.to_query = keras.layers.Dense(width, name=f"{name}_query")
        self.to_key = keras.layers.Dense(width, name=f"{name}_key")
        self.to_value = keras.layers.Dense(width, name=f"{name}_value")
        self.to_output = keras.layers.Dense(units, kernel_initializer="zeros", name=f"{name}_output")

    def build_layers(self, units: int, width: int) -> None:
        """Make every weight, for a stack of `units` on inputs of `width`."""
        self.to_query.build((None, units))
        self.to_key.build((None, units))
        self.to_value.build((None, width))
        self.to_output.build((None, HEADS * HEAD_UNITS))
        self.built = True

    def state_sizes(self) -> dict[str, tuple[int, ...]]:
        """The latest key, whose step is still to come, and the kept moments, oldest first; `seen` marks filled ones."""
        width = HEADS * HEAD_UNITS
        return {
            "waiting_key": (width,),
            "is_waiting": (1,),
            "keys": (self.moments, width),
            "values": (self.moments, width),
            "seen": (self.moments,),
        }

    def sequence(self, outputs: Tensor, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """The output of the look-back for a window, (batch, time, units), and the state after it.

        Args:
            outputs: of the layer that asks, (batch, time, units).
            inputs: of the stack, (batch, time, width); they hold the step that followed the moment before.
            state: before the window.
        """
        time = ops.shape(outputs)[1]  # open where a seed of any length is heard
        key, value = self.to_key(outputs), self.to_value(inputs)  # (batch, time, width)
        dtype = key.dtype
        # the moment before each input is what the stack said one step earlier
        new_keys = ops.concatenate([ops.cast(state["waiting_key"][:, None], dtype), key[:, :-1]], axis=1)
        new_seen = ops.concatenate([state["is_waiting"], ops.ones_like(key[:, 1:, 0], dtype="float32")], axis=1)
        keys = ops.concatenate([ops.cast(state["keys"], dtype), new_keys], axis=1)
        values = ops.concatenate([ops.cast(state["values"], dtype), value], axis=1)
        seen = ops.concatenate([state["seen"], new_seen], axis=1)  # (batch, moments + time)
        nothing = ((0, 0), (1, 0), (0, 0))  # the moment with nothing in it
        added = self._scores_added(seen, time)
        found = attended(self.to_query(outputs), ops.pad(keys, nothing), ops.pad(values, nothing), added, HEADS)
        kept = {"keys": keys, "values": values, "seen": seen}
        after = {name: ops.cast(ops.stop_gradient(part[:, time:]), "float32") for name, part in kept.items()}
        waiting = ops.cast(ops.stop_gradient(key[:, -1]), "float32")
        after |= {"waiting_key": waiting, "is_waiting": ops.ones_like(state["is_waiting"])}
        return self.to_output(found), after

    def _scores_added(self, seen: Tensor, time: int) -> Tensor:
        """0 for visible moments and `HIDDEN` for others, (batch, 1, time, 1 + moments + time).

        A step sees the moment that its own input completes and the `moments` - 1 before. The first column is an empty
        moment, for steps that find nothing useful.
        """
        can_see = ops.logical_and(reachable(self.moments, time)[None], seen[:, None] > 0)
        return ops.expand_dims(ops.pad(ops.where(can_see, 0.0, HIDDEN), ((0, 0), (0, 0), (1, 0))), 1)

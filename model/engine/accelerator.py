"""Drawing on whatever device TensorFlow has: one graph over all slots at once, a chunk of steps at a time.

The graph always has the same number of rows, whatever is asked for: so a row's sums are made in the same way each time,
and a GPU takes hardly longer for all of them than for one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops, tree
from numpy.typing import NDArray

from model.engine.requests import Drawn, Standing
from model.network import NoteNetwork
from model.representation.base import Tensor
from model.sampling.plan import NEVER, Plan, filled_in
from model.sampling.position import Position
from model.sampling.step import Tastes, Turn
from model.sampling.taste import Taste

ROOM = (
    32  # steps for which there are random numbers in a call: another shape would be compiled anew, which takes seconds
)


class Accelerator:
    """Slots on a device of TensorFlow's; see `engine.Slots`."""

    def __init__(self, network: NoteNetwork, example: Position, slots: int, device: str) -> None:
        """Compile the graph, without a plan and with one.

        Args:
            network: what to draw from.
            example: a position of one piece, before its first note.
            slots: how many pieces can be drawn at the same time.
            device: as TensorFlow calls it.
        """
        self.slots, self._device = slots, device
        self._network = network
        self._turn = Turn(network)
        fields = [field.name for field in network.representation.fields]
        self._tastes = Tastes.of(Taste(), fields, slots, is_guarded=True)
        nothing = np.zeros((1, len(fields)), dtype=np.int32)
        self._no_plan = filled_in(nothing, nothing, nothing[:, 0], 0.0)._replace(length=np.array([NEVER], np.int32))
        self._plans: dict[int, Plan] = {}
        # autograph off: the loop is written as a graph already
        self._chunk = tf.function(self._chunk_graph, reduce_retracing=True, autograph=False)
        self._put = tf.function(self._put_graph, reduce_retracing=True, autograph=False)
        with tf.device(device):
            self._position = tree.map_structure(lambda part: tf.repeat(tf.constant(part), slots, axis=0), example)
        self.join(0, example, self._taste_of(0), self._no_plan)
        self.draw([0], np.zeros((1, 1, self._turn.draws), dtype=np.float32))
        self.leave(0)
        self.draw([0], np.zeros((1, 1, self._turn.draws), dtype=np.float32))

    @property
    def memory_bytes(self) -> int:
        """What the weights and all slots take."""
        parts = [*tree.flatten(self._position), *self._network.weights]
        return sum(int(np.prod(part.shape)) * 4 for part in parts)

    def close(self) -> None:
        """Nothing is to be let go of."""

    def join(self, slot: int, position: Position, tastes: Tastes, plan: Plan | None) -> None:
        """Put one piece into a slot; everything has a batch of one."""
        with tf.device(self._device):
            self._position = self._put(self._position, position, tf.constant(slot))
        for whole, one in zip(self._tastes, tastes, strict=True):
            whole[slot] = np.asarray(one)[0]
        self.leave(slot)
        if plan is not None:
            self._plans[slot] = plan

    def _taste_of(self, slot: int) -> Tastes:
        return Tastes(*(part[slot : slot + 1] for part in self._tastes))

    def leave(self, slot: int) -> None:
        """Forget the piece in a slot."""
        self._plans.pop(slot, None)

    def draw(self, slots: list[int], uniforms: NDArray[np.float32]) -> Drawn:
        """The next steps of the pieces in `slots`; float32 (steps, rows, draws) in [0, 1), a row for each."""
        count = len(uniforms)
        whole = np.zeros((-(-count // ROOM) * ROOM, self.slots, self._turn.draws), dtype=np.float32)
        whole[:count, slots] = uniforms
        with tf.device(self._device):
            is_drawn = np.isin(np.arange(self.slots), slots)
            given = (self._position, whole, tf.constant(count), self._tastes, self._together(), is_drawn)
            drawn, self._position = self._chunk(*given)
        return Drawn(*(part.numpy()[:, slots] for part in drawn))

    def standing(self, slot: int) -> Standing:
        """How far the piece in a slot is."""
        now = self._position
        counts = {"left": now.situation["left"], "filled": now.filled, "woven": now.woven, "acted": now.watch["acted"]}
        return Standing(**{name: int(part[slot]) for name, part in counts.items()}, is_over=bool(now.is_over[slot]))

    def _together(self) -> Plan | None:
        """The plans of all slots side by side, padded to a common length; None where no slot has one."""
        if not self._plans:
            return None
        plans = [self._plans.get(slot, self._no_plan) for slot in range(self.slots)]
        return Plan(*(_stacked([np.asarray(part) for part in parts]) for parts in zip(*plans, strict=True)))

    def _put_graph(self, whole: Position, one: Position, slot: Tensor) -> Position:
        """All positions with that of one slot replaced."""

        is_meant = tf.range(self.slots) == slot
        return tree.map_structure(lambda part, new: _where(is_meant, tf.cast(new, part.dtype), part), whole, one)

    def _chunk_graph(
        self, position: Position, uniforms: Tensor, count: Tensor, tastes: Tastes, plan: Plan | None, is_drawn: Tensor
    ) -> tuple[Drawn, Position]:
        """`count` steps of all slots, int32 (count, slots, fields); those that are not drawn stay where they are."""

        def body(index: Tensor, position: Position, drawn: Any) -> tuple:
            after, choice = self._turn.step(position, uniforms[index], tastes, plan)
            past_end = ops.logical_or(position.is_over, choice.is_end)
            written = zip(drawn, (choice.raw, choice.is_woven, past_end), strict=True)
            kept = tree.map_structure(lambda new, old: _where(is_drawn, new, old), after, position)
            return index + 1, kept, Drawn(*(array.write(index, value) for array, value in written))

        arrays: Any = Drawn(*(tf.TensorArray(kind, size=count) for kind in (tf.int32, tf.bool, tf.bool)))
        _, position, drawn = tf.while_loop(lambda index, *_: index < count, body, (tf.constant(0), position, arrays))
        return Drawn(*(array.stack() for array in drawn)), position


def _where(is_drawn: Tensor, new: Tensor, old: Tensor) -> Tensor:
    return tf.where(tf.reshape(is_drawn, [-1] + [1] * (len(new.shape) - 1)), new, old)


def _stacked(parts: list[NDArray]) -> NDArray:
    """Parts of several plans as one batch; the shorter ones go on with their last row."""
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    longest = max(part.shape[1] for part in parts)
    missing = [longest - part.shape[1] for part in parts]
    widths = [[(0, 0), (0, count), *[(0, 0)] * (part.ndim - 2)] for count, part in zip(missing, parts, strict=True)]
    return np.concatenate([np.pad(part, width, mode="edge") for part, width in zip(parts, widths, strict=True)])

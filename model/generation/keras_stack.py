"""A stack that Keras carries out, for all slots at once: convolutions and Transformers, and any stack on a GPU.

The batch is always the same, whatever is drawn: so a row's sums are made in the same way each time, and a GPU takes
hardly longer for all slots than for one. The heads and the law run on the host.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.network import NoteNetwork

State = dict[str, Any]


class KerasStack:
    """The states of all slots on a device, and one compiled step of the stack for them."""

    def __init__(self, network: NoteNetwork, slots: int, device: str) -> None:
        """Compile the step and the pass through a seed; `device` as TensorFlow calls it."""
        self.slots, self._network, self._device = slots, network, device
        # autograph off: the functions are graphs already
        self._step = tf.function(self._step_graph, autograph=False)
        self._put = tf.function(self._put_graph, autograph=False)
        self._read = tf.function(self._read_graph, reduce_retracing=True, autograph=False)
        with tf.device(device):
            self._state = {name: tf.constant(np.asarray(part)) for name, part in network.stack.start(slots).items()}
        self._start = {name: np.asarray(part) for name, part in network.stack.start(1).items()}
        self.join(0, self.start())
        self.step([0], np.zeros((1, network.config.embedding), dtype=np.float32))
        self.after(np.zeros((2, network.config.embedding), dtype=np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes of the states of all slots."""
        return sum(int(np.prod(part.shape)) * 4 for part in self._state.values())

    def start(self) -> State:
        """The state before the first step, a batch of one."""
        return dict(self._start)

    def after(self, inputs: NDArray[np.float32]) -> State:
        """The state after inputs (steps, embedding) from the start, a batch of one."""
        with tf.device(self._device):
            return self._read(tf.constant(inputs[None]))

    def join(self, slot: int, state: State) -> None:
        """Put the state of one piece into a slot."""
        with tf.device(self._device):
            self._state = self._put(self._state, state, tf.constant(slot))

    def step(self, slots: list[int], inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """One step of the pieces in `slots`: from inputs (rows, embedding) to outputs (rows, units)."""
        whole = np.zeros((self.slots, inputs.shape[1]), dtype=np.float32)
        whole[slots] = inputs
        with tf.device(self._device):
            outputs, self._state = self._step(whole, self._state, np.isin(np.arange(self.slots), slots))
        return outputs.numpy()[slots]

    def _step_graph(self, inputs: Any, state: State, is_drawn: Any) -> tuple[Any, State]:
        outputs, after = self._network.stack.step(inputs, state)
        return outputs, {name: _where(is_drawn, after[name], part) for name, part in state.items()}

    def _put_graph(self, whole: State, one: State, slot: Any) -> State:
        is_meant = tf.range(self.slots) == slot
        return {name: _where(is_meant, tf.cast(one[name], part.dtype), part) for name, part in whole.items()}

    def _read_graph(self, inputs: Any) -> State:
        state = {name: tf.constant(part) for name, part in self._start.items()}
        return self._network.stack.sequence(inputs, state)[1]


def _where(is_meant: Any, new: Any, old: Any) -> Any:
    return tf.where(tf.reshape(is_meant, [-1] + [1] * (len(new.shape) - 1)), new, old)

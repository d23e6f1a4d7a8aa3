"""Notes drawn from a classic network: one compiled pass over the window per note, never `model.predict`.

The window is read layer by layer: what each layer's inputs add is one matrix product for the whole window, and only the
recurrence is a loop, over one layer's weights at a time, which stay in the processor's cache. With a `stride` of
several notes the window is read once for so many of them; between two readings the layers' states go on step by step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from model.classic.windows import after
from model.generation.options import DEFAULT_TOP_P, SamplingParameters
from model.generation.sampler import draw_one
from model.network.classic import ClassicNetwork
from model.representation.base import Tensor

States = list[tuple[Tensor, Tensor]]  # hidden and cell of each layer, (1, units) each
ShouldStop = Callable[[], bool]


class ClassicSampler:
    """Draws notes after a window. Compiling takes some seconds."""

    def __init__(self, network: ClassicNetwork) -> None:
        self.network = network
        self.window = network.config.window
        self.read = tf.function(self._read_graph, autograph=False)
        self.step = tf.function(self._step_graph, autograph=False)

    def notes(
        self,
        start: NDArray[np.int32],
        count: int,
        taste: SamplingParameters,
        random_seed: int = 0,
        stride: int = 1,
        should_stop: ShouldStop = lambda: False,
    ) -> NDArray[np.int32]:
        """`count` notes after those in `start`, indices int32 (count,); fewer where `should_stop` said so.

        Args:
            start: indices of given notes, int32 (notes,); its end is what the network hears first.
            count: how many to draw.
            taste: how to draw; `top_k` 1 takes the likeliest note always.
            random_seed: names the notes among all that could follow.
            stride: notes drawn for each time that the window is read.
            should_stop: asked before each reading.
        """
        uniforms = np.random.Generator(np.random.Philox(random_seed)).random((-(-count // stride), stride), np.float32)
        line = np.asarray(start, dtype=np.int32)
        for row in uniforms:
            if should_stop():
                break
            logits, states = self.read(tf.constant(after(line, self.window)))
            for turn, uniform in enumerate(row):
                if turn:
                    logits, states = self.step(tf.constant(line[-1:]), states)
                line = np.append(line, np.int32(_drawn(logits.numpy()[0], uniform, taste)))
        return line[len(start) : len(start) + count]

    def _read_graph(self, window: Tensor) -> tuple[Tensor, States]:
        """Logits (1, vocabulary) after a whole window of notes (window,), and every layer's state."""
        output, states = self._through(self.network.scaled(window))
        return self.network.from_last(output), states

    def _step_graph(self, note: Tensor, states: States) -> tuple[Tensor, States]:
        """The same after one more note (1,)."""
        output, states = self._further(self.network.scaled(note), states)
        return self.network.from_last(output), states

    def _through(self, inputs: Tensor) -> tuple[Tensor, States]:
        """Output of the last layer (1, units) after the whole window (window, 1), and every layer's state."""
        states: States = []
        for layer in self.network.lstm_layers:
            cell = layer.cell
            projected = ops.matmul(inputs, cell.kernel) + cell.bias  # (window, 4 * units)
            zeros = tf.zeros((1, cell.units))

            def body(at: Tensor, hidden: Tensor, memory: Tensor, seen: tf.TensorArray) -> tuple:
                gates = projected[at][None] + tf.matmul(hidden, cell.recurrent_kernel)  # noqa: B023 -- traced here
                hidden, memory = _gated(gates, memory)
                return at + 1, hidden, memory, seen.write(at, hidden[0])

            seen = tf.TensorArray(tf.float32, size=self.window)
            loop = (tf.constant(0), zeros, zeros, seen)
            _, hidden, memory, seen = tf.while_loop(lambda at, *_: at < self.window, body, loop)
            inputs = seen.stack()  # (window, units)
            states.append((hidden, memory))
        return states[-1][0], states

    def _further(self, inputs: Tensor, states: States) -> tuple[Tensor, States]:
        """Output of the last layer (1, units) after one more note (1, 1), and every layer's state."""
        later: States = []
        for layer, (hidden, memory) in zip(self.network.lstm_layers, states, strict=True):
            cell = layer.cell
            gates = ops.matmul(inputs, cell.kernel) + cell.bias + ops.matmul(hidden, cell.recurrent_kernel)
            later.append(_gated(gates, memory))
            inputs = later[-1][0]
        return inputs, later


def _gated(gates: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden and cell state (1, units) from the sums of an LSTM's gates (1, 4 * units), in Keras' order."""
    let_in, forget, new, let_out = ops.split(gates, 4, axis=-1)
    memory = ops.sigmoid(forget) * memory + ops.sigmoid(let_in) * ops.tanh(new)
    return ops.sigmoid(let_out) * ops.tanh(memory), memory


def _drawn(logits: NDArray[np.float32], uniform: float, taste: SamplingParameters) -> int:
    """A class out of logits (vocabulary,)."""
    top_p = DEFAULT_TOP_P if taste.top_p is None else taste.top_p
    scratch = np.zeros(len(logits))
    parameters = float(taste.temperature), taste.top_k, float(top_p), float(taste.min_p)
    return int(draw_one(logits, float(uniform), *parameters, scratch))

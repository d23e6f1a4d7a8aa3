"""LSTM and GRU layers with Keras' weights and gate order that are fast on every backend.

On the torch backend Keras runs its cell once per time step; torch's fused kernel (cuDNN on a GPU, oneDNN on a CPU)
computes the same function several times faster. On TensorFlow Keras has such a kernel for a GPU only; on a CPU an LSTM
runs whole sequences in `lstm` below, which multiplies the inputs of all steps at once and sums the weights' gradients
in one product. Weights move between backends unchanged.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import keras
import tensorflow as tf
from keras import ops

from model.representation.base import Tensor


class _Carried(keras.layers.RNN):
    """Base of both layers: the caller carries the state, and torch runs whole sequences in its own kernel."""

    def __init__(self, units: int, **options: object) -> None:
        super().__init__(units, return_sequences=True, return_state=True, **options)

    def sequence(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Outputs (batch, time, units) and the state after the last step, from inputs (batch, time, width)."""
        outputs, *state = self(inputs, initial_state=state)
        return outputs, state

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run the whole sequence; this is where torch's fused kernel takes over from Keras' loop."""
        if keras.backend.backend() != "torch":
            return super().inner_loop(sequences, initial_state, mask, training)
        outputs, state = self._fused(sequences, initial_state)
        return outputs[:, -1], outputs, state

    @abstractmethod
    def _fused(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Outputs and last state, by torch's kernel."""


class CarriedLSTM(_Carried, keras.layers.LSTM):
    """An LSTM whose state the caller carries: whole sequences by `sequence`, single steps by `step`."""

    parts = ("hidden", "cell")  # of its state, each (batch, units)

    def step(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Output (batch, units) and the next state, from inputs (batch, width)."""
        return self.cell(inputs, state)

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run the whole sequence; on a CPU with TensorFlow, large products take the place of Keras' many small ones."""
        if not _on_tensorflow_cpu():
            return super().inner_loop(sequences, initial_state, mask, training)
        from model.network.lstm import lstm

        weights = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        parts = (ops.cast(part, sequences.dtype) for part in (*initial_state, *weights))
        outputs, *state = lstm(sequences, *parts)
        return outputs[:, -1], outputs, state

    def _fused(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        import torch  # only where Keras already runs on it

        cell = self.cell
        kernel, recurrent, bias = (
            ops.cast(weight, inputs.dtype) for weight in (cell.kernel, cell.recurrent_kernel, cell.bias)
        )
        weights = [kernel.t().contiguous(), recurrent.t().contiguous(), bias, torch.zeros_like(bias)]
        hidden, memory = (part.to(inputs.dtype)[None].contiguous() for part in state)
        outputs, last, carried = torch.lstm(
            inputs.contiguous(), (hidden, memory), weights, True, 1, 0.0, False, False, True
        )
        return outputs, [last[0], carried[0]]


class CarriedGRU(_Carried, keras.layers.GRU):
    """A GRU whose state the caller carries; gates in the order (z, r, h), the reset gate after the product."""

    parts = ("hidden",)  # of its state, (batch, units)

    def step(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Output (batch, units) and the next state, from inputs (batch, width)."""
        output, (hidden,) = self.cell(inputs, state)
        return output, [hidden]

    def _fused(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        import torch  # only where Keras already runs on it

        cell, dtype = self.cell, inputs.dtype
        kernel, recurrent = (_reset_first(ops.cast(part, dtype)) for part in (cell.kernel, cell.recurrent_kernel))
        biases = _reset_first(ops.cast(cell.bias, dtype))  # (2, 3 * units): of the inputs, of the state
        weights = [kernel.t().contiguous(), recurrent.t().contiguous(), biases[0], biases[1]]
        hidden = state[0].to(dtype)[None].contiguous()
        outputs, last = torch.gru(inputs.contiguous(), hidden, weights, True, 1, 0.0, False, False, True)
        return outputs, [last[0]]


def _on_tensorflow_cpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf  # only where Keras already runs on it

    return not tf.config.list_physical_devices("GPU")


def _reset_first(weight: Tensor) -> Tensor:
    """A GRU weight with its gates in torch's order (r, z, n) instead of Keras' (z, r, h)."""
    update, reset, new = ops.split(weight, 3, axis=-1)
    return ops.concatenate([reset, update, new], axis=-1)


class _Kept(NamedTuple):
    """What the gradient needs of every step, an array each: the gates after their activations, the memory before the
    step, the memory after it through tanh; and the outputs.
    """

    enter: tf.TensorArray
    keep: tf.TensorArray
    offered: tf.TensorArray
    leave: tf.TensorArray
    memory: tf.TensorArray
    shown: tf.TensorArray
    output: tf.TensorArray


def lstm(inputs: Tensor, hidden: Tensor, memory: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor) -> tuple:
    """Outputs (batch, time, units) and the state (hidden, memory) after the last step.

    Args:
        inputs: (batch, time, width).
        hidden, memory: the state before the first step, (batch, units) each.
        kernel, recurrent, bias: weights (width, 4 * units), (units, 4 * units) and (4 * units,), gates in Keras' order
            (i, f, c, o).
    """
    by_time = tf.transpose(inputs, (1, 0, 2))
    time, batch, units = tf.shape(by_time)[0], tf.shape(by_time)[1], recurrent.shape[0]
    flat = tf.matmul(tf.reshape(by_time, (time * batch, inputs.shape[-1])), kernel) + bias
    projected = tf.reshape(flat, (time, batch, 4 * units))
    outputs, last, carried = _recur(projected, hidden, memory, recurrent)
    return tf.transpose(outputs, (1, 0, 2)), last, carried


@tf.custom_gradient
def _recur(projected: Tensor, hidden: Tensor, memory: Tensor, recurrent: Tensor) -> tuple:
    """The steps one after another: outputs (time, batch, units), hidden and memory after the last."""
    last, carried, kept = _forward(projected, hidden, memory, recurrent)
    outputs = kept.output.stack()

    def gradient(d_outputs: Tensor, d_last: Tensor, d_carried: Tensor) -> tuple:
        d_projected, d_hidden, d_memory = _backward(kept, recurrent, d_outputs, d_last, d_carried)
        before = tf.concat([hidden[None], outputs[:-1]], axis=0)  # what each step multiplied by `recurrent`
        flat = tf.reshape(before, (-1, recurrent.shape[0])), tf.reshape(d_projected, (-1, recurrent.shape[1]))
        return d_projected, d_hidden, d_memory, tf.matmul(*flat, transpose_a=True)

    return (outputs, last, carried), gradient


def _forward(projected: Tensor, hidden: Tensor, memory: Tensor, recurrent: Tensor) -> tuple[Tensor, Tensor, _Kept]:
    """Hidden and memory after the last step, and what is kept of all."""
    time = tf.shape(projected)[0]

    def step(place: Tensor, hidden: Tensor, memory: Tensor, kept: _Kept) -> tuple:
        gates = projected[place] + tf.matmul(hidden, recurrent)  # (batch, 4 * units)
        enter, keep, offered, leave = tf.split(gates, 4, axis=-1)
        enter, keep, offered, leave = tf.sigmoid(enter), tf.sigmoid(keep), tf.tanh(offered), tf.sigmoid(leave)
        after = keep * memory + enter * offered
        shown = tf.tanh(after)
        hidden = leave * shown
        values = (enter, keep, offered, leave, memory, shown, hidden)
        return place + 1, hidden, after, _Kept(*(part.write(place, v) for part, v in zip(kept, values, strict=True)))

    kept = _Kept(*(_array(projected.dtype, time, recurrent.shape[0]) for _ in _Kept._fields))
    start = (tf.constant(0), hidden, memory, kept)
    return tf.while_loop(lambda place, *_: place < time, step, start)[1:]


def _backward(
    kept: _Kept, recurrent: Tensor, d_outputs: Tensor, d_last: Tensor, d_carried: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the projected inputs (time, batch, 4 * units) and of the state before the first step."""
    time = tf.shape(d_outputs)[0]

    def step(place: Tensor, d_hidden: Tensor, d_memory: Tensor, d_gates: tf.TensorArray) -> tuple:
        enter, keep, offered, leave, memory, shown, _ = (part.read(place) for part in kept)
        d_hidden = d_hidden + d_outputs[place]
        d_memory = d_memory + d_hidden * leave * (1 - shown * shown)
        gates = (
            d_memory * offered * enter * (1 - enter),
            d_memory * memory * keep * (1 - keep),
            d_memory * enter * (1 - offered * offered),
            d_hidden * shown * leave * (1 - leave),
        )
        joined = tf.concat(gates, axis=-1)  # (batch, 4 * units)
        return place - 1, tf.matmul(joined, recurrent, transpose_b=True), d_memory * keep, d_gates.write(place, joined)

    start = (time - 1, d_last, d_carried, _array(d_outputs.dtype, time, recurrent.shape[1]))
    _, d_hidden, d_memory, d_gates = tf.while_loop(lambda place, *_: place >= 0, step, start)
    return d_gates.stack(), d_hidden, d_memory


def _array(kind: tf.DType, time: Tensor, width: int) -> tf.TensorArray:
    """Room for `time` values (batch, width)."""
    return tf.TensorArray(kind, size=time, element_shape=(None, width), clear_after_read=False)

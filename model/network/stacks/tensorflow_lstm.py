"""An LSTM layer over a whole sequence on TensorFlow, with its gradient written out.

Keras' loop multiplies by the input weights at every step, and what TensorFlow derives from it sums the gradients of the
weights at every step as well. Here the inputs of all steps are multiplied at once before the loop, and so are the
gradients of both weights after it: large products take a fraction of the time of many small ones (Appleyard et al.
2016, "Optimizing Performance of Recurrent Neural Networks on GPUs"). Only `cells` uses it, where Keras runs on
TensorFlow.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from model.representation.base import Tensor


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

"""A network whose products are quantised to 8-bit integers, as the engine computes them on a CPU.

`model.generation.kernels.products` has the same products in machine code. Here they consist of Keras operations, slow
but available on every backend, to measure the effect on the likelihood and to test the machine code.
"""

from __future__ import annotations

from functools import partial

import keras
from keras import ops

from model.arithmetic import LARGEST, LEAST_ROUNDED, WIDEST
from model.network.note_network import NoteNetwork
from model.representation.base import Tensor


def rounded_twin(network: NoteNetwork) -> NoteNetwork:
    """A copy of the network with the same weights and quantised products."""
    twin = NoteNetwork(network.config)
    twin.set_weights(network.get_weights())
    for layer in twin._flatten_layers():
        if isinstance(layer, keras.layers.Dense):
            layer.call = partial(_dense, layer)
        elif isinstance(layer, keras.layers.LSTMCell):
            layer.call = partial(_lstm, layer)
        elif isinstance(layer, keras.layers.GRUCell):
            layer.call = partial(_gru, layer)
        elif isinstance(layer, keras.layers.RNN):  # not by kernels that know nothing of rounding
            layer.inner_loop = partial(keras.layers.RNN.inner_loop, layer)
    return twin


def product(x: Tensor, weights: Tensor) -> Tensor:
    """x (..., inputs) @ weights (inputs, outputs); each row of x and column of weights has a scale of its own."""
    of_rows, of_columns = _largest(x, -1), _largest(weights, 0)
    inputs = ops.round(x * ops.where(of_rows > LEAST_ROUNDED, WIDEST / ops.maximum(of_rows, LEAST_ROUNDED), 0.0))
    whole = ops.round(weights / ops.where(of_columns > 0, of_columns / LARGEST, 1.0))
    return ops.matmul(inputs, whole) * (of_columns / LARGEST) * (of_rows / WIDEST)


def _largest(values: Tensor, axis: int) -> Tensor:
    return ops.max(ops.abs(values), axis=axis, keepdims=True)


def _dense(layer: keras.layers.Dense, inputs: Tensor, training: bool | None = None) -> Tensor:
    outputs = product(inputs, layer.kernel)
    outputs = outputs if layer.bias is None else outputs + layer.bias
    return outputs if layer.activation is None else layer.activation(outputs)


def _lstm(
    cell: keras.layers.LSTMCell, inputs: Tensor, states: list[Tensor], training: bool = False
) -> tuple[Tensor, list[Tensor]]:
    hidden, memory = states
    gates = cell.bias + product(hidden, cell.recurrent_kernel) + product(inputs, cell.kernel)
    enter, keep, new, out = ops.split(gates, 4, axis=-1)
    memory = ops.sigmoid(keep) * memory + ops.sigmoid(enter) * ops.tanh(new)
    hidden = ops.sigmoid(out) * ops.tanh(memory)
    return hidden, [hidden, memory]


def _gru(
    cell: keras.layers.GRUCell, inputs: Tensor, states: list[Tensor], training: bool = False
) -> tuple[Tensor, list[Tensor]]:
    hidden = states[0]
    of_inputs, of_state = product(inputs, cell.kernel), product(hidden, cell.recurrent_kernel)
    update, reset, new = ops.split(of_inputs + cell.bias[0], 3, axis=-1)
    update_state, reset_state, new_state = ops.split(of_state + cell.bias[1], 3, axis=-1)
    update, reset = ops.sigmoid(update + update_state), ops.sigmoid(reset + reset_state)
    new = ops.tanh(new + reset * new_state)
    hidden = update * hidden + (1 - update) * new
    return hidden, [hidden]

"""An LSTM over a whole sequence on TensorFlow: what Keras' own layer computes, and its gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import tree

from model.network.lstm import CarriedLSTM

BATCH, WIDTH, UNITS = 3, 5, 4
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def layers() -> tuple[CarriedLSTM, keras.layers.LSTM]:
    """Ours and Keras' own, with the same weights."""
    ours, own = CarriedLSTM(UNITS), keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    for layer in (ours, own):
        layer.build((None, None, WIDTH))
    weights = [RNG.normal(0, 0.5, weight.shape) for weight in ours.weights]
    for layer in (ours, own):
        layer.set_weights(weights)
    return ours, own


def values(*shape: int) -> tf.Tensor:
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


def with_gradients(layer: keras.layers.LSTM, inputs: tf.Tensor, state: list[tf.Tensor], asked: list[tf.Tensor]) -> list:
    """What the layer puts out, and the gradients of a weighted sum of it."""
    with tf.GradientTape() as tape:
        tape.watch([inputs, *state])
        found = layer(inputs, initial_state=state)
        total = tf.add_n([tf.reduce_sum(part * weight) for part, weight in zip(found, asked, strict=True)])
    return [found, tape.gradient(total, [inputs, *state, *(weight.value for weight in layer.weights)])]


@pytest.mark.parametrize("time", [1, 2, 17])
def test_outputs_state_and_every_gradient_are_those_of_keras(layers, time):
    inputs, state = values(BATCH, time, WIDTH), [values(BATCH, UNITS), values(BATCH, UNITS)]
    asked = [values(BATCH, time, UNITS), values(BATCH, UNITS), values(BATCH, UNITS)]
    ours, own = (tree.flatten(with_gradients(layer, inputs, state, asked)) for layer in layers)
    assert len(ours) == len(own) == 3 + 3 + 3
    for one, other in zip(ours, own, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_one_graph_serves_every_length(layers):
    made = []

    @tf.function(input_signature=[tf.TensorSpec((None, None, WIDTH))], autograph=False)
    def outputs(inputs: tf.Tensor) -> tf.Tensor:
        made.append(inputs)
        zeros = tf.zeros((tf.shape(inputs)[0], UNITS))
        return layers[0].sequence(inputs, [zeros, zeros])[0]

    for time in (2, 9):
        inputs = values(BATCH, time, WIDTH)
        np.testing.assert_allclose(outputs(inputs), layers[1](inputs)[0], atol=2e-5)
    assert len(made) == 1


def test_half_precision_stays_half_precision():
    layer = CarriedLSTM(UNITS, dtype="mixed_bfloat16")
    inputs = tf.cast(values(BATCH, 6, WIDTH), tf.bfloat16)
    zeros = tf.zeros((BATCH, UNITS))
    outputs, state = layer.sequence(inputs, [zeros, zeros])
    assert {outputs.dtype, state[0].dtype, state[1].dtype} == {tf.bfloat16}

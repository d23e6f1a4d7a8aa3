"""Stacks: stepping is the whole sequence, states carry over, and a row set to zero is a new beginning."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from pydantic import ValidationError

from model.network import NetworkConfig
from model.network.lstm import CarriedGRU, CarriedLSTM
from model.network.stacks import STACKS, Stack, stack_for

BATCH, TIME, WIDTH = 2, 23, 8
CONFIGS = {
    "lstm": NetworkConfig(stack="lstm", embedding=WIDTH, units=12, layers=2),
    "lstm that looks back": NetworkConfig(stack="lstm", embedding=WIDTH, units=12, layers=3, memory=9),
    "gru": NetworkConfig(stack="gru", embedding=WIDTH, units=12, layers=2),
    "gru that looks back": NetworkConfig(stack="gru", embedding=WIDTH, units=12, layers=2, memory=50),
    "conv": NetworkConfig(stack="conv", embedding=WIDTH, units=12, layers=4),
    "transformer": NetworkConfig(stack="transformer", embedding=WIDTH, units=64, layers=2, memory=9),
}


@pytest.fixture(params=CONFIGS)
def stack(request: pytest.FixtureRequest) -> Stack:
    """A stack of each kind, every weight random: also those that begin at zero."""
    stack = stack_for(CONFIGS[request.param])
    rng = np.random.default_rng(0)
    stack.set_weights([rng.normal(0, 0.3, weight.shape) for weight in stack.weights])
    return stack


@pytest.fixture
def inputs() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(BATCH, TIME, WIDTH)).astype(np.float32)


def close(one: object, other: object) -> None:
    np.testing.assert_allclose(ops.convert_to_numpy(one), ops.convert_to_numpy(other), atol=2e-5)


def test_every_kind_of_stack_is_tested():
    assert {config.stack for config in CONFIGS.values()} == set(STACKS)


def test_stepping_is_the_same_as_the_whole_sequence(stack: Stack, inputs: np.ndarray):
    outputs, after = stack.sequence(inputs, stack.start(BATCH))
    assert outputs.shape == (BATCH, TIME, stack.units)
    state = stack.start(BATCH)
    for position in range(TIME):
        output, state = stack.step(inputs[:, position], state)
        close(output, outputs[:, position])
    assert {name: value.shape for name, value in state.items()} == {
        name: (BATCH, *size) for name, size in stack.state_sizes().items()
    }
    for name in stack.state_sizes():
        close(state[name], after[name])


def test_one_compiled_graph_hears_windows_of_every_length(stack: Stack, inputs: np.ndarray):
    @tf.function(input_signature=[tf.TensorSpec((1, None, WIDTH))], autograph=False)
    def heard(window: tf.Tensor) -> tuple:
        return stack.sequence(window, stack.start(1))

    for length in (1, 5, TIME):
        outputs, after = heard(inputs[:1, :length])
        expected, state = stack.sequence(inputs[:1, :length], stack.start(1))
        close(outputs, expected)
        for name in state:
            close(after[name], state[name])


@pytest.mark.parametrize("cut", [1, 7, 22])
def test_a_state_carried_between_two_windows_makes_the_whole(stack: Stack, inputs: np.ndarray, cut: int):
    whole, _ = stack.sequence(inputs, stack.start(BATCH))
    first, state = stack.sequence(inputs[:, :cut], stack.start(BATCH))
    second, _ = stack.sequence(inputs[:, cut:], state)
    close(ops.concatenate([first, second], axis=1), whole)


def test_a_row_whose_state_is_zeroed_begins_anew_and_leaves_the_others_alone(stack: Stack, inputs: np.ndarray):
    _, state = stack.sequence(inputs, stack.start(BATCH))
    zeroed = {name: value * np.array([0.0, 1.0], np.float32).reshape(-1, *[1] * (len(value.shape) - 1))
              for name, value in state.items()}  # fmt: skip
    outputs, _ = stack.sequence(inputs, zeroed)
    close(outputs[0], stack.sequence(inputs, stack.start(BATCH))[0][0])
    close(outputs[1], stack.sequence(inputs, state)[0][1])


def test_nothing_sees_what_comes_later(stack: Stack, inputs: np.ndarray):
    changed = inputs.copy()
    changed[:, 10:] += 1
    before, _ = stack.sequence(inputs, stack.start(BATCH))
    after, _ = stack.sequence(changed, stack.start(BATCH))
    close(before[:, :10], after[:, :10])
    assert np.abs(ops.convert_to_numpy(before - after))[:, 10:].max() > 1e-3


def test_a_look_back_is_silent_until_it_has_learnt_something(inputs: np.ndarray):
    with_memory = stack_for(CONFIGS["lstm"].model_copy(update={"memory": 16}))
    without = stack_for(CONFIGS["lstm"])
    without.set_weights(with_memory.get_weights()[: len(without.weights)])
    close(with_memory.sequence(inputs, with_memory.start(BATCH))[0], without.sequence(inputs, without.start(BATCH))[0])


def test_a_look_back_finds_the_step_that_followed_a_moment_like_this_one():
    # Given a stack that looks back with keys as large as it needs to find one moment among many
    stack = stack_for(NetworkConfig(embedding=WIDTH, units=12, layers=2, memory=64))
    rng = np.random.default_rng(3)
    look = stack.look_back
    matrix = rng.normal(size=(12, 128)).astype(np.float32)
    look.to_query.set_weights([matrix * 3, np.zeros(128)])
    look.to_key.set_weights([matrix * 3, np.zeros(128)])
    # When the last moment is exactly an earlier one
    moments = rng.normal(size=(1, 20, 12)).astype(np.float32)
    moments[:, -1] = moments[:, 6]
    steps = rng.normal(size=(1, 20, WIDTH)).astype(np.float32)
    look.to_output.set_weights([np.eye(128, 12, dtype=np.float32), np.zeros(12)])
    found, _ = look.sequence(ops.convert_to_tensor(moments), ops.convert_to_tensor(steps), stack.start(1))
    # Then what is found is the step that came after the earlier one
    followed = ops.convert_to_numpy(look.to_value(steps[:, 7]))[0, :12]
    close(found[0, -1], followed)


@pytest.mark.parametrize(("ours", "theirs"), [(CarriedLSTM, keras.layers.LSTM), (CarriedGRU, keras.layers.GRU)])
def test_gates_lie_as_keras_lays_them(ours: type, theirs: type, inputs: np.ndarray):
    one, other = ours(12), theirs(12, return_sequences=True)
    one.build(inputs.shape)
    other.build(inputs.shape)
    other.set_weights(one.get_weights())
    outputs, _ = one.sequence(inputs, [np.zeros((BATCH, 12), np.float32) for _ in ours.parts])
    close(outputs, other(inputs))


@pytest.mark.parametrize(
    "sizes", [{"layers": 1, "memory": 8}, {"stack": "transformer", "memory": 0}, {"stack": "transformer", "units": 100}]
)
def test_sizes_that_make_no_stack_are_refused(sizes: dict):
    with pytest.raises(ValidationError):
        NetworkConfig(**sizes)

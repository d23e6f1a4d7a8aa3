"""Programs: whatever a step is made of, the machine draws the notes that TensorFlow draws from the same graph."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import pytest

from model.engine import tracing
from model.engine.lowering import lowered
from model.network import PRESETS, NetworkConfig, NoteNetwork
from model.network.rounding import rounded_twin
from model.representation.base import Freedom
from model.sampling import Taste
from model.sampling.plan import filled_in, woven
from tests.model.hand import CPU, TENSORFLOW, Hand

TINY = {"embedding": 16, "units": 32, "head_units": 16}
CONFIGS = {
    "performance": PRESETS["tiny"].model_copy(update={"styles": ("waltz", "etude")}),
    "voices": PRESETS["chorale"].model_copy(update=TINY),
    "score": PRESETS["ensemble"].model_copy(update={**TINY, "memory": 24}),
    "events": PRESETS["events"].model_copy(update=TINY),
    "characters": PRESETS["char"].model_copy(update=TINY),
    "look-back": NetworkConfig(memory=24, **TINY),
    "gru": NetworkConfig(stack="gru", layers=3, **TINY),
    "gru with a look-back": NetworkConfig(stack="gru", layers=2, memory=24, **TINY),
    "convolution": NetworkConfig(stack="conv", layers=4, **TINY),
    "transformer": NetworkConfig(stack="transformer", layers=2, memory=24, **TINY | {"units": 64}),
}
ROWS = 3


@cache
def hands(name: str) -> tuple[Hand, Hand]:
    """The same network, drawn from by the machine, and by TensorFlow with the same rounding."""
    network = bold(name, 5)
    return Hand(network, CPU, ROWS), Hand(rounded_twin(network), TENSORFLOW, ROWS)


def bold(name: str, seed: int) -> NoteNetwork:
    """A network with large weights, so that it prefers some notes to others."""
    keras.utils.set_random_seed(seed)
    network = NoteNetwork(CONFIGS[name])
    network.set_weights([3 * weight for weight in network.get_weights()])
    return network


@pytest.mark.parametrize("name", ["look-back", "transformer"])
def test_networks_of_one_configuration_share_a_graph_and_nothing_else(name: str):
    # Given a network whose graph was traced for another one, and the same network with a graph of its own
    Hand(bold(name, 5), CPU, 1)
    network = bold(name, 6)
    sharing = Hand(network, CPU, 1)
    tracing._known.clear()
    alone = Hand(network, CPU, 1)
    # Then both draw with its weights
    for hand in (sharing, alone):
        hand.join([0])
    numbers = alone.uniforms(1, 40, 1)
    for one, other in zip(sharing.chunk(numbers), alone.chunk(numbers), strict=True):
        np.testing.assert_array_equal(one, other)


def same(machine: Hand, tensorflow: Hand, seed: int, chunks: int) -> list[bool]:
    """Whether the machine draws just the steps of TensorFlow, and the pieces stand where its do, for each row."""
    is_same = np.ones(ROWS, dtype=bool)
    for chunk in range(chunks):
        numbers = machine.uniforms(10 * seed + chunk, 20, ROWS)
        for one, other in zip(machine.chunk(numbers), tensorflow.chunk(numbers), strict=True):
            is_same &= (one == other).reshape(20, ROWS, -1).all(axis=(0, 2))
    return [is_same[row] and machine.standing(row) == tensorflow.standing(row) for row in range(ROWS)]


# Both round what enters a product. Where a number lies just between two whole ones, the last bit of a float decides
# which it becomes, and once in a while another note is drawn, after which two pieces have nothing in common any more.
MOST = 0.6


@pytest.mark.parametrize("name", CONFIGS)
def test_the_machine_draws_what_tensorflow_draws(name: str):
    # Given three pieces, one of them bold, one without a guard
    machine, tensorflow = hands(name)
    found = []
    for seed in range(4):
        for hand in (machine, tensorflow):
            hand.join([0], left=200)
            hand.join([1], taste=Taste(temperature=1.3, top_k=9, min_p=0.01))
            hand.join([2], taste=Taste(top_p=0.5), guard=False)
        # When some chunks are drawn, longer than a look-back remembers, then they are the same
        found += same(machine, tensorflow, seed, chunks=3)
    assert np.mean(found) >= MOST


@pytest.mark.parametrize("name", ["performance", "voices", "score"])
def test_plans_are_followed_as_by_tensorflow_beside_pieces_that_have_none(name: str):
    # Given a piece with notes to weave in, one with a template, one free
    machine, tensorflow = hands(name)
    representation = machine.network.representation
    first = Hand.drawn(machine, machine.uniforms(7, 24))[:, 0]
    freedom = np.full(first.shape, int(Freedom.GIVEN), dtype=np.int32)
    freedom[:, -2] = int(Freedom.NEAR)
    template = filled_in(first, freedom, np.full(len(first), 127, dtype=np.int32), 0.5)
    onsets = np.cumsum(first[:, 0]) if representation.opens_with_wait else np.arange(len(first))
    found = []
    for seed in range(4):
        for hand in (machine, tensorflow):
            hand.join([0], plan=woven(onsets, first))
            hand.join([1], plan=template)
            hand.join([2])
        # When some chunks are drawn, then both bring the same notes
        found += same(machine, tensorflow, seed, chunks=2)
        assert machine.standing(1).is_over
        assert (machine.standing(0).woven > 0) == representation.opens_with_wait
    assert np.mean(found) >= MOST


def test_primed_states_of_every_kind_go_on_as_in_tensorflow():
    for name in ("look-back", "gru", "transformer"):
        machine, tensorflow = hands(name)
        seed = machine.drawn(machine.uniforms(3, 40))[:, 0]
        for hand in (machine, tensorflow):
            hand.join(range(ROWS), machine.primer.prime(seed, left=500))  # which does not round
        assert np.mean(same(machine, tensorflow, 4, chunks=2)) >= MOST


def test_an_operation_that_the_machine_does_not_know_is_named():
    import tensorflow as tf

    from model.engine.tracing import Traced

    function = tf.function(lambda x: {"y": tf.linalg.inv(x)}, autograph=False)
    concrete = function.get_concrete_function(tf.TensorSpec((2, 2), tf.float32))
    traced = Traced(concrete.graph, {concrete.inputs[0].name: "x"}, dict(concrete.structured_outputs), {})
    with pytest.raises(NotImplementedError, match="no operation MatrixInverse"):
        lowered(traced, 0)

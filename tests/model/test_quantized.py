"""Networks whose products round to eight bits: near the ones they are made from, and measured by `evaluate`."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from model.bundles import Bundle, Card, open_bundle
from model.errors import RequestError
from model.evaluation.held_out import evaluate, evaluate_jsb16
from model.network import PRESETS, NetworkConfig, NoteNetwork
from model.network.quantized import product, rounded_twin
from tests.model.test_jsb16 import CHORALES, written

STACKS = [("lstm", 3), ("lstm", 0), ("gru", 9), ("conv", 0), ("transformer", 9)]


def test_a_product_rounds_each_row_and_each_column_on_its_own_scale():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 3, 40)).astype(np.float32), rng.normal(size=(40, 7)).astype(np.float32)
    scaled = product(x * np.float32(1e6), weights * np.float32(1e-3))
    np.testing.assert_allclose(scaled, 1e3 * product(x, weights), rtol=1e-4)
    exact = x @ weights
    error = ops.convert_to_numpy(product(x, weights)) - exact
    assert 0 < np.abs(error).max() < 0.03 * np.abs(exact).max()


@pytest.mark.parametrize(("stack", "memory"), STACKS)
def test_a_twin_steps_as_it_reads_windows_and_is_near_its_network_but_not_the_same(stack: str, memory: int):
    keras.utils.set_random_seed(3)
    config = NetworkConfig(stack=stack, layers=2, units=64, embedding=16, head_units=16, memory=memory)
    network = NoteNetwork(config)
    before = network.get_weights()
    twin = rounded_twin(network)
    inputs = np.random.default_rng(1).normal(size=(2, 30, 16)).astype(np.float32)
    plain, rounded = (
        ops.convert_to_numpy(one.stack.sequence(inputs, one.stack.start(2))[0]) for one in (network, twin)
    )
    state, steps = twin.stack.start(2), []
    for time in range(inputs.shape[1]):
        said, state = twin.stack.step(inputs[:, time], state)
        steps.append(ops.convert_to_numpy(said))
    np.testing.assert_allclose(np.stack(steps, axis=1), rounded, atol=0.01 * np.abs(plain).max())
    assert 0 < np.abs(plain - rounded).max() < 0.05 * np.abs(plain).max()
    for weight, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)


def test_rounding_costs_the_shipped_chorale_less_than_half_a_percent_of_likelihood(tmp_path: Path):
    bundle, path = open_bundle("chorale"), written(tmp_path, {"valid": CHORALES})
    plain, rounded = (evaluate_jsb16(bundle, path, is_rounded=one)["nll_per_token"] for one in (False, True))
    assert rounded != plain
    assert rounded == pytest.approx(plain, rel=0.005)


def test_a_classic_bundle_has_nothing_that_rounds(tmp_path: Path):
    card = Card(title="made here", description="", data="none", licence="none")
    classic = Bundle("old", "0" * 12, PRESETS["classic"], card, [], [])
    with pytest.raises(RequestError, match="'old' is of the classic kind"):
        evaluate(classic, tmp_path, is_rounded=True)

"""The network: its weights have names of their own, stepping is the whole sequence, its likelihood is one."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.errors import RequestError
from model.network import PRESETS, NetworkConfig, NoteNetwork
from model.network.config import preset
from model.network.note_network import REFUSED
from model.representation import Performance
from model.training.likelihood import nats
from tests.model.made_pieces import scales, steps_of

PERFORMANCE = Performance()
PARAMETERS = {"cadenza": 5_298_213, "small": 1_485_733, "tiny": 60_453}


@pytest.fixture(scope="module")
def fresh() -> NoteNetwork:
    """Two layers that have learnt nothing, biases and all other weights random."""
    network = NoteNetwork(NetworkConfig(embedding=8, units=12, layers=2, head_units=10))
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(0, 0.3, weight.shape) for weight in network.weights])
    return network


def known(pieces: np.ndarray) -> dict:
    """A batch of whole pieces (batch, notes, fields) as the network takes it."""
    controls = np.zeros(PERFORMANCE.controls.width, np.float32)
    traces = [PERFORMANCE.trace(piece, PERFORMANCE.new_states(), controls) for piece in pieces]
    target, features, allowed = (
        np.stack([getattr(trace, name) for trace in traces]) for name in ("classes", "features", "allowed")
    )
    starts = np.tile([field.size for field in PERFORMANCE.fields], (len(pieces), 1, 1))
    previous = np.concatenate([starts, target[:, :-1]], axis=1).astype(np.int32)
    return {"previous": previous, "target": target, "features": features, "allowed": allowed}


@pytest.mark.parametrize("name", PRESETS)
def test_every_weight_has_a_path_of_its_own(name: str):
    # Keras' torch backend zeroes gradients by path: of two weights with one path the other's gradient would pile up
    network = NoteNetwork(PRESETS[name])
    paths = [weight.path for weight in network.weights]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_preset_has_as_many_parameters_as_its_name_is_known_for(name: str):
    assert NoteNetwork(PRESETS[name]).count_params() == PARAMETERS[name]


def test_start_is_a_row_beyond_every_class_of_each_embedding(fresh: NoteNetwork):
    starts, _ = fresh.start(3)
    assert starts.shape == (3, 4)
    for index, (field, embed) in enumerate(zip(PERFORMANCE.fields, fresh.embed_fields, strict=True)):
        assert starts[:, index].tolist() == [field.size] * 3
        assert embed.embeddings.shape[0] == field.size + 1


def test_logits_of_every_field_have_its_classes_and_refuse_what_cannot_follow(fresh: NoteNetwork):
    batch = known(steps_of(np.random.default_rng(4), 60)[None, :20])
    logits, _ = fresh(batch, fresh.start(1)[1])
    at = 0
    for field, values in zip(PERFORMANCE.fields, logits, strict=True):
        assert values.shape == (1, 20, field.size)
        allowed = batch["allowed"][..., at : at + field.size]
        np.testing.assert_array_equal(ops.convert_to_numpy(values) == np.float32(REFUSED), ~allowed)
        at += field.size


def test_the_likelihood_is_the_sum_of_what_each_step_costs(fresh: NoteNetwork):
    # Given one piece, END included
    piece = steps_of(np.random.default_rng(5), 60)[:20]
    batch = known(np.concatenate([piece, [[1, 127, 1, 1]]])[None].astype(np.int32))
    batch["target"][0, -1, 0] = PERFORMANCE.end_class
    # When its cost is added up by hand
    logits, _ = fresh(batch, fresh.start(1)[1])
    per_field = []
    for index, values in enumerate(logits):
        logarithms = ops.convert_to_numpy(ops.log_softmax(values))[0]
        costs = -np.take_along_axis(logarithms, batch["target"][0, :, index, None], axis=1)[:, 0]
        per_field.append(costs[: None if index == 0 else -1].sum())
    residual = PERFORMANCE.quantisation_nats(batch["target"])[0, :-1].sum()
    # Then `nats` says the same
    likelihood = nats(fresh, [piece])
    assert likelihood.notes == 20
    assert list(likelihood.per_field.values()) == pytest.approx([*per_field, residual], rel=1e-4)
    assert likelihood.nats_total == pytest.approx(sum(per_field) + residual, rel=1e-5)
    assert sum(likelihood.field_nats_per_note.values()) == pytest.approx(likelihood.nats_per_note)


def test_streams_and_windows_change_the_speed_of_a_likelihood_and_nothing_else(network: NoteNetwork):
    pieces = [steps_of(np.random.default_rng(seed), 90) for seed in range(4)] + scales(2, 50)
    one, other = nats(network, pieces, streams=1, window=256), nats(network, pieces, streams=3, window=17)
    assert one.notes == other.notes == sum(map(len, pieces))
    assert one.nats_total == pytest.approx(other.nats_total, rel=1e-5)
    assert one.per_field == pytest.approx(other.per_field, rel=1e-4)


def test_a_network_takes_the_weights_of_another_of_its_sizes(fresh: NoteNetwork):
    other = NoteNetwork(fresh.config)
    other.set_weights(fresh.get_weights())
    piece = [steps_of(np.random.default_rng(6), 40)]
    assert nats(other, piece).nats_total == pytest.approx(nats(fresh, piece).nats_total)


def test_a_preset_takes_another_dropout():
    assert preset("tiny", dropout=0.3) == PRESETS["tiny"].model_copy(update={"dropout": 0.3})
    assert preset("tiny") == PRESETS["tiny"]


@pytest.mark.parametrize(("name", "dropout"), [("huge", None), ("tiny", 1.0), ("tiny", -0.1)])
def test_an_unknown_preset_or_dropout_is_refused_in_a_sentence(name: str, dropout: float | None):
    with pytest.raises(RequestError, match=r"\.$"):
        preset(name, dropout)

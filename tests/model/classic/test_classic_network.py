"""The classic network to the last weight, of plain Keras layers, and the words drawn from it."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from model.__main__ import main
from model.classic.composing import ClassicRequest, draw
from model.classic.windows import Windows, after
from model.errors import RequestError
from model.generation.options import SamplingParameters
from model.network import PRESETS, ClassicNetwork
from model.network.classic import NOTHING_YET, classic_model

VOCABULARY = tuple(f"C{octave}" for octave in range(7))
SIZES = {"units": 12, "head_units": 8, "window": 9, "vocabulary": VOCABULARY}
TINY = PRESETS["classic"].model_copy(update=SIZES)
STACKS = {
    "lstm": TINY,
    "gru": PRESETS["gru"].model_copy(update=SIZES | {"note_input": "embedding", "embedding": 6}),
    "conv": PRESETS["conv"].model_copy(update=SIZES),
    "transformer": PRESETS["transformer"].model_copy(update=SIZES | {"units": 64}),
}
ARGMAX = SamplingParameters(top_k=1)
WINDOW = np.array([[NOTHING_YET, NOTHING_YET, 3, 1, 6, 0, 0, 5, 2]], dtype=np.int32)


def made(config) -> ClassicNetwork:
    network = ClassicNetwork(config)
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(size=weight.shape).astype(np.float32) for weight in network.weights])
    return network


@pytest.fixture(scope="module")
def network() -> ClassicNetwork:
    return made(TINY)


@pytest.mark.parametrize(("vocabulary", "weights"), [(358, 5_474_406), (398, 5_484_686)])
def test_the_classic_preset_has_the_tutorials_weights(vocabulary, weights, capsys):
    assert main(["summary", "--preset", "classic", "--vocabulary", str(vocabulary), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["total"] == weights
    kinds = [layer["kind"] for layer in said["layers"]]
    assert kinds == ["LSTM", "Dropout", "LSTM", "Dropout", "LSTM", "Dense", "Dropout", "Dense", "Softmax"]


@pytest.mark.parametrize("preset", ["classic", "gru", "conv", "transformer"])
def test_the_summary_is_a_table(preset, capsys):
    assert main(["summary", "--preset", preset, "--vocabulary", "358"]) == 0
    printed = capsys.readouterr().out
    assert "Softmax" in printed
    assert ("5,474,406" in printed) == (preset == "classic")


def test_a_note_is_one_number_and_the_answer_a_distribution(network):
    windows = np.arange(18).reshape(2, 9) % 7
    assert network.inputs(windows).shape == (2, 9, 1)
    assert float(np.max(network.inputs(windows))) == pytest.approx(6 / 7)
    assert np.allclose(np.sum(network.probabilities(windows), axis=-1), 1)


@pytest.mark.parametrize("stack", STACKS)
def test_plain_keras_loads_what_was_saved(stack, tmp_path):
    network = made(STACKS[stack])
    network.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.allclose(loaded.predict(network.inputs(WINDOW), verbose=0), network.probabilities(WINDOW), atol=1e-6)


@pytest.mark.parametrize("stack", STACKS)
def test_predicting_after_every_note_ends_with_the_prediction_after_the_window(stack):
    network = made(STACKS[stack])
    every = classic_model(network.config, at_every_note=True)
    every.set_weights(network.get_weights())
    found = np.asarray(every.predict_on_batch(network.inputs(WINDOW)))
    assert found.shape == (1, 9, 7)
    assert np.allclose(found[:, -1], network.probabilities(WINDOW), atol=1e-5)


@pytest.mark.parametrize("stack", STACKS)
def test_no_note_is_predicted_from_those_after_it(stack):
    network = made(STACKS[stack])
    every = classic_model(network.config, at_every_note=True)
    other = WINDOW.copy()
    other[0, 5:] = 4
    first, second = (np.asarray(every.predict_on_batch(network.inputs(window))) for window in (WINDOW, other))
    assert np.allclose(first[:, :5], second[:, :5], atol=1e-5)
    assert not np.allclose(first[:, 5:], second[:, 5:], atol=1e-5)


def test_always_the_likeliest_note_is_what_the_network_says_note_by_note(network):
    line = [1, 2, 3]
    for _ in range(12):
        line.append(int(np.argmax(network.probabilities(after(np.array(line, dtype=np.int32), 9)[None]))))
    drawn = draw(network, np.array([1, 2, 3], dtype=np.int32), ClassicRequest(12, ARGMAX))
    assert drawn.tolist() == line[3:]


@pytest.mark.parametrize("stack", ["lstm", "gru"])
def test_a_stride_carries_the_state_through_as_many_notes(stack):
    network = made(STACKS[stack])
    start = np.arange(9, dtype=np.int32) % 7
    drawn = draw(network, start, ClassicRequest(10, ARGMAX, stride=3))
    assert len(drawn) == 10
    # the second note of a stride has heard the whole window and the first note
    longer = classic_model(network.config.model_copy(update={"window": 10}))
    longer.set_weights(network.get_weights())
    heard = network.inputs(np.concatenate([start, drawn[:1]])[None])
    assert int(np.argmax(longer.predict_on_batch(heard))) == drawn[1]


@pytest.mark.parametrize("stack", ["conv", "transformer"])
def test_a_stride_needs_a_state(stack):
    with pytest.raises(RequestError, match="leave out --stride"):
        draw(made(STACKS[stack]), np.zeros(0, dtype=np.int32), ClassicRequest(10, stride=2))


def test_a_random_seed_names_the_notes():
    network = ClassicNetwork(TINY)  # as it begins: no note is much likelier than another
    nothing = np.zeros(0, dtype=np.int32)
    first, again, other = (draw(network, nothing, ClassicRequest(20, random_seed=seed)).tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_stop_is_heard_between_two_readings(network):
    answers = iter([False, False, True])
    drawn = draw(network, np.zeros(0, dtype=np.int32), ClassicRequest(50), should_stop=lambda: next(answers))
    assert len(drawn) == 2


@pytest.mark.parametrize("until_end", [False, True])
def test_the_end_is_drawn_only_where_a_piece_may_end(until_end):
    network = made(TINY.model_copy(update={"vocabulary": (*VOCABULARY[:6], "END")}))
    biased = [*network.get_weights()[:-1], np.array([0, 0, 0, 0, 0, 0, 50], dtype=np.float32)]
    network.set_weights(biased)
    drawn = draw(network, np.zeros(0, dtype=np.int32), ClassicRequest(20, until_end=until_end))
    assert drawn.tolist() == [6] if until_end else (len(drawn) == 20 and 6 not in drawn)


def test_no_window_reaches_into_another_piece():
    windows = Windows([np.array([1, 2, 3], dtype=np.int32), np.array([4, 5], dtype=np.int32)], 2)
    before, targets = windows.batch(np.arange(len(windows)))
    assert targets.tolist() == [1, 2, 3, 4, 5]
    assert before.tolist() == [[-1, -1], [-1, 1], [1, 2], [-1, -1], [-1, 4]]
    assert windows.every_note(np.array([1, 3]))[1].tolist() == [[1, 2], [-1, 4]]

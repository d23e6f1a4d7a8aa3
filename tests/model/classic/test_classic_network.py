"""The classic network to the last weight, and the notes drawn from it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from model.__main__ import main
from model.classic.sampling import ClassicSampler
from model.classic.windows import Windows, after
from model.generation.options import SamplingParameters
from model.network import PRESETS, ClassicNetwork
from model.network.classic import NOTHING_YET

TINY = PRESETS["classic"].model_copy(
    update={"units": 12, "head_units": 8, "window": 9, "vocabulary": tuple(f"C{octave}" for octave in range(7))}
)


@pytest.fixture(scope="module")
def network() -> ClassicNetwork:
    made = ClassicNetwork(TINY)
    rng = np.random.default_rng(0)
    made.set_weights([rng.normal(size=weight.shape).astype(np.float32) for weight in made.weights])
    return made


@pytest.mark.parametrize(("vocabulary", "weights"), [(358, 5_474_406), (398, 5_484_686)])
def test_the_classic_preset_has_the_tutorials_weights(vocabulary, weights, capsys):
    assert main(["summary", "--preset", "classic", "--vocabulary", str(vocabulary), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["total"] == weights
    kinds = [layer["kind"] for layer in said["layers"]]
    assert kinds == ["LSTM", "Dropout", "LSTM", "Dropout", "LSTM", "Dense", "Dropout", "Dense", "Softmax"]


def test_the_summary_is_a_table(capsys):
    assert main(["summary", "--preset", "classic", "--vocabulary", "358"]) == 0
    assert "5,474,406" in capsys.readouterr().out


def test_a_note_is_one_number_and_the_answer_a_distribution(network):
    windows = np.arange(18).reshape(2, 9) % 7
    assert network.scaled(windows).shape == (2, 9, 1)
    assert float(np.max(network.scaled(windows))) == pytest.approx(6 / 7)
    assert np.allclose(np.sum(network(windows), axis=-1), 1)


def test_reading_a_window_for_sampling_equals_the_networks_own_pass(network):
    sampler = ClassicSampler(network)
    window = np.array([NOTHING_YET, NOTHING_YET, 3, 1, 6, 0, 0, 5, 2], dtype=np.int32)
    logits, _ = sampler.read(tf.constant(window))
    assert np.allclose(logits, network.logits(window[None]), atol=1e-5)


def test_always_the_likeliest_note_is_what_the_network_says_note_by_note(network):
    line = [1, 2, 3]
    for _ in range(12):
        line.append(int(np.argmax(network.logits(after(np.array(line, dtype=np.int32), 9)[None]))))
    drawn = ClassicSampler(network).notes(np.array([1, 2, 3]), 12, SamplingParameters(top_k=1))
    assert drawn.tolist() == line[3:]


def test_a_stride_gives_as_many_notes_from_longer_windows(network):
    sampler = ClassicSampler(network)
    start = np.arange(9, dtype=np.int32) % 7
    drawn = sampler.notes(start, 10, SamplingParameters(top_k=1), stride=3)
    assert len(drawn) == 10
    # the second note of a stride has heard the whole window and the first note
    longer = np.concatenate([start, drawn[:1]])
    assert int(np.argmax(network.logits(longer[None]))) == drawn[1]


def test_a_random_seed_names_the_notes(network):
    sampler = ClassicSampler(network)
    nothing = np.zeros(0, dtype=np.int32)
    first, again, other = (sampler.notes(nothing, 20, SamplingParameters(), seed).tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_stop_is_heard_between_two_readings(network):
    answers = iter([False, False, True])
    drawn = ClassicSampler(network).notes(
        np.zeros(0, dtype=np.int32), 50, SamplingParameters(), should_stop=lambda: next(answers)
    )
    assert len(drawn) == 2


def test_no_window_reaches_into_another_piece():
    windows = Windows([np.array([1, 2, 3], dtype=np.int32), np.array([4, 5], dtype=np.int32)], 2)
    before, targets = windows.batch(np.arange(len(windows)))
    assert targets.tolist() == [1, 2, 3, 4, 5]
    assert before.tolist() == [[-1, -1], [-1, 1], [1, 2], [-1, -1], [-1, 4]]

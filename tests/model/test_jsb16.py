"""The published protocol on chorales made up here, with likelihoods that can be worked out by hand."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pytest

from model.bundles import Bundle, Card
from model.cli import evaluate
from model.corpora.readers.jsb import read_jsb, split_of
from model.errors import DataError, RequestError
from model.evaluation.held_out import evaluate_jsb16, pitch_nats
from model.network import NetworkConfig, NoteNetwork
from model.representation.four_parts import WIDEST
from model.representation.voices_law import REST_CLASS

CHORALES = [[[72, 67, 60, 48]] * 3 + [[74, 65, -1, 50]] * 2, [[70, 65, 62, 46]] * 4]
CHOICES = 2 * WIDEST + 2  # a move by up to three octaves either way, or a rest
CONFIG = NetworkConfig(representation="voices", embedding=4, units=4, layers=1, head_units=4)


def network(favourite: tuple[int, int, float] | None = None) -> NoteNetwork:
    """A network to which all is equally likely, but for one class of one voice by a factor of e to the third value."""
    made = NoteNetwork(CONFIG)
    made.set_weights([np.zeros(weight.shape) for weight in made.weights])
    if favourite:
        voice, chosen, logit = favourite
        bias = made.heads[voice].to_classes.bias
        value = np.zeros(bias.shape)
        value[chosen] = logit
        bias.assign(value)
    return made


def bundle(made: NoteNetwork, config: NetworkConfig = CONFIG) -> Bundle:
    card = Card(title="made here", description="", data="none", licence="none")
    return Bundle("made", "0" * 12, config, card, [], made.get_weights())


def written(folder: Path, content: object) -> Path:
    path = folder / "chorales.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_where_all_is_equally_likely_each_pitch_costs_the_logarithm_of_the_choices(tmp_path: Path):
    path = written(tmp_path, {"valid": CHORALES, "train": [CHORALES[0]]})
    figures = evaluate_jsb16(bundle(network()), path)
    assert figures["tokens"] == 9 * 4
    assert figures["pieces"] == 2
    assert figures["nll_per_token"] == pytest.approx(math.log(CHOICES), rel=1e-6)
    assert figures["nll_per_step"] == pytest.approx(4 * math.log(CHOICES), rel=1e-6)


def test_what_is_likelier_costs_less_wherever_it_comes():
    # Given that the alto stays e^3 times as likely as it does anything else: it does in 6 of 9 sixteenths
    made = network((1, WIDEST, 3.0))
    total = math.exp(3) + CHOICES - 1
    nats = pitch_nats(made, [np.array(piece, dtype=np.int32) for piece in CHORALES])
    assert nats[1] == pytest.approx(9 * math.log(total) - 3 * 6, rel=1e-6)
    assert nats[[0, 2, 3]] == pytest.approx(9 * math.log(CHOICES), rel=1e-6)


def test_the_end_of_a_piece_is_neither_predicted_nor_counted():
    # Given a network that would end every piece at once
    made = network((0, REST_CLASS + 1, 50.0))
    nats = pitch_nats(made, [np.array(CHORALES[0], dtype=np.int32)])
    assert nats == pytest.approx(5 * math.log(CHOICES), rel=1e-6)


def test_the_command_prints_the_published_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = written(tmp_path, {"test": CHORALES})
    monkeypatch.setattr("model.bundles.open_bundle", lambda spec: bundle(network()))
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    outcome = evaluate.run(parser.parse_args(["--protocol", "jsb16", "--data", str(path), "--split", "test"]))
    assert {"nll_per_token", "nll_per_step", "tokens"} <= outcome.figures.keys()
    assert "36 pitches" in outcome.text


def test_a_model_of_something_else_is_refused(tmp_path: Path):
    other = CONFIG.model_copy(update={"representation": "performance"})
    with pytest.raises(RequestError, match="needs a model of four voices"):
        evaluate_jsb16(bundle(network(), other), written(tmp_path, {"valid": CHORALES}))


def test_a_leap_that_no_class_names_is_refused_and_not_counted_as_impossible():
    leap = np.array([[72, 67, 60, 40], [72, 67, 60, 40 + WIDEST + 1]], dtype=np.int32)
    with pytest.raises(DataError, match="A voice of piece 1 leaps"):
        pitch_nats(network(), [leap])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "names no splits"),
        ("{}", "names no splits"),
        ({"valid": 3}, "no list of pieces"),
        ({"valid": [3]}, "Piece 1 of the split 'valid' is no list of sixteenths"),
        ({"valid": [[]]}, "is no list of sixteenths"),
        ({"valid": [CHORALES[0], [[72, 67, 60]]]}, "Piece 2 of the split 'valid' is no list of sixteenths"),
        ({"valid": [[[72, 67, 60, 48], [72]]]}, "unequal length"),
        ({"valid": [[[72, 67, 60, 128]]]}, "holds something that is no pitch"),
        ({"valid": [[[72, 67, 60, -2]]]}, "holds something that is no pitch"),
        ({"valid": [[[72, 67, 60, 48.5]]]}, "holds something that is no pitch"),
        ({"valid": [[["a", "b", "c", "d"]]]}, "holds something that is no pitch"),
        ({"valid": [[[True, True, True, True]]]}, "holds something that is no pitch"),
        ({"valid": [[[10**30, 1, 1, 1]]]}, "holds something that is no pitch"),
        ({"train": CHORALES}, "holds no piece of the split 'valid'. It has: 'train'"),
    ],
)
def test_a_file_of_another_form_is_refused_in_a_sentence(tmp_path: Path, content: object, sentence: str):
    with pytest.raises(DataError, match=sentence.replace(".", r"\.")):
        split_of(written(tmp_path, content), "valid")


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path):
    with pytest.raises(DataError, match="cannot be read"):
        read_jsb(tmp_path / "nowhere.json")


def test_every_split_is_read(tmp_path: Path):
    splits = read_jsb(written(tmp_path, {"train": CHORALES, "valid": CHORALES[:1]}))
    assert {name: [piece.shape for piece in pieces] for name, pieces in splits.items()} == {
        "train": [(5, 4), (4, 4)],
        "valid": [(5, 4)],
    }
    assert splits["valid"][0].dtype == np.int32

"""`python -m model data`, and data sets by name in `train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.__main__ import main
from model.corpora.catalogue import DATA_SETS, find_data
from model.corpora.corpus import encode_corpus
from model.network import NetworkConfig, NoteNetwork
from model.training.loop import Progress
from tests.model.corpora.test_catalogue import CHORALE


@pytest.fixture
def chorales(tmp_path: Path) -> Path:
    """A part of the JSB chorales: two to train on, one to validate."""
    path = tmp_path / "chorales.json"
    path.write_text(json.dumps({"train": [CHORALE * 3, CHORALE[::-1] * 3], "valid": [CHORALE[:8] * 4]}))
    return path


def test_the_list_names_every_data_set_with_its_licence_and_the_cache(tmp_path, capsys):
    assert main(["data", "list", "--cache", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert all(entry.title in text and entry.licence in text for entry in DATA_SETS.values())
    assert f"The cache is {tmp_path}." in text


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_data_set_is_told_about_for_people_and_programs(name, capsys):
    assert main(["data", "info", name]) == 0
    assert DATA_SETS[name].title in capsys.readouterr().out
    assert main(["data", "info", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sha256"] == DATA_SETS[name].sha256


def test_fetching_says_what_is_in_it(chorales, tmp_path, capsys):
    command = ["data", "fetch", "jsb", "--from", str(chorales), "--cache", str(tmp_path / "cache"), "--json"]
    assert main(command) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["files"], figures["styles"], figures["splits"]) == (
        3,
        {"bach-chorale": 3},
        {"train": 2, "validation": 1},
    )
    assert main(command[:-1]) == 0
    assert "3 MIDI files" in capsys.readouterr().out


def test_cleaning_throws_away_what_is_made_again_soon_and_keeps_the_rest(chorales, tmp_path, capsys):
    found = find_data("jsb", chorales, tmp_path)
    encode_corpus(found.paths, "performance", 1, tmp_path)
    assert main(["data", "clean", "--cache", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] > 1000
    assert not (tmp_path / "encoded").exists()
    assert found.paths[0].is_dir()
    assert main(["data", "clean", "--cache", str(tmp_path)]) == 0
    assert "0.0 MB" in capsys.readouterr().out


def test_without_a_name_the_command_says_what_to_write(capsys):
    assert main(["data", "info"]) == 1
    assert "python -m model data info NAME" in capsys.readouterr().err


def test_the_help_teaches(capsys):
    with pytest.raises(SystemExit):
        main(["data", "--help"])
    text = capsys.readouterr().out
    assert "python -m model data fetch music21:string-quartet" in text
    assert "CADENZA_CACHE" in text


def test_training_takes_a_data_set_by_name_and_keeps_its_licence(chorales, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("model.training.loop.train", one_epoch)
    named = ["--data", "jsb", "--from", str(chorales), "--cache", str(tmp_path / "cache")]
    assert main(["train", *named, "--out", str(tmp_path / "out"), "--preset", "tiny"]) == 0
    assert "2 pieces to train on, 1 held out" in capsys.readouterr().err
    card = json.loads((tmp_path / "out/card.json").read_text())
    assert card["licence"] == DATA_SETS["jsb"].licence
    assert DATA_SETS["jsb"].title in card["data"]


def one_epoch(config: NetworkConfig, *rest: Any) -> Progress:
    """What training would be: an untrained network is the best one of its only epoch."""
    progress = Progress(1, 1.0, 1, [{"epoch": 1, "val_nats": 1.0, "val_nats_per_event": 1.0}])
    on_best = next(one for one in rest if callable(one))
    on_best(NoteNetwork(config), progress)
    return progress

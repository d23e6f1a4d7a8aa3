"""`python -m model train`: its options are the settings of a run, and a wrong value gets a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.__main__ import main
from model.bundles import open_bundle
from model.bundles.store import write_folder
from model.midi import write_midi
from model.representation import Performance
from model.training.settings import TrainingSettings
from tests.model.made_pieces import scales


def test_every_setting_of_a_run_is_an_option_that_says_what_it_is_for(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name, field in TrainingSettings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in said
        assert f"{field.description} (default: {field.default})" in said


@pytest.mark.parametrize(
    ("option", "value"),
    [("--epochs", "0"), ("--window", "1"), ("--learning-rate", "-1"), ("--transpose", "12"), ("--random-seed", "-5")],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_option(option, value, tmp_path, capsys):
    assert main(["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), option, value]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{option}: ")
    assert not (tmp_path / "out").exists()


def test_an_unknown_preset_is_refused_with_those_that_are_known(tmp_path, capsys):
    assert main(["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--preset", "huge"]) == 1
    assert "cadenza, small, tiny" in capsys.readouterr().err


def test_an_out_that_is_a_file_is_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    assert main(["train", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    assert "Nothing can be written to the folder" in capsys.readouterr().err


def test_a_backend_that_is_not_installed_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--backend", "jax"]) == 1
    assert capsys.readouterr().err == "jax is not installed here: install it, or choose another --backend.\n"


def test_ctrl_c_ends_a_command_without_a_traceback(capsys, monkeypatch):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("model.bundles.BundleStore.names", interrupted)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_run_leaves_a_bundle_with_a_replay_sample_one_object_on_standard_output_and_says_what_is_missing(
    tmp_path, capsys
):
    # Given three pieces and a folder without a checkpoint
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    for index, steps in enumerate(scales(3, 40)):
        (data / f"{index}.mid").write_bytes(write_midi(Performance().decode(steps)))
    # When a run that never was is to be resumed
    options = ["--preset", "tiny", "--epochs", "1", "--streams", "2", "--window", "16", "--resume", "--json"]
    assert main(["train", "--data", str(data), "--out", str(out), *options]) == 0
    # Then it begins, says so, and keeps the figures apart from the progress
    said = capsys.readouterr()
    assert "There is no checkpoint in" in said.err
    assert json.loads(said.out)["epochs"] == 1
    # And the bundle is whole, and carries a sample of the music for whoever fits it to other music
    assert open_bundle(str(out)).replay_sample().train.pieces


def test_a_run_can_begin_with_the_weights_of_a_bundle(tmp_path, capsys, run):
    # Given a trained bundle, and a rate too small to move a weight
    data, base, out = tmp_path / "data", tmp_path / "base", tmp_path / "out"
    data.mkdir()
    write_folder(base, run.files)
    for index, steps in enumerate(scales(3, 40)):
        (data / f"{index}.mid").write_bytes(write_midi(Performance().decode(steps)))
    options = ["--epochs", "1", "--streams", "2", "--window", "16", "--learning-rate", "1e-12", "--average", "0"]
    # When training goes on from there
    assert main(["train", "--data", str(data), "--out", str(out), "--base", str(base), *options]) == 0
    # Then the new bundle has those weights and sizes
    before, after = open_bundle(str(base)), open_bundle(str(out))
    assert after.config == before.config
    for one, other in zip(before.weights, after.weights, strict=True):
        np.testing.assert_allclose(one.astype(float), other.astype(float), atol=1e-3)
    # And a bundle that is not there is named
    assert main(["train", "--data", str(data), "--out", str(out), "--base", "nobody"]) == 1
    assert "no model called 'nobody'" in capsys.readouterr().err

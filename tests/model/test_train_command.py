"""`python -m model train`: its options are the settings of a run, and a wrong value gets a sentence."""

from __future__ import annotations

import pytest

from model.__main__ import main
from model.training.settings import TrainingSettings


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

"""A training of the classic kind as members ask for it: curve, verdict, examples; stopped, killed and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.bundles import open_bundle
from model.classic.tuning import tune_classic
from model.errors import RequestError
from model.network import PRESETS
from model.training.finetuning import evaluation, process
from model.training.finetuning.process import FILE, Order
from model.training.finetuning.settings import CardText, TuningProgress, TuningSettings
from tests.model.classic.test_classic_workflow import tune

ABOUT = CardText(title="Tunes", licence="CC0", data="four tunes", command="/train start")


@pytest.fixture(scope="module")
def songs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for step in range(1, 5):
        (folder / f"{step}.mid").write_bytes(tune(step, 60))
    return folder


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    """A network of a few weights, and a verdict on two pieces."""
    small = {"units": 8, "head_units": 4, "layers": 1, "window": 8}
    monkeypatch.setitem(PRESETS, "classic", PRESETS["classic"].model_copy(update=small))
    monkeypatch.setattr(evaluation, "COMPOSED", 2)


def train(songs, folder, said, settings, should_stop=lambda: False):
    return tune_classic("classic", songs, folder, settings, ABOUT, said.append, should_stop)


def test_a_training_ends_with_a_bundle_a_curve_a_verdict_and_something_to_hear(songs, tmp_path):
    # Given a data set of four tunes, when a classic preset is trained on it for two epochs
    said: list[TuningProgress] = []
    verdict = train(songs, tmp_path, said, TuningSettings(epochs=2))
    # Then the bundle is of the classic kind, and the verdict is about it
    bundle = open_bundle(str(tmp_path))
    assert bundle.is_classic
    assert verdict.version == bundle.version
    assert (verdict.epochs, verdict.train_pieces + verdict.held_out_pieces) == (2, 4)
    assert "By how often each note occurs alone" in verdict.sentences[-1]
    assert verdict.originality.pieces == 2
    assert bundle.originality() is not None
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert all((tmp_path / name).exists() for name in verdict.listening)
    # And the reports went through the stages, never back
    assert [stage for stage in ("preparing", "training", "judging") if any(one.stage == stage for one in said)] == [
        "preparing", "training", "judging",
    ]  # fmt: skip
    assert [one.fraction for one in said] == sorted(one.fraction for one in said)
    # When it is asked for again, then it answers from what is there; and goes on when more is asked for
    assert train(songs, tmp_path, said, TuningSettings(epochs=2)) == verdict
    assert train(songs, tmp_path, said, TuningSettings(epochs=2, more=1)).epochs == 4


def test_a_stop_before_the_first_epoch_is_said(songs, tmp_path):
    with pytest.raises(RequestError, match="stopped before its first epoch"):
        train(songs, tmp_path, [], TuningSettings(epochs=2), should_stop=lambda: True)


def test_minutes_end_it_after_a_whole_epoch(songs, tmp_path):
    verdict = train(songs, tmp_path, [], TuningSettings(minutes=1e-6))
    assert verdict.epochs == 1


def test_an_order_for_a_classic_preset_is_carried_out_by_the_classic_training(songs, tmp_path, monkeypatch):
    # Given an order as a worker writes it, for each preset
    monkeypatch.setitem(PRESETS, "gru", PRESETS["classic"].model_copy(update={"stack": "gru"}))
    order = Order(preset="gru", data=songs, settings=TuningSettings(epochs=1), about=ABOUT)
    (tmp_path / FILE).write_text(order.model_dump_json())
    # When the function of the child process gets it
    told: list[dict] = []
    said, _ = process.run({"folder": str(tmp_path), "is_background": False}, b"", told.append, lambda: False)
    # Then a bundle of that kind lies in the folder, and its verdict is the answer
    assert said["verdict"]["epochs"] == 1
    assert open_bundle(str(tmp_path)).config.stack == "gru"
    assert told[-1]["stage"] == "judging"


def test_an_order_that_cannot_be_carried_out_is_answered_in_a_sentence(tmp_path):
    (tmp_path / "nothing").mkdir()
    (tmp_path / FILE).write_text(Order(preset="classic", data=tmp_path / "nothing").model_dump_json())
    said, _ = process.run({"folder": str(tmp_path), "is_background": False}, b"", print, lambda: False)
    assert "There is no MIDI file" in said["error"]

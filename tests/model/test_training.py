"""Training: the loss falls, a stopped run goes on where it ended, and the best weights are never lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from model.corpora.corpus import Encoded
from model.errors import ModelError
from model.network import PRESETS, NetworkConfig, NoteNetwork
from model.piece import NOTE, Piece, table
from model.representation import representation_of
from model.training import checkpoint, loop
from model.training.likelihood import Likelihood, LikelihoodMeter, nats
from model.training.loop import Progress, train, with_more_styles
from model.training.settings import TrainingSettings
from tests.model.conftest import Run
from tests.model.made_pieces import scales

SMALLEST = NetworkConfig(embedding=4, units=6, layers=1, head_units=4)
QUICK = TrainingSettings(epochs=2, streams=1, window=4, transpose=0, warmup_steps=1, patience=99)


class Best:
    """Remembers every network that was the best so far, as training hands it over."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.weights: list[np.ndarray] = []

    def __call__(self, network: NoteNetwork, progress: Progress) -> None:
        self.epochs.append(progress.epoch)
        self.weights = network.get_weights()


@pytest.fixture
def data() -> Encoded:
    return Encoded(train=scales(1, 10), validation=scales(1, 10, seed=1), refused={})


def script(monkeypatch: pytest.MonkeyPatch, *figures: float) -> None:
    """Let validation find these nats per note, one after another."""
    costs = iter(figures)
    played = SimpleNamespace(nats=lambda *_: Likelihood(next(costs) * 30, 30, {"shift": 1.0}))
    monkeypatch.setattr(loop, "LikelihoodMeter", lambda *_: played)


def test_the_loss_falls_on_music_it_learns_and_on_music_it_does_not(run: Run):
    first, last = run.progress.history[0], run.progress.history[-1]
    assert last["nats"] < first["nats"]
    assert last["val_nats"] < first["val_nats"] < 17  # log of all classes together: 5.5 + 4.9 + 3.5 + 5.6 is 19.5
    assert run.progress.best == last["val_nats"]


def test_each_epoch_notes_its_figures_for_every_field(run: Run):
    fields = {"shift", "pitch", "velocity", "duration"}
    assert [entry["epoch"] for entry in run.progress.history] == [1, 2]
    for entry in run.progress.history:
        assert {"nats", *fields, "val_nats", "val_nats_per_event", "val_residual"} <= entry.keys()
        parts = sum(entry[f"val_{name}"] for name in (*fields, "residual"))
        assert parts == pytest.approx(entry["val_nats"], rel=1e-5)
    json.dumps(run.progress.history)


def test_a_resumed_run_goes_on_at_the_next_epoch_until_nothing_improves(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Given the checkpoint of two epochs, and a third better than both, and then worse ones
    shutil.copy(run.folder / checkpoint.FILE, tmp_path / checkpoint.FILE)
    with np.load(run.folder / checkpoint.FILE) as stored:
        updates_per_epoch = int(stored["optimizer_0"]) // 2
    script(monkeypatch, run.progress.best - 0.1, run.progress.best, run.progress.best + 1)
    # When the run is to have nine, and to stop after two that bring nothing
    best = Best()
    settings = run.settings.model_copy(update={"epochs": 9, "patience": 2})
    progress = train(PRESETS["tiny"], settings, run.data, tmp_path, best, resume=True)
    # Then it starts from the weights, the optimiser's state and the history of the second
    assert [entry["epoch"] for entry in progress.history] == [1, 2, 3, 4, 5]
    assert progress.history[:2] == run.progress.history
    assert progress.history[2]["nats"] < run.progress.history[1]["nats"] + 0.5
    with np.load(tmp_path / checkpoint.FILE) as stored:
        assert int(stored["optimizer_0"]) == 5 * updates_per_epoch
    # And the network of the third is the one that was kept
    assert best.epochs == [3]
    assert (progress.best_epoch, progress.best) == (3, pytest.approx(run.progress.best - 0.1))


def test_a_run_that_is_complete_is_not_trained_further(run: Run, tmp_path: Path):
    shutil.copy(run.folder / checkpoint.FILE, tmp_path / checkpoint.FILE)
    best = Best()
    progress = train(PRESETS["tiny"], run.settings, run.data, tmp_path, best, resume=True)
    assert vars(progress) == vars(run.progress)
    assert best.epochs == []


def test_ctrl_c_keeps_the_best_weights_and_a_checkpoint(
    data: Encoded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    # Given Ctrl-C just after the second epoch of nine, which was worse than the first
    script(monkeypatch, 4.0, 4.5)
    save, best = checkpoint.save, Best()

    def save_and_be_stopped(folder: Path, network: NoteNetwork, optimizer: object, progress: dict) -> None:
        save(folder, network, optimizer, progress)
        if progress["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save", save_and_be_stopped)
    # When it trains
    progress = train(SMALLEST, QUICK.model_copy(update={"epochs": 9}), data, tmp_path, best)
    # Then it ends without an error, says which weights are the best, and can be resumed
    assert (progress.epoch, progress.best_epoch) == (2, 1)
    assert best.epochs == [1]
    assert "those after epoch 1" in capsys.readouterr().err
    assert checkpoint.exists(tmp_path)


def test_a_checkpoint_of_another_network_is_refused_in_a_sentence(run: Run):
    with pytest.raises(ModelError, match="made with other settings"):
        train(SMALLEST, QUICK, run.data, run.folder, Best(), resume=True)


def test_a_checkpoint_with_more_layers_is_refused_as_well(run: Run):
    config = PRESETS["tiny"].model_copy(update={"layers": 2})
    with pytest.raises(ModelError, match="made with other settings"):
        train(config, QUICK, run.data, run.folder, Best(), resume=True)


def test_validation_leaves_the_network_as_it_was(network: NoteNetwork):
    before = network.get_weights()
    nats(network, scales(2, 30))
    for weight, other in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_a_run_killed_in_an_epoch_goes_on_with_its_rest_from_the_checkpoint_of_minutes(
    data: Encoded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Given an epoch of four updates that is killed in the third, with a checkpoint after each
    script(monkeypatch, 5.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.5)
    settings = QUICK.model_copy(update={"epochs": 1, "epoch_updates": 4, "checkpoint_minutes": 1e-9, "average": 0.0})
    save = checkpoint.save

    def save_and_be_killed(folder: Path, network: NoteNetwork, optimizer: object, progress: dict) -> None:
        if progress["batches"] == 3:
            raise SystemExit
        save(folder, network, optimizer, progress)

    with monkeypatch.context() as killing:
        killing.setattr(checkpoint, "save", save_and_be_killed)
        with pytest.raises(SystemExit):
            train(SMALLEST, settings, data, tmp_path, Best())
    # When it is resumed
    progress = train(SMALLEST, settings, data, tmp_path, Best(), resume=True)
    # Then two updates are left, and the figures say after which share of the epoch they were taken
    assert [entry["epoch"] for entry in progress.history] == [0.25, 0.5, 0.75, 1.0, 1]
    assert (progress.epoch, progress.batches) == (1, 0)
    with np.load(tmp_path / checkpoint.FILE) as stored:
        assert int(stored["optimizer_0"]) == 4


def test_validation_on_some_notes_of_each_style_says_what_each_costs(data: Encoded, tmp_path: Path):
    # Given held-out pieces of two styles, one of them plentiful
    held_out = [*scales(9, 40, seed=1), *scales(1, 40, seed=2)]
    data = Encoded(data.train, held_out, {}, validation_styles=["waltz"] * 9 + ["rag"])
    # Then about as many notes of each are taken, and the whole is their mean
    assert {style: len(some) for style, some in loop.held_out_by_style(data, 60).items()} == {"rag": 1, "waltz": 2}
    settings = QUICK.model_copy(update={"epochs": 1, "validation_notes": 60})
    figures = train(SMALLEST, settings, data, tmp_path, Best()).history[-1]
    mean = (figures["val_nats_of_rag"] * 40 + figures["val_nats_of_waltz"] * 80) / 120
    assert figures["val_nats"] == pytest.approx(mean, rel=1e-5)


def test_weights_to_begin_with_are_measured_first_and_can_be_mixed_with_what_is_kept(data: Encoded, tmp_path: Path):
    # Given the same run twice, once with half of the first weights in those that are kept
    network = NoteNetwork(SMALLEST)
    first, before = network.get_weights(), nats(network, data.validation).nats_per_note
    settings = QUICK.model_copy(update={"epochs": 1, "average": 0.0, "learning_rate": 0.1})
    found = {}
    for share in (0.0, 0.5):
        best = Best()
        changed = settings.model_copy(update={"base_share": share})
        progress = train(SMALLEST, changed, data, tmp_path / str(share), best, weights=first)
        found[share] = best.weights
        # Then they are measured before the first update
        assert [entry["epoch"] for entry in progress.history] == [0, 1]
        assert progress.history[0]["val_nats"] == pytest.approx(before, rel=1e-4)
    # And what is kept lies half way, and training itself went on as without
    for old, plain, mixed in zip(first, found[0.0], found[0.5], strict=True):
        np.testing.assert_allclose(mixed, (old + plain) / 2, rtol=1e-4, atol=1e-5)
    assert any(np.abs(old - plain).max() > 0.01 for old, plain in zip(first, found[0.0], strict=True))
    with np.load(tmp_path / "0.0" / checkpoint.FILE) as one, np.load(tmp_path / "0.5" / checkpoint.FILE) as other:
        np.testing.assert_allclose(one["weight_0"], other["weight_0"], rtol=1e-4, atol=1e-5)


def test_a_network_with_room_for_more_styles_predicts_as_before_and_then_learns_them():
    # Given a network for scores that knows two styles
    config = NetworkConfig(representation="score", styles=("air", "pop"), embedding=4, units=6, layers=1, head_units=4)
    network, score = NoteNetwork(config), representation_of("score", ("air", "pop"))
    piece = Piece(notes=table(NOTE, [(500 * i, 400, 60 + i % 7, 80, 0) for i in range(40)]))
    steps = score.encode(piece)
    # When it is given room for a third
    wider, weights = with_more_styles(config, network.get_weights(), ("pop", "rock", "rock"))
    other = NoteNetwork(wider)
    other.set_weights(weights)
    # Then the old ones stand where they stood, and every figure is the same, with and without a style
    assert wider.styles == ("air", "pop", "rock")
    for styles in ([], ["pop"]):
        mine, its = (LikelihoodMeter(one, 1, 16).nats([steps], styles).nats_total for one in (network, other))
        assert mine == pytest.approx(its, rel=1e-6)
    # And the new one makes no difference before it was learnt
    assert LikelihoodMeter(other, 1, 16).nats([steps], ["rock"]).nats_total == pytest.approx(
        LikelihoodMeter(other, 1, 16).nats([steps]).nats_total, rel=1e-6
    )

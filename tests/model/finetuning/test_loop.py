"""The loop of fine-tuning: what it keeps, and that a kill changes nothing of what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.bundles import Bundle
from model.bundles.training_artifacts import ReplaySample
from model.corpora.corpus import Encoded
from model.errors import RequestError
from model.training.finetuning.data import Pieces
from model.training.finetuning.loop import TuningLoop
from model.training.finetuning.settings import (
    FEWEST_UPDATES,
    EpochFigures,
    TuningProgress,
    TuningSettings,
    chosen_epoch,
)
from tests.model.finetuning.conftest import walks

SETTINGS = TuningSettings(epochs=2, rate="strong", patience=9)


class KilledError(Exception):
    """Stands for a kill: nothing in the loop catches it."""


class Kept:
    """Remembers what was handed over as the best."""

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.weights: list[np.ndarray] = []

    def __call__(self, weights: list[np.ndarray], figures: list[EpochFigures]) -> None:
        self.epochs.append(figures[-1].epoch)
        self.weights = weights


def quiet(progress: TuningProgress) -> None:
    """Nobody listens."""


def after(updates: int, killed: bool = False):
    """What asks to stop, or is killed, before the update after so many."""
    asked = iter(range(10**6))

    def should_stop() -> bool:
        is_due = next(asked) >= updates
        if is_due and killed:
            raise KilledError
        return is_due

    return should_stop


@pytest.fixture
def pieces(replay_sample: ReplaySample) -> Pieces:
    return Pieces(Encoded(walks(6, 90), walks(3, 70, seed=1), {}), replay_sample)


@pytest.fixture
def whole(
    base: Bundle, pieces: Pieces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[TuningLoop, Kept, list[TuningProgress]]:
    """A run that nothing disturbed, what it kept, and a report of every update."""
    monkeypatch.setattr("model.training.finetuning.loop.REPORT_S", 0.0)
    fitting, kept, reports = TuningLoop(base.network(), pieces, SETTINGS, tmp_path / "whole", "same"), Kept(), []
    fitting.run(kept, reports.append, lambda: False)
    return fitting, kept, reports


def test_a_run_that_was_killed_comes_to_the_same_weights(whole, base: Bundle, pieces: Pieces, tmp_path: Path):
    # Given a kill in the middle of the second epoch
    folder = tmp_path / "killed"
    first = TuningLoop(base.network(), pieces, SETTINGS, folder, "same")
    with pytest.raises(KilledError):
        first.run(Kept(), quiet, after(FEWEST_UPDATES + 5, killed=True))
    # When it goes on
    again, kept = TuningLoop(base.network(), pieces, SETTINGS, folder, "same"), Kept()
    assert again.standing.epoch == 1
    again.run(kept, quiet, lambda: False)
    # Then every figure and every weight is that of the run that nothing disturbed
    undisturbed, best, reports = whole
    assert [one.val_nats for one in again.standing.figures] == [one.val_nats for one in undisturbed.standing.figures]
    for weight, other in zip(again.best, undisturbed.best, strict=True):
        np.testing.assert_array_equal(weight, other)
    assert best.epochs[-1] == kept.epochs[-1]
    # And it learnt, and measured before it did
    first, last = again.standing.figures[0], again.standing.figures[-1]
    assert (first.epoch, first.train_nats) == (0, None)
    assert last.val_nats < first.val_nats
    assert last.base_nats is not None
    # And its reports moved forward and carried the figures
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 0.9
    assert len(reports) >= 2 * FEWEST_UPDATES
    assert all(report.remaining_s is not None and report.val_nats is not None for report in reports)
    assert [one.epoch for one in reports[-1].history] == [0, 1, 2]
    assert TuningProgress.model_validate_json(reports[-1].model_dump_json()) == reports[-1]


def test_a_stop_is_heeded_after_the_update_under_way_and_what_is_training_piece_is_kept(base, pieces, tmp_path: Path):
    fitting, kept = TuningLoop(base.network(), pieces, SETTINGS, tmp_path, "same"), Kept()
    fitting.run(kept, quiet, after(7))
    assert fitting.standing.updates == 7
    assert [one.is_whole for one in fitting.standing.figures] == [True, False]
    assert kept.epochs == [1]
    assert fitting.standing.is_over
    # and asked again it has nothing left to do
    again = TuningLoop(base.network(), pieces, SETTINGS, tmp_path, "same")
    again.run(Kept(), quiet, lambda: False)
    assert again.standing.updates == 7
    # nor does it go on with what is another run
    with pytest.raises(RequestError, match="use another folder"):
        TuningLoop(base.network(), pieces, SETTINGS, tmp_path, "other")
    for weight, other in zip(again.best, fitting.best, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_minutes_end_it_and_a_stop_before_the_first_update_keeps_the_base(base, pieces, tmp_path: Path):
    short = SETTINGS.model_copy(update={"minutes": 1e-6})
    fitting, kept = TuningLoop(base.network(), pieces, short, tmp_path, "same"), Kept()
    fitting.run(kept, quiet, lambda: False)
    assert (fitting.standing.updates, kept.epochs) == (0, [])
    assert chosen_epoch(fitting.standing.figures).epoch == 0
    for weight, other in zip(fitting.best, base.weights, strict=True):
        np.testing.assert_array_equal(weight, other.astype(np.float32))


def figures(epoch: int, val_nats: float, base_nats: float | None) -> EpochFigures:
    return EpochFigures(epoch=epoch, val_nats=val_nats, base_nats=base_nats)


def test_the_best_epoch_is_the_one_that_learnt_most_of_those_that_did_not_forget():
    history = [figures(0, 10, 10), figures(1, 8, 10.1), figures(2, 7, 10.19), figures(3, 5, 10.3)]
    assert chosen_epoch(history).epoch == 2
    # where all forgot, a per cent lost weighs as much as a per cent gained
    assert chosen_epoch([figures(0, 10, 10), figures(1, 8, 10.3), figures(2, 7.5, 11), figures(3, 9, 10.25)]).epoch == 1
    # where that is not known, the one that learnt most
    assert chosen_epoch([figures(0, 10, None), figures(1, 8, None), figures(2, 7, None)]).epoch == 2
    assert chosen_epoch(history[:1]).epoch == 0

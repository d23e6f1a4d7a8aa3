"""Fine-tuning from a base: it learns the set, keeps the best, goes on after a kill, and says what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.bundles import Bundle
from model.tuning import TuningProgress, TuningSettings, Verdict, tune
from model.tuning.tuning import About

QUICK = TuningSettings(epochs=3, rate="strong")


class Killed(BaseException):
    """Stands for a kill: nothing in the code catches it."""


@pytest.fixture(scope="module")
def tuned(
    base: Bundle, songs: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Verdict, list[TuningProgress]]:
    """A whole run: its folder, its verdict and all it reported."""
    folder, reports = tmp_path_factory.mktemp("tuned"), []
    verdict = tune(base, songs, folder, QUICK, About(title="Walks", licence="CC0-1.0"), reports.append)
    return folder, verdict, reports


def test_it_learns_the_set_and_says_so(tuned):
    folder, verdict, _ = tuned
    assert verdict.val_after < verdict.val_before
    assert verdict.gain_percent > 5
    assert verdict.held_out_pieces >= 3
    assert any("better than the base" in sentence for sentence in verdict.sentences)
    assert Verdict.model_validate_json((folder / "verdict.json").read_bytes()) == verdict
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")

"""A tiny base with a replay sample, and a small set of other music as MIDI files; made once for all tests of tuning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.bundles import Bundle
from model.bundles.bundle import unpack, with_artifacts
from model.bundles.store import write_folder
from model.bundles.training_artifacts import ReplaySample, Sample
from model.midi import write_midi
from model.representation import Performance
from tests.model.conftest import Run


def walks(count: int, notes: int, seed: int = 0) -> list[np.ndarray]:
    """Music unlike `scales`: pieces of random walks downwards in thirds, slower and louder, raw steps each."""
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(count):
        steps = np.zeros((notes, 4), dtype=np.int32)
        steps[1:, 0] = 40
        steps[:, 1] = 50 + np.cumsum(rng.choice([-4, -3, 3, 4, 7], notes)) % 36
        steps[:, 2] = 24
        steps[:, 3] = 35
        pieces.append(steps)
    return pieces


@pytest.fixture(scope="session")
def replay_sample(run: Run) -> ReplaySample:
    """All that the tiny network was trained on, and what was held out."""
    return ReplaySample(
        Sample(run.data.train, run.data.train_styles), Sample(run.data.validation, run.data.validation_styles)
    )


@pytest.fixture(scope="session")
def base_folder(run: Run, replay_sample: ReplaySample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a base that carries its replay sample."""
    folder = tmp_path_factory.mktemp("base")
    write_folder(folder, with_artifacts(run.files, replay_sample=replay_sample))
    return folder


@pytest.fixture(scope="session")
def base(run: Run, replay_sample: ReplaySample) -> Bundle:
    """The base that lies in `base_folder`."""
    return unpack(with_artifacts(run.files, replay_sample=replay_sample), "tiny")


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with twelve pieces."""
    folder = tmp_path_factory.mktemp("songs")
    for number, steps in enumerate(walks(12, 90)):
        (folder / f"{number:02}.mid").write_bytes(write_midi(Performance().decode(steps)))
    return folder

"""A tiny network that was trained for a moment, as a bundle in a store; made once for all tests of `model`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from model.bundles import Bundle, BundleStore, Card, pack
from model.corpora.corpus import Encoded
from model.generation import Composer
from model.network import PRESETS, NoteNetwork
from model.training.loop import Progress, train
from model.training.settings import TrainingSettings
from tests.model.made_pieces import scales

SETTINGS = TrainingSettings(
    epochs=2, streams=4, window=32, transpose=2, learning_rate=1e-2, warmup_steps=2, patience=99, average=0.0
)
CARD = Card(title="Scales", description="Made for tests.", data="scales", licence="CC0-1.0")


@dataclass
class Run:
    """A training run: its settings, data and folder, where it ended, and the files of its best bundle."""

    settings: TrainingSettings
    data: Encoded
    folder: Path
    progress: Progress
    files: dict[str, bytes]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two epochs of the preset 'tiny' on scales."""
    data = Encoded(train=scales(12, 150), validation=scales(3, 120, seed=1), refused={})
    kept: dict[str, bytes] = {}

    def keep(network: NoteNetwork, progress: Progress) -> None:
        kept.update(pack(network, CARD, "tiny", progress.history))

    folder = tmp_path_factory.mktemp("run")
    progress = train(PRESETS["tiny"], SETTINGS, data, folder, keep)
    return Run(SETTINGS, data, folder, progress, kept)


@pytest.fixture(scope="session")
def store(run: Run, tmp_path_factory: pytest.TempPathFactory) -> BundleStore:
    """A store in which 'tiny' names the trained bundle; for reading."""
    store = BundleStore(tmp_path_factory.mktemp("store"))
    store.point("tiny", store.add("tiny", run.files))
    return store


@pytest.fixture(scope="session")
def bundle(store: BundleStore) -> Bundle:
    """The trained bundle."""
    return store.load("tiny")


@pytest.fixture(scope="session")
def network(bundle: Bundle) -> NoteNetwork:
    """The trained network; for reading."""
    return bundle.network()


@pytest.fixture(scope="session")
def composer(bundle: Bundle) -> Composer:
    """A composer with the trained bundle, compiled."""
    return Composer(bundle)

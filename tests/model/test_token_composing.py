"""Networks of one field train and compose through the same doors as all others."""

from __future__ import annotations

import numpy as np
import pytest

from model.bundles import Card, pack
from model.bundles.bundle import unpack
from model.corpora.corpus import Encoded
from model.generation import ComposeOptions, Composer
from model.network import PRESETS
from model.representation import Performance, representation_of
from model.training.loop import train
from model.training.settings import TrainingSettings
from tests.model.made_pieces import scales

CARD = Card(title="Scales", description="Made for tests.", data="scales", licence="CC0-1.0")
SETTINGS = TrainingSettings(epochs=1, streams=4, window=64, learning_rate=1e-2, warmup_steps=2, excerpts=1.0)


@pytest.mark.parametrize("name", ["events", "characters"])
def test_a_network_of_one_field_learns_and_composes_to_the_length_asked(name, tmp_path):
    # Given scales in that representation, and a network trained on them for a moment
    representation = representation_of(name)
    pieces = [representation.encode(Performance().decode(steps)) for steps in scales(6, 90)]
    files: dict[str, bytes] = {}
    config = PRESETS["tiny"].model_copy(update={"representation": name})
    progress = train(
        config,
        SETTINGS,
        Encoded(train=pieces[1:], validation=pieces[:1], refused={}),
        tmp_path,
        lambda network, progress: files.update(pack(network, CARD, name, progress.history)),
    )
    assert progress.best < np.log(representation.fields[0].size)
    # When its bundle composes, from nothing and after a seed
    composer = Composer(unpack(files, name))
    seed = Performance().decode(scales(1, 30)[0])
    for given in (None, seed):
        composition = composer.compose(given, ComposeOptions(length_s=8, random_seed=1))
        # Then there are notes, and the piece ends in time
        assert composition.composed_notes > 0
        assert composition.piece.end_s <= composition.seed_s + 8.5

"""Composers with tiny networks that have learnt nothing: what holds for them holds by rule."""

from __future__ import annotations

import keras
import pytest

from model.bundles import Bundle, BundleStore, Card, pack
from model.generation import Composer
from model.network import PRESETS, NoteNetwork

CARD = Card(title="Untaught", description="Made for tests.", data="none", licence="CC0-1.0")


def untaught(store: BundleStore, representation: str, styles: tuple[str, ...] = ()) -> Bundle:
    """A bundle whose network has learnt nothing."""
    keras.utils.set_random_seed(3)
    config = PRESETS["tiny"].model_copy(update={"representation": representation, "styles": styles})
    store.point(representation, store.add(representation, pack(NoteNetwork(config), CARD, representation, [])))
    return store.load(representation)


@pytest.fixture(scope="session")
def pianist(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    """A composer for expressive piano that knows two styles."""
    return Composer(untaught(BundleStore(tmp_path_factory.mktemp("pianist")), "performance", ("waltz", "etude")))


@pytest.fixture(scope="session")
def choir(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    """A composer for four voices."""
    return Composer(untaught(BundleStore(tmp_path_factory.mktemp("choir")), "voices"))

"""Bundles as a worker serves them: what they can be asked for, and a wish that becomes a piece; with tiny networks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from jobs import contract
from jobs.contract import ComposeRequest, ModelInfo
from model.bundles import BundleStore, Card, pack
from model.devices import Device
from model.network.config import PRESETS
from model.piece import NOTE, Piece, table
from tests.worker import seeds
from worker import mapping
from worker.model_cache import ModelCache
from worker.model_choice import choose
from worker.model_loader import BundleLoader, LoadedModel

CARD = Card(title="Untrained", description="Made for tests.", data="none", licence="CC0-1.0")
SLOTS = 4
SEEDS = {"free": seeds.performance(notes=40), "band": seeds.band()}
REPRESENTATIONS = {"free": "performance", "band": "score"}


def loader_of(store: Path, default: str) -> BundleLoader:
    return BundleLoader(str(store), default, Device("cpu"), SLOTS)


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory) -> BundleLoader:
    """Two bundles: one plays freely, one to a beat; 'free' is the default."""
    from model.network import NoteNetwork

    store: Path = tmp_path_factory.mktemp("store")
    for name, representation in REPRESENTATIONS.items():
        config = PRESETS["tiny"].model_copy(update={"representation": representation, "styles": ("waltz",)})
        bundles = BundleStore(store)
        bundles.point(name, bundles.add(name, pack(NoteNetwork(config), CARD, name, [])))
    return loader_of(store, "free")


@pytest.fixture(scope="module")
def players(loader: BundleLoader) -> dict[str, LoadedModel]:
    return {name: loader.load(loader.info(name, loader.versions()[name])) for name in REPRESENTATIONS}


def test_each_bundle_tells_what_it_can_be_asked_for(loader):
    told = {name: loader.info(name, version) for name, version in loader.versions().items()}
    assert {name: told[name].has_beat for name in REPRESENTATIONS} == {"free": False, "band": True}
    assert [info.name for info in told.values() if info.default] == ["free"]
    assert told["band"].styles == ("waltz",)
    assert "drums" in told["band"].instruments
    assert ModelInfo.model_validate_json(told["band"].model_dump_json()) == told["band"]


@pytest.mark.parametrize("name", REPRESENTATIONS)
@pytest.mark.parametrize("mode", ["continue", "vary", "accompany"])
def test_a_wish_becomes_a_piece_that_says_what_was_followed(players, name, mode):
    # Given a request with a wish, as a member's would reach the worker
    request = ComposeRequest(
        job_id="1", requester_id=1, channel_id=1, random_seed=3, mode=mode, key="em", style="Waltz", length_s=5.0
    )
    stages = []
    # When it is composed
    composed = players[name].compose(
        SEEDS[name], mapping.options(request), lambda stage, _: stages.append(stage), lambda: False
    )
    # Then the result says of each control that the piece has it, or why it has not
    followed, missed = mapping.followed(composed.controls), mapping.missed(composed.missed)
    assert {*followed.asked, *(one.control for one in missed)} - {"length"} == {"key", "style"}
    assert followed.key in (None, "E minor")
    assert all(one.reason.endswith(".") for one in missed)
    assert mapping.originality(composed.originality) is None
    assert set(stages) == {"priming", "composing"}
    assert composed.ended in (True, False)
    assert len(composed.piece) > 0
    assert np.all(composed.piece.notes["velocity"] > 0)


def test_a_bundle_of_the_classic_kind_is_a_model_like_others(tmp_path):
    from model.network import ClassicNetwork

    # Given a store with a classic bundle that knows three notes
    config = PRESETS["classic-small"].model_copy(update={"vocabulary": ("C4", "E4", "G4"), "window": 8})
    store = BundleStore(tmp_path)
    store.point("classic", store.add("classic", pack(ClassicNetwork(config), CARD, "classic", [])))
    loader = loader_of(tmp_path, "piano")
    info = next(model for model in ModelCache(loader, 1, 1).models if model.name == "classic")
    # When it continues a seed with a note that it does not know
    stages = []
    seed = Piece(notes=table(NOTE, [(0, 480, 60, 80, 0), (480, 480, 65, 80, 0)]), ticks_per_quarter=480)
    request = ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=3, tempo_bpm=90.0, length_s=5.0)
    composed = loader.load(info).compose(
        seed, mapping.options(request), lambda stage, fraction: stages.append(fraction), lambda: False
    )
    # Then the piece has the length that was asked for, after the nearest notes that the model knows, which is said
    assert info.is_classic
    assert info.modes == ("continue",)
    assert composed.piece.notes["pitch"][:2].tolist() == [60, 64]
    assert composed.seed_s == 1 / 2
    assert composed.piece.end_s == 5.5
    assert any("F4 by E4" in remark for remark in composed.remarks)
    assert "tempo_bpm" in {one.control for one in mapping.missed(composed.missed)}
    assert stages == sorted(stages)


def test_a_classic_model_composes_only_when_named_or_preferred():
    models = [
        ModelInfo(name="classic", version="1", title="Classic", is_classic=True),
        ModelInfo(name="piano", version="1", title="Piano", default=True),
    ]
    request = ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=3)
    assert choose(models, request, None).model.name == "piano"
    assert choose(models, request.model_copy(update={"model": "classic"}), None).model.name == "classic"
    assert choose(models, request.model_copy(update={"preferred": "classic"}), None).model.name == "classic"


def test_a_model_without_a_beat_says_that_a_tempo_is_left_to_it(players):
    request = ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=3, tempo_bpm=90.0, length_s=5.0)
    composed = players["free"].compose(None, mapping.options(request), lambda *_: None, lambda: False)
    assert "tempo_bpm" in {one.control for one in mapping.missed(composed.missed)}
    assert mapping.followed(composed.controls) == contract.Controls()


def test_a_store_tells_a_version_published_after_it_was_opened(tmp_path):
    from model.network import NoteNetwork

    loader, store = loader_of(tmp_path, "piano"), BundleStore(tmp_path)
    for _ in range(2):  # the weights are drawn anew each time
        version = store.add("piano", pack(NoteNetwork(PRESETS["tiny"]), CARD, "piano", []))
        store.point("piano", version)
        assert loader.versions()["piano"] == version
        assert loader.info("piano", version).version == version


def test_a_store_does_not_hide_the_shipped_models(tmp_path):
    from model.network import NoteNetwork

    # Given a store with a piano of its own and another model
    loader, store, shipped = loader_of(tmp_path, "piano"), BundleStore(tmp_path), BundleStore()
    for name in ("piano", "mine"):
        store.point(name, store.add(name, pack(NoteNetwork(PRESETS["tiny"]), CARD, name, [])))
    # When the worker looks what there is
    versions = loader.versions()
    # Then the shipped models are there, but for the one whose name the store has
    assert versions == {**shipped.versions(), **store.versions()}
    assert set(shipped.names()) < set(versions)
    assert loader.info("chorale", versions["chorale"]).title != CARD.title
    assert loader.info("piano", versions["piano"]).title == CARD.title
    # And a shipped version still loads for jobs that began with it
    before = shipped.current("piano")
    assert loader.info("piano", before).title == shipped.load("piano").card.title


def test_two_bundles_can_be_loaded_and_played_at_the_same_time(loader):
    def play(name: str) -> int:
        model = loader.load(loader.info(name, loader.versions()[name]))
        request = ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=3, length_s=5.0)
        composed = model.compose(None, mapping.options(request), lambda *_: None, lambda: False)
        assert model.memory_bytes > 0
        model.close()
        return len(composed.piece)

    with ThreadPoolExecutor(len(REPRESENTATIONS)) as threads:
        assert all(notes > 0 for notes in threads.map(play, REPRESENTATIONS))

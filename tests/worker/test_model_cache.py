"""Models are loaded when asked for, once for all who ask, and let go when others need the room; never in use."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from jobs.contract import ModelInfo
from model.errors import BundleError
from worker.model_cache import LeaseCancelled, ModelCache

PATIENCE_S = 20.0
MIB = 1 << 20


class Player:
    """A model that knows whether it was closed."""

    def __init__(self, info: ModelInfo, size: int) -> None:
        self.info = info
        self.memory_bytes = size
        self.closed = 0

    def compose(self, *_: object) -> None:
        raise AssertionError("nobody composes here")

    def close(self) -> None:
        self.closed += 1


class ModelLoader:
    """Three models of `sizes` bytes; a load of `slow` waits until `go`, a load of a version in `broken` fails."""

    def __init__(self, **sizes: int) -> None:
        self.sizes = {"piano": MIB, "duo": MIB, "trio": MIB, **sizes}
        self.loaded: list[str] = []
        self.players: list[Player] = []
        self.slow: set[str] = set()
        self.broken: set[str] = set()
        self.go = threading.Event()

    def versions(self) -> dict[str, str]:
        return dict.fromkeys(self.sizes, "1")

    def info(self, name: str, version: str) -> ModelInfo:
        return ModelInfo(name=name, version=version, title=name)

    def load(self, info: ModelInfo) -> Player:
        self.loaded.append(info.name)
        if info.name in self.slow:
            assert self.go.wait(PATIENCE_S)
        if info.version in self.broken:
            raise BundleError("The weights do not fit.")
        self.players.append(Player(info, self.sizes[info.name]))
        return self.players[-1]

    def device(self) -> str:
        return "cpu"

    def remarks(self) -> tuple[str, ...]:
        return ()

    @property
    def closed(self) -> list[str]:
        return [f"{player.info.name} {player.info.version}" for player in self.players for _ in range(player.closed)]


def cache_of(loader: ModelLoader, kept: int = 9, memory: int = 99 * MIB) -> ModelCache:
    return ModelCache(loader, kept, memory)


def play(cache: ModelCache, *names: str) -> None:
    for name in names:
        cache.warm_up(name)


def test_a_model_in_memory_is_not_loaded_again():
    loader = ModelLoader()
    cache = cache_of(loader)
    with cache.lease("piano") as first, cache.lease("piano") as second:
        assert first.model is second.model
    play(cache, "piano")
    assert loader.loaded == ["piano"]


def test_the_model_unused_longest_makes_room():
    loader = ModelLoader()
    play(cache_of(loader, kept=2), "piano", "duo", "piano", "trio", "piano", "duo")
    assert loader.loaded == ["piano", "duo", "trio", "duo"]
    assert loader.closed == ["duo 1", "trio 1"]


def test_models_make_room_when_they_take_up_too_much_memory():
    loader = ModelLoader(duo=2 * MIB)
    play(cache_of(loader, memory=3 * MIB), "piano", "duo", "trio")
    assert loader.closed == ["piano 1"]


def test_a_model_that_takes_up_too_much_by_itself_stays_until_another_is_used():
    loader = ModelLoader(duo=9 * MIB)
    cache = cache_of(loader, memory=3 * MIB)
    play(cache, "duo", "duo")
    assert loader.loaded == ["duo"]
    play(cache, "piano")
    assert loader.closed == ["duo 1"]


def test_a_model_in_use_is_let_go_only_when_its_last_job_has_ended():
    # Given two jobs that compose with one model
    loader = ModelLoader()
    cache = cache_of(loader, kept=1)
    with ExitStack() as jobs:
        jobs.enter_context(cache.lease("piano"))
        with cache.lease("piano"):
            # When another model takes its room, it stays
            play(cache, "duo")
            assert loader.closed == []
        play(cache, "duo")
        assert loader.closed == []
    # Then it goes with the last of them, once
    assert loader.closed == ["piano 1"]


def test_many_who_ask_for_a_missing_model_load_it_once():
    loader = ModelLoader()
    loader.slow = {"piano"}
    cache = cache_of(loader)

    def ask() -> object:
        with cache.lease("piano") as engaged:
            return engaged.model

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask) for _ in range(8)]
        loader.go.set()
        assert len({id(future.result(PATIENCE_S)) for future in asked}) == 1
    assert loader.loaded == ["piano"]


def test_a_model_that_loads_slowly_holds_up_nobody_who_wants_another():
    loader = ModelLoader()
    loader.slow = {"piano"}
    cache = cache_of(loader)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(play, cache, "piano")
        play(cache, "duo", "trio")  # would wait for ever
        assert not waiting.done()
        loader.go.set()
        waiting.result(PATIENCE_S)


def test_a_job_that_is_stopped_waits_no_longer_for_its_model():
    loader = ModelLoader()
    loader.slow = {"piano"}
    cache = cache_of(loader)
    with pytest.raises(LeaseCancelled), cache.lease("piano", lambda: True):
        raise AssertionError("it is not loaded")
    loader.go.set()
    play(cache, "piano")
    assert loader.loaded == ["piano"]


def test_a_model_that_fails_to_load_says_so_to_all_who_wait_and_is_tried_again():
    loader = ModelLoader()
    loader.slow, loader.broken = {"piano"}, {"1"}
    cache = cache_of(loader)
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(play, cache, "piano") for _ in range(2)]
        loader.go.set()
        for future in asked:
            with pytest.raises(BundleError, match="do not fit"):
                future.result(PATIENCE_S)
    loader.broken = set()
    play(cache, "piano")


def test_a_model_that_is_not_there_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(BundleError, match=r"no model called 'organ'\. These are here: duo, piano, trio"):
        play(cache_of(ModelLoader()), "organ")


def test_a_new_version_serves_new_jobs_while_those_under_way_keep_theirs():
    # Given a job that composes with version 1
    loader = ModelLoader()
    cache = cache_of(loader, kept=1)
    with cache.lease("piano") as old:
        # When version 2 takes its place
        cache.switch_version(loader.info("piano", "2"))
        # Then the next job gets that, and the first keeps what it has
        with cache.lease("piano") as new:
            assert (old.info.version, new.info.version) == ("1", "2")
            assert [info.version for info in cache.models if info.name == "piano"] == ["2"]
        assert loader.closed == []
    assert loader.closed == ["piano 1"]


def test_nobody_waits_for_a_new_version_and_the_old_one_stays_until_it_is_there():
    loader = ModelLoader()
    cache = cache_of(loader, kept=1)
    play(cache, "piano")
    loader.slow = {"piano"}
    with ThreadPoolExecutor(1) as threads:
        promoting = threads.submit(cache.switch_version, loader.info("piano", "2"))
        while len(loader.loaded) < 2:
            assert not promoting.done()
        with cache.lease("piano") as engaged:  # would wait for ever
            assert engaged.info.version == "1"
        assert loader.closed == []
        loader.go.set()
        promoting.result(PATIENCE_S)
    with cache.lease("piano") as engaged:
        assert engaged.info.version == "2"
    assert loader.closed == ["piano 1"]


def test_a_new_version_that_fails_to_load_changes_nothing():
    loader = ModelLoader()
    cache = cache_of(loader, kept=1)
    play(cache, "piano")
    loader.broken = {"2"}
    with pytest.raises(BundleError):
        cache.switch_version(loader.info("piano", "2"))
    with cache.lease("piano") as engaged:
        assert engaged.info.version == "1"
    assert (loader.loaded, loader.closed) == (["piano", "piano"], [])


def test_a_version_that_comes_back_while_a_job_still_uses_it_is_not_loaded_again():
    loader = ModelLoader()
    cache = cache_of(loader)
    with cache.lease("piano") as first:
        cache.switch_version(loader.info("piano", "2"))
        cache.switch_version(loader.info("piano", "1"))
        with cache.lease("piano") as again:
            assert again.model is first.model
    assert loader.closed == ["piano 2"]


def test_what_cannot_be_offered_is_left_out_and_the_log_says_why(caplog):
    class Damaged(ModelLoader):
        def info(self, name: str, version: str) -> ModelInfo:
            if name == "duo":
                raise BundleError("Bundle 'duo' is incomplete.")
            return super().info(name, version)

    assert [info.name for info in cache_of(Damaged()).models] == ["piano", "trio"]
    assert "the model duo is left out. Bundle 'duo' is incomplete." in caplog.text

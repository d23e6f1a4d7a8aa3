"""Models are loaded before anybody asks for them, while nobody composes and as far as there is room."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.worker.test_model_cache import MIB, PATIENCE_S, ModelLoader, cache_of, play
from worker.model_cache import Preloader


def test_models_that_nobody_asked_for_are_loaded_while_there_is_room_and_go_first_when_there_is_none():
    loader = ModelLoader()
    cache = cache_of(loader, kept=2)
    play(cache, "duo")
    assert cache.preload_next()
    assert not cache.preload_next()
    assert loader.loaded == ["duo", "piano"]
    play(cache, "trio")
    assert loader.closed == ["piano 1"]


def test_nothing_is_loaded_beforehand_that_would_take_up_too_much_memory():
    loader = ModelLoader(piano=3 * MIB)
    cache = cache_of(loader, memory=3 * MIB)
    assert cache.preload_next()
    assert not cache.preload_next()
    assert loader.loaded == ["piano"]


def test_a_model_too_big_for_the_room_is_tried_once_and_not_again_and_again():
    loader = ModelLoader(duo=9 * MIB)
    cache = cache_of(loader, memory=3 * MIB)
    play(cache, "piano")
    while cache.preload_next():
        assert len(loader.loaded) < 9
    assert loader.loaded == ["piano", "duo", "trio"]
    assert loader.closed == ["duo 1"]


def test_a_model_that_cannot_be_loaded_beforehand_is_passed_over_until_somebody_asks():
    loader = ModelLoader()
    cache = cache_of(loader)
    loader.broken = {"1"}
    while cache.preload_next():
        assert len(loader.loaded) < 9
    assert loader.loaded == ["piano", "duo", "trio"]
    loader.broken.clear()
    play(cache, "duo")
    assert loader.loaded[3:] == ["duo"]


def test_one_who_asks_for_a_model_that_is_being_loaded_beforehand_waits_for_that():
    loader = ModelLoader()
    loader.slow = {"piano"}
    cache = cache_of(loader)
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(cache.preload_next)
        while not loader.loaded:
            time.sleep(0.001)
        assert not cache.is_idle
        asked = pool.submit(cache.warm_up, "piano")
        loader.go.set()
        asked.result(PATIENCE_S)
        assert early.result(PATIENCE_S)
    assert loader.loaded == ["piano"]
    assert cache.is_idle


def test_a_preloader_waits_until_nobody_plays():
    loader = ModelLoader()
    cache = cache_of(loader)
    preloader = Preloader(cache, idle_s=0.05)
    with cache.lease("duo"):
        preloader.start()
        preloader.join(0.3)  # time enough for six models, were it idle
        assert loader.loaded == ["duo"]
    deadline = time.monotonic() + PATIENCE_S
    while len(loader.players) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    preloader.end()
    preloader.join(PATIENCE_S)
    assert loader.loaded == ["duo", "piano", "trio"]
    assert not preloader.is_alive()


def test_a_preloader_without_a_time_loads_nothing():
    loader = ModelLoader()
    preloader = Preloader(cache_of(loader), idle_s=0)
    preloader.start()
    preloader.join(PATIENCE_S)
    assert not preloader.is_alive()
    assert loader.loaded == []

"""Models are loaded before anybody asks for them, while nobody composes and as far as there is room."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.worker.test_repertoire import MIB, PATIENCE_S, Shelf, play, repertoire_of
from worker.preloading import Preloader


def test_models_that_nobody_asked_for_are_loaded_while_there_is_room_and_go_first_when_there_is_none():
    shelf = Shelf()
    repertoire = repertoire_of(shelf, kept=2)
    play(repertoire, "duo")
    assert repertoire.load_another()
    assert not repertoire.load_another()
    assert shelf.loaded == ["duo", "piano"]
    play(repertoire, "trio")
    assert shelf.closed == ["piano 1"]


def test_nothing_is_loaded_beforehand_that_would_take_up_too_much_memory():
    shelf = Shelf(piano=3 * MIB)
    repertoire = repertoire_of(shelf, memory=3 * MIB)
    assert repertoire.load_another()
    assert not repertoire.load_another()
    assert shelf.loaded == ["piano"]


def test_a_model_too_big_for_the_room_is_tried_once_and_not_again_and_again():
    shelf = Shelf(duo=9 * MIB)
    repertoire = repertoire_of(shelf, memory=3 * MIB)
    play(repertoire, "piano")
    while repertoire.load_another():
        assert len(shelf.loaded) < 9
    assert shelf.loaded == ["piano", "duo", "trio"]
    assert shelf.closed == ["duo 1"]


def test_a_model_that_cannot_be_loaded_beforehand_is_passed_over_until_somebody_asks():
    shelf = Shelf()
    repertoire = repertoire_of(shelf)
    shelf.broken = {"1"}
    while repertoire.load_another():
        assert len(shelf.loaded) < 9
    assert shelf.loaded == ["piano", "duo", "trio"]
    shelf.broken.clear()
    play(repertoire, "duo")
    assert shelf.loaded[3:] == ["duo"]


def test_one_who_asks_for_a_model_that_is_being_loaded_beforehand_waits_for_that():
    shelf = Shelf()
    shelf.slow = {"piano"}
    repertoire = repertoire_of(shelf)
    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(repertoire.load_another)
        while not shelf.loaded:
            time.sleep(0.001)
        assert not repertoire.is_idle
        asked = pool.submit(repertoire.warm_up, "piano")
        shelf.go.set()
        asked.result(PATIENCE_S)
        assert early.result(PATIENCE_S)
    assert shelf.loaded == ["piano"]
    assert repertoire.is_idle


def test_a_preloader_waits_until_nobody_plays():
    shelf = Shelf()
    repertoire = repertoire_of(shelf)
    preloader = Preloader(repertoire, idle_s=0.05)
    with repertoire.engage("duo"):
        preloader.start()
        preloader.join(0.3)  # time enough for six models, were it idle
        assert shelf.loaded == ["duo"]
    deadline = time.monotonic() + PATIENCE_S
    while len(shelf.players) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    preloader.end()
    preloader.join(PATIENCE_S)
    assert shelf.loaded == ["duo", "piano", "trio"]
    assert not preloader.is_alive()


def test_a_preloader_without_a_time_loads_nothing():
    shelf = Shelf()
    preloader = Preloader(repertoire_of(shelf), idle_s=0)
    preloader.start()
    preloader.join(PATIENCE_S)
    assert not preloader.is_alive()
    assert shelf.loaded == []

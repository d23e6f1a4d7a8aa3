"""The thread that loads models while nobody composes."""

from __future__ import annotations

import time

from tests.worker.test_repertoire import PATIENCE_S, Shelf, repertoire_of
from worker.preloading import Preloader


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

"""Models are loaded when asked for, and the one unused longest is let go."""

from __future__ import annotations

from tests.worker.play_worker import PlayShelf
from worker.repertoire import Repertoire


class CountingShelf(PlayShelf):
    def __init__(self) -> None:
        self.loaded: list[str] = []

    def musician(self, name):
        self.loaded.append(name)
        return super().musician(name)


def test_a_model_in_memory_is_not_loaded_again():
    shelf = CountingShelf()
    repertoire = Repertoire(shelf, kept=2)
    assert repertoire.musician("piano") is repertoire.musician("piano")
    assert shelf.loaded == ["piano"]


def test_the_model_unused_longest_makes_room():
    shelf = CountingShelf()
    repertoire = Repertoire(shelf, kept=2)
    for name in ("piano", "duo", "piano", "trio", "piano", "duo"):
        repertoire.musician(name)
    assert shelf.loaded == ["piano", "duo", "trio", "duo"]


def test_a_version_is_the_one_the_shelf_named():
    assert Repertoire(PlayShelf(), kept=1).version("duo") == "2"

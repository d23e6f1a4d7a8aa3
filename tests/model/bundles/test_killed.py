"""Killed at any moment: what a name means is the old version or the new one, and it loads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundles import BundleStore
from model.bundles.zip_format import write_zip
from model.errors import BundleError
from tests.model.bundles.made import bundle, npz

CHANGING = ("pipe_file", "mv", "cp_file", "rm_file", "rm", "makedirs")
# of one array each: a store compares hashes, and whether weights fit a network is not its business
FILES = [bundle(seed, weights__npz=npz({"000": np.full(4, seed, np.float16)})) for seed in range(4)]
WHOLE = write_zip(bundle(9))


class KilledError(BaseException):
    """What stands for a kill: nothing catches it."""


class Mortal:
    """A file system whose user is killed at its change number `moment`, before it or in the middle of it."""

    def __init__(self, files: fsspec.AbstractFileSystem, moment: int, halfway: bool, is_disk: bool) -> None:
        self._files, self._left, self._halfway, self._is_disk = files, moment, halfway, is_disk
        self.was_killed = False

    def __getattr__(self, name: str) -> object:
        found = getattr(self._files, name)
        return self._guarded(name, found) if name in CHANGING else found

    def _guarded(self, name: str, change: Callable) -> Callable:
        def guard(*arguments: object, **options: object) -> object:
            if self._left == 0:
                self.was_killed = True
                if self._halfway:
                    self._half(name, *arguments)
                raise KilledError
            self._left -= 1
            return change(*arguments, **options)

        return guard

    def _half(self, name: str, path: str, *others: object) -> None:
        """What is there when a change was begun and not ended; moves of a disk and removals of a file have no half."""
        if name == "pipe_file":
            data = others[0]
            self._files.pipe_file(path, data[: len(data) // 2])
        elif name == "cp_file":
            data = self._files.cat_file(path)
            self._files.pipe_file(others[0], data[: len(data) // 2])
        elif name == "mv" and not self._is_disk:
            self._files.cp_file(path, others[0])  # elsewhere a move is a copy and a removal
        elif name == "rm":
            found = sorted(self._files.find(path))
            if found:
                self._files.rm_file(found[0])


def prepared(url: str) -> tuple[BundleStore, list[str]]:
    """'mine' with three versions, pointing at the second, the first in its past; 'theirs' with one."""
    MemoryFileSystem.store.clear()  # it looks through all it ever had for every question
    MemoryFileSystem.pseudo_dirs[:] = [""]
    store = BundleStore(url)
    versions = [store.add("mine", files) for files in FILES[:3]]
    store.point("mine", versions[0])
    store.point("mine", versions[1])
    store.point("theirs", store.add("theirs", FILES[0]))
    return store, versions


Change = Callable[[BundleStore, list[str]], object]
CHANGES: dict[str, tuple[Change, set[str | None]]] = {  # and what 'mine' may mean after it, by number of the version
    "point": (lambda store, v: store.point("mine", v[2]), {1, 2}),
    "rollback": (lambda store, v: store.rollback("mine"), {1, 0}),
    "rename": (lambda store, v: store.rename("mine", "ours"), {1, None}),
    "delete": (lambda store, v: store.delete("mine"), {1, None}),
    "delete one": (lambda store, v: store.delete("mine", v[2]), {1}),
    "delete current": (lambda store, v: store.delete("mine", v[1], even_current=True), {1, 0}),
    "import": (lambda store, v: store.import_(WHOLE, "mine"), {1}),
    "import new": (lambda store, v: store.import_(WHOLE, "new"), {1}),
    "add": (lambda store, v: store.add("mine", FILES[3]), {1}),
}


ENDING = ("rename", "delete", "delete one", "delete current")  # what is gone cannot go again


def is_sound(store: BundleStore) -> None:
    """Whatever a name points at, and whatever counts as a version, loads; the past can be read."""
    for name in store.names():
        assert store.load(name).version == store.current(name)
    for name in store.all_names():
        for version in store.complete_versions(name):
            assert store.load(name, version).version == version
        assert {entry.version for entry in store.history(name)} <= set(store.complete_versions(name))
        assert store.history(name)[-1:] == [] or store.history(name)[-1].version != store.versions().get(name)
        store.info(name)


@pytest.mark.parametrize(("kind", "halfway"), [("disk", True), ("memory", True), ("memory", False)])
@pytest.mark.parametrize("change", CHANGES)
def test_whoever_is_killed_leaves_what_was_or_what_is_to_be(tmp_path: Path, kind: str, halfway: bool, change: str):
    act, means = CHANGES[change]
    for moment in range(60):
        url = str(tmp_path / str(moment)) if kind == "disk" else f"memory://{uuid4().hex}/store"
        store, versions = prepared(url)
        mortal = Mortal(store._files, moment, halfway, kind == "disk")
        store._files = mortal
        with contextlib.suppress(KilledError):
            act(store, versions)
        after = BundleStore(url)
        is_sound(after)
        meant = after.versions().get("mine")
        assert meant in {None if one is None else versions[one] for one in means}
        assert after.versions()["theirs"] == after.complete_versions("theirs")[0]
        if change == "rename":
            assert versions[1] in (after.versions().get("mine"), after.versions().get("ours"))
        if not mortal.was_killed:
            assert moment > 0
            return
        again(after, act, versions, change)
    pytest.fail("it changes more than sixty files")


def again(store: BundleStore, act: Change, versions: list[str], change: str) -> None:
    """Done again, the change comes to its end, or is refused because it had come to it."""
    with contextlib.suppress(BundleError) if change in ENDING else contextlib.nullcontext():
        act(store, versions)
    is_sound(store)
    if change == "rename":
        assert (store.versions()["ours"], store.all_names()) == (versions[1], ["ours", "theirs"])
        assert [one.version for one in store.history("ours")] == [versions[0]]
    if change == "delete":
        assert store.all_names() == ["theirs"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["point", "rollback"]), st.integers(0, 2), st.integers(0, 6)), max_size=8))
def test_a_pointer_that_is_moved_and_killed_again_and_again_stays_sound(moves: list[tuple[str, int, int]]):
    url = f"memory://{uuid4().hex}/store"
    _, versions = prepared(url)
    for what, number, moment in moves:
        store = BundleStore(url)
        before = store.current("mine")
        history = [one.version for one in store.history("mine")]
        store._files = Mortal(store._files, moment, bool(moment % 2), False)
        aim = versions[number] if what == "point" else next(v for v in reversed(history) if v != before)
        with contextlib.suppress(KilledError):
            store.point("mine", aim) if what == "point" else store.rollback("mine")
        after = BundleStore(url)
        is_sound(after)
        now = after.current("mine")
        assert now in (before, aim)
        assert [one.version for one in after.history("mine")] == (history if now == before else [*history, before])


@given(st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_name_leads_out_of_the_store(name: str):
    store, _ = prepared(f"memory://{uuid4().hex}/store")
    before = store._files.find("/")
    for use in (
        lambda: store.load(name),
        lambda: store.delete(name),
        lambda: store.info(name),
        lambda: store.rename(name, "new"),
        lambda: store.history(name),
    ):
        with pytest.raises(BundleError):
            use()
    assert store._files.find("/") == before

"""Several threads and processes at one set, and a process that is killed at any moment."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model.errors import DataError
from model.uploads import DataSetStore
from model.uploads.files import DataSetFiles
from tests.model.uploads.tunes import tune


class KilledError(BaseException):
    """What stands for a kill: nothing catches it."""


def is_sound(store: DataSetStore) -> None:
    """Every set can be read, every piece in it is there and whole, and no piece is there twice."""
    files = DataSetFiles(store.folder)
    for info in store.infos():
        hashes = [piece.sha256 for piece in info.pieces]
        assert len(set(hashes)) == len(hashes)
        for piece in info.pieces:
            assert hashlib.sha256(files.bytes_of(piece)).hexdigest() == piece.sha256


def test_eight_threads_add_to_one_set(store):
    # Given eight batches of which every two share half of their tunes
    batches = [[(f"{seed}.mid", tune(seed)) for seed in range(4 * n, 4 * n + 8)] for n in range(8)]
    # When they are added at once
    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(lambda files: store.add("waltzes", files, "message"), batches))
    # Then each tune is in the set once, and every file has been told of
    assert sum(len(report.accepted) for report in reports) == 36 == len(store.info("waltzes").pieces)
    assert all(len(report.accepted) + len(report.duplicates) == 8 for report in reports)
    assert {path.suffix for path in (store.folder / "pieces").iterdir()} == {".mid"}
    is_sound(store)


def test_processes_and_threads_change_sets_at_once(store):
    code = (
        "import sys\n"
        "from model.uploads import DataSetStore\n"
        "from tests.model.uploads.tunes import tune\n"
        "store = DataSetStore(sys.argv[1])\n"
        "for seed in range(6):\n"
        "    store.add('waltzes', [(f'{seed}.mid', tune(seed))], 'message')\n"
        "    if seed % 3 == 2: store.remove('waltzes', [f'{seed}'])\n"
    )
    root = Path(__file__).parents[3]
    other = subprocess.Popen([sys.executable, "-c", code, str(store.folder)], cwd=root)
    for seed in range(100, 108):
        store.add("waltzes", [(f"{seed}.mid", tune(seed))], "message")
        store.create(f"set{seed}", "cc0")
        store.add_from(f"set{seed}", "waltzes")
        store.delete(f"set{seed}")
    assert other.wait(timeout=60) == 0
    assert len(store.info("waltzes").pieces) == 12
    is_sound(store)


def test_a_set_that_is_deleted_while_files_are_read_is_told(store):
    files = [(f"{seed}.mid", tune(seed)) for seed in range(5)]
    with pytest.raises(DataError, match="was deleted in the meantime"):
        store.add("waltzes", files, "message", on_progress=lambda done, _: done == 1 and store.delete("waltzes"))
    assert list((store.folder / "pieces").iterdir()) == []


CHANGES: dict[str, Callable[[DataSetStore], object]] = {
    "create": lambda store: store.create("new", "cc0"),
    "add": lambda store: store.add("waltzes", [("c.mid", tune(3)), ("d.mid", tune(4))], "message"),
    "add_from": lambda store: store.add_from("waltzes", "polkas"),
    "remove": lambda store: store.remove("waltzes", ["1"]),
    "delete": lambda store: store.delete("polkas"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_is_killed_leaves_every_set_whole(tmp_path, monkeypatch, change):
    """Killed before the first, the second, ... the last change of a file: the sets are as before or as after."""
    for moment in range(40):
        store = DataSetStore(tmp_path / str(moment))
        store.create("waltzes", "own-work")
        store.create("polkas", "cc-by")
        store.add("waltzes", [("a.mid", tune(1))], "message")
        store.add("polkas", [("b.mid", tune(2)), ("a.mid", tune(1))], "message")
        before = {info.name: [piece.sha256 for piece in info.pieces] for info in store.infos()}
        with monkeypatch.context() as patch:
            was_killed = killing(patch, moment)
            with contextlib.suppress(KilledError):
                CHANGES[change](store)
        after = DataSetStore(store.folder)
        is_sound(after)
        now = {info.name: [piece.sha256 for piece in info.pieces] for info in after.infos()}
        changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
        assert changed <= {"new", "waltzes", "polkas"}
        assert len(changed) <= 1
        # and the next change goes on as if nothing had been, and sweeps up
        after.add("waltzes", [("z.mid", tune(9))], "message")
        after.remove("waltzes", ["z"])
        named = {f"{piece.sha256}.mid" for info in after.infos() for piece in info.pieces}
        assert {path.name for path in (store.folder / "pieces").iterdir()} == named
        if not was_killed():
            assert moment > 1
            return
    pytest.fail("it changes more than forty files")


def killing(patch: pytest.MonkeyPatch, moment: int) -> Callable[[], bool]:
    """Lets the change of a file numbered `moment`, and all after it, not come about."""
    count = 0

    def guarded(change: Callable) -> Callable:
        def guard(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count > moment:
                raise KilledError
            return change(*arguments, **options)

        return guard

    patch.setattr("os.replace", guarded(__import__("os").replace))
    patch.setattr("os.fsync", guarded(__import__("os").fsync))
    patch.setattr(Path, "unlink", guarded(Path.unlink))
    return lambda: count > moment

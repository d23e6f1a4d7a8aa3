"""A hundred archives that mean harm or are broken: each is refused with its reason, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from model.uploads import DataSetStore
from model.uploads.info import DataSetLimits
from model.uploads.ingest import UploadBatch
from tests.model.midi.midi_bytes import NOTE, file
from tests.model.uploads.conftest import tree
from tests.model.uploads.hostile import ENTRY, GOOD, MIB, WHOLE, archive
from tests.model.uploads.tunes import tune
from tests.model.uploads.zips import Part

MOST_MEMORY = 48 * MIB  # beside the archive itself
BOMBS = {name: WHOLE[name][0] for name in ("100 MiB of zeros", "zeros in forty files", "a size of 4 GiB")} | {
    name: ENTRY[name][0] for name in ("bombs of a small size", "three MiB of zeros")
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_archive_is_refused_as_a_whole(store: DataSetStore, tmp_path: Path, name: str):
    make, sentence = WHOLE[name]
    before = tree(tmp_path)
    report = store.add("waltzes", [("more.zip", make())], "attachment")
    assert report.accepted == ()
    assert len(report.refused) == 1
    assert re.search(sentence, report.refused[0].sentence)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ENTRY)
def test_an_entry_is_refused_and_the_rest_is_taken(store: DataSetStore, tmp_path: Path, name: str):
    make, sentence = ENTRY[name]
    before = tree(tmp_path)
    report = store.add("waltzes", [("more.zip", make())], "attachment")
    assert report.accepted == ()
    assert report.refused
    assert all(re.search(sentence, one.sentence) for one in report.refused), report.refused
    assert tree(tmp_path) == before


def test_a_name_that_cannot_be_read_costs_no_other_entry(store: DataSetStore):
    # Given an archive with a name that is said to be UTF-8 and is not, and one in Shift-JIS, as old Windows packs it
    data = archive(
        Part(b"\xe9tude.mid", tune(11), flags=0x800),
        Part("さくらさくら.mid".encode("cp932"), tune(12)),
        Part(b"three.mid", tune(13)),
    )
    report = store.add("waltzes", [("a.zip", data)], "attachment")
    # Then all are in, and the names are what they were
    assert report.refused == ()
    assert [piece.name for piece in report.accepted][1:] == ["さくらさくら", "three"]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [((), "The archive is empty."), ((Part(b"__MACOSX/._a.mid", b"x"),), "The archive has no MIDI files.")],
)
def test_an_archive_without_music_says_so(store: DataSetStore, parts: tuple[Part, ...], sentence: str):
    report = store.add("waltzes", [("more.zip", archive(*parts))], "attachment")
    assert [(one.name, one.sentence) for one in report.refused] == [("more.zip", sentence)]


def test_each_reason_is_told_with_the_files_it_is_true_of(store: DataSetStore):
    # Given three damaged files, two of them damaged in the same way
    damaged = file("00 40 40" + NOTE)
    files = [("a.mid", damaged), ("b.mid", file(NOTE, "00 40 40" + NOTE)), ("c.mid", damaged + b" ")]
    report = store.add("waltzes", files, "attachment")
    assert [(count, "track 1" in sentence) for count, sentence in report.reasons()] == [(2, True), (1, False)]


def test_every_reason_costs_its_entry_alone(store: DataSetStore, tmp_path: Path):
    # Given an archive of two good tunes with entries that are refused between them
    parts = [Part(b"../x.mid", GOOD), Part(b"y.mid", GOOD, flags=1), Part(b"z.mid", GOOD, crc=3), Part(b"n.txt", b"n")]
    data = archive(Part(b"one.mid", tune(11)), *parts, Part(b"two.mid", tune(12)))
    # When it is added together with a file that is none
    report = store.add("waltzes", [("a.zip", data), ("b.mid", b"no")], "attachment")
    # Then both tunes are in, every other has its reason, and nothing lies outside the folder
    assert [piece.name for piece in report.accepted] == ["one", "two"]
    assert len(report.refused) == 5
    assert {path.split("/")[0] for path in tree(tmp_path)} == {"owners"}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory_and_time(name: str):
    data = BOMBS[name]()
    tracemalloc.start()
    start = time.monotonic()
    try:
        for file in UploadBatch([("a.zip", data)], DataSetLimits()):
            assert file.refused
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 5


def test_a_process_that_adds_bombs_stays_small(tmp_path: Path):
    """All bombs of this page in one process that has half a GiB of address space beyond what it starts with."""
    code = (
        "import pathlib, resource, sys\n"
        "from model.uploads import DataSetStore\n"
        "has = int(pathlib.Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (has + (512 << 20),) * 2)\n"
        "store = DataSetStore(sys.argv[1]); store.create('a', 'cc0')\n"
        "files = [(p.name, p.read_bytes()) for p in sorted(pathlib.Path(sys.argv[2]).iterdir())]\n"
        "report = store.add('a', files, 'attachment')\n"
        "assert not report.accepted and len(report.refused) >= len(files), report\n"
        "print(next(x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')))\n"
    )
    bombs = tmp_path / "bombs"
    bombs.mkdir()
    for number, make in enumerate(BOMBS.values()):
        (bombs / f"{number}.zip").write_bytes(make())
    command = [sys.executable, "-c", code, str(tmp_path / "store"), str(bombs)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 300 * 1024  # KiB

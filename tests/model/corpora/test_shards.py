"""Shards: found again by the next run, finished after a kill, rebuilt where they are damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.corpora import corpus
from model.corpora.corpus import encode_corpus, encode_files, read_shard, read_shards, write_shards
from model.corpora.sources import read_sources
from model.errors import DataError
from model.midi import write_midi
from model.representation import Performance
from tests.model.corpora.test_sources import as_folder, as_tar, as_zip
from tests.model.made_pieces import steps_of

PIECES = [steps_of(np.random.default_rng(seed), 60) for seed in range(40)]
FILES = {f"{style}/{index:02}.mid": write_midi(Performance().decode(steps)) for index, steps in enumerate(PIECES)
         for style in [("bach", "chopin")[index % 2]]}  # fmt: skip
ENCODE = """
import sys, time
from pathlib import Path
from model.corpora import corpus
slowly, write = corpus.write_whole, corpus.write_whole
def write(path, data):
    slowly(path, data)
    print(path.name, flush=True)
    time.sleep(1.0 if path.suffix == ".json" else 0.0)
corpus.write_whole = write
corpus.FILES_IN_A_SHARD = 8
from model.corpora.corpus import encode_files
encode_files(Path(sys.argv[1]), "performance", 1, Path(sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return as_folder(tmp_path, {**FILES, "bach/broken.mid": b"no music"})


def the_shards(cache: Path) -> Path:
    (found,) = (cache / "encoded").iterdir()
    return found


@pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
def test_a_second_run_reads_the_shards_and_nothing_else(tmp_path, pack, monkeypatch):
    path = pack(tmp_path, FILES)
    first = encode_corpus(path, "performance", 1, tmp_path / "cache")
    monkeypatch.setattr(corpus, "write_shards", pytest.fail)
    monkeypatch.setattr(corpus, "read_sources", pytest.fail)
    second = encode_corpus(path, "performance", 1, tmp_path / "cache")
    assert first.train_styles == second.train_styles
    assert set(first.train_styles) == {"bach", "chopin"}
    for one, other in zip(first.train + first.validation, second.train + second.validation, strict=True):
        np.testing.assert_array_equal(one, other)
        assert isinstance(other.base, np.memmap) or isinstance(other, np.memmap)


def test_shards_hold_every_piece_its_style_and_why_a_file_was_left_out(folder, tmp_path):
    found = encode_files(folder, "performance", 1, tmp_path / "cache")
    assert {file.name: file.style for file in found.files} == {name: name.split("/")[0] for name in FILES}
    assert list(found.refused) == ["bach/broken.mid"]
    pieces = dict(zip(FILES, PIECES, strict=True))
    for file in found.files:
        np.testing.assert_array_equal(file.steps, pieces[file.name])


def test_a_changed_file_or_another_representation_makes_other_shards(folder, tmp_path):
    cache = tmp_path / "cache"
    encode_files(folder, "performance", 1, cache)
    encode_files(folder, "performance", 1, cache)
    assert len(list((cache / "encoded").iterdir())) == 1
    encode_files(folder, "events", 1, cache)
    (folder / "bach/00.mid").write_bytes(FILES["chopin/01.mid"])
    assert len(encode_files(folder, "performance", 1, cache).files) == 40
    assert len(list((cache / "encoded").iterdir())) == 3


def test_code_that_encodes_otherwise_makes_other_shards(monkeypatch):
    names = []
    for code in ("one", "another"):
        monkeypatch.setattr(corpus, "_code_digest", lambda code=code: code)
        names.append(corpus.shards_name("data", "performance"))
    assert names[0] != names[1]


@pytest.mark.parametrize("suffix", ["npy", "json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "empty"])
def test_a_damaged_shard_is_noticed_and_made_again(folder, tmp_path, monkeypatch, damage, suffix):
    monkeypatch.setattr(corpus, "FILES_IN_A_SHARD", 8)
    whole = encode_files(folder, "performance", 1, tmp_path / "cache")
    path = the_shards(tmp_path / "cache") / f"0002.{suffix}"
    data = path.read_bytes()
    path.unlink()
    damaged = {"cut": data[: len(data) // 2], "flipped": data[:-70] + bytes([data[-70] ^ 1]) + data[-69:], "empty": b""}
    if damage in damaged:
        path.write_bytes(damaged[damage])
    again = encode_files(folder, "performance", 1, tmp_path / "cache")
    assert path.read_bytes() == data
    for one, other in zip(whole.files, again.files, strict=True):
        np.testing.assert_array_equal(one.steps, other.steps)


def test_a_run_that_was_killed_goes_on_with_the_shards_it_had(folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    run = subprocess.Popen([sys.executable, "-c", ENCODE, str(folder), str(cache)], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    while run.stdout.readline().strip() != "0001.json":
        assert run.poll() is None
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    monkeypatch.setattr(corpus, "FILES_IN_A_SHARD", 8)
    made = the_shards(cache)
    assert read_shards(made) is None
    kept = {number: (made / f"{number:04}.json").stat().st_mtime_ns for number in (0, 1)}
    assert len(encode_files(folder, "performance", 1, cache).files) == 40
    assert {number: (made / f"{number:04}.json").stat().st_mtime_ns for number in (0, 1)} == kept


def test_processes_write_what_one_writes(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "FILES_IN_A_SHARD", 16)  # of this process, which cuts the slices
    sources = read_sources(folder)
    for processes in (1, 2):
        write_shards(tmp_path / f"{processes}", sources, "performance", processes)
    for number in range(3):
        alone, together = (read_shard(tmp_path / name, number) for name in ("1", "2"))
        assert alone is not None
        assert together is not None
        assert alone.entries == together.entries
        np.testing.assert_array_equal(alone.steps, together.steps)


def test_a_data_set_of_broken_files_is_refused_with_the_reason(tmp_path):
    for _ in range(2):  # the second time from the shards
        with pytest.raises(DataError, match=r"can be used; 2 files: "):
            encode_files(as_folder(tmp_path, {"a.mid": b"no", "b.mid": b"music"}), "performance", 1, tmp_path / "cache")


def test_a_cache_that_cannot_be_made_is_told_in_a_sentence(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"--cache or CADENZA_CACHE"):
        encode_files(folder, "performance", 1, tmp_path / "file" / "cache")


def test_several_data_sets_are_one_corpus(folder, tmp_path):
    other = as_zip(tmp_path, {"waltz/a.mid": FILES["bach/00.mid"]})
    found = encode_files([folder, other], "performance", 1, tmp_path / "cache")
    assert len(found.files) == 41

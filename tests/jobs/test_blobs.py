"""Files lie in the store that CADENZA_FILES names; Redis knows only their names, sizes and when they expire."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobs import JobClient, keys
from jobs.blobs import ORPHAN_AGE_S, BlobStore, FileSweeper
from jobs.contract import BlobRef
from jobs.errors import BlobGone, BlobTooBig, FileStoreUnavailable, QueueUnreachable
from jobs.settings import JobSettings


@pytest.fixture(params=["folder", "memory"])
def url(request, tmp_path) -> str:
    return str(tmp_path / "files") if request.param == "folder" else f"memory://{tmp_path.name}"


@pytest.fixture
def store(valkey, url) -> BlobStore:
    return BlobStore(valkey.client, JobSettings(files=url))


@pytest.fixture
def folder(valkey, tmp_path) -> tuple[BlobStore, Path]:
    return BlobStore(valkey.client, JobSettings(files=str(tmp_path / "files"))), tmp_path / "files"


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def expire(valkey, ref: BlobRef) -> None:
    """Let the life of `ref` be over."""
    valkey.client.zadd(keys.FILES, {ref.digest: time.time() - 1})


async def test_a_file_comes_back_as_it_went_in(job_client):
    data = bytes(range(256)) * 1000
    ref = await job_client.put_blob(data, "ä.mid", "audio/midi")
    assert (ref.size, ref.name, ref.content_type) == (256_000, "ä.mid", "audio/midi")
    assert await job_client.get_blob(ref) == data


def test_bot_and_worker_share_what_the_store_holds(valkey, url):
    ref = BlobStore(valkey.client, JobSettings(files=url)).put(b"seed", "a.mid", "audio/midi")
    assert BlobStore(valkey.client, JobSettings(files=url)).get(ref) == b"seed"


def test_nobody_else_on_the_machine_reads_members_files(folder):
    store, place = folder
    store.put(b"mine", "a", "audio/midi")
    assert place.stat().st_mode & 0o077 == 0


def test_the_bytes_of_files_are_not_in_redis(store, valkey):
    data = os.urandom(100_000)
    store.put(data, "a.mid", "audio/midi")
    found = valkey.client.keys("*")
    assert sum(valkey.client.memory_usage(key) for key in found) < 2_000
    assert valkey.client.keys("cadenza:blob:*") == []


def test_the_same_bytes_are_kept_once(folder):
    store, place = folder
    refs = [store.put(b"same", name, "audio/midi") for name in ("a", "b")]
    assert refs[0].digest == refs[1].digest == hashlib.sha256(b"same").hexdigest()
    assert [path.read_bytes() for path in files_in(place)] == [b"same"]


def test_reading_putting_and_asking_for_a_file_renew_its_life(store, valkey):
    ref = store.put(b"old", "a", "audio/midi")
    for use in (store.get, store.renew, lambda ref: store.put(b"old", ref.name, "audio/midi")):
        valkey.client.zadd(keys.FILES, {ref.digest: time.time() + 5})
        use(ref)
        assert valkey.client.zscore(keys.FILES, ref.digest) > time.time() + 1000


@pytest.mark.parametrize("use", ["get", "renew"])
def test_a_file_that_is_gone_is_named(store, use):
    with pytest.raises(BlobGone, match=r"mine\.mid"):
        getattr(store, use)(BlobRef(digest="f" * 64, size=1, name="mine.mid"))


@pytest.mark.parametrize("use", ["get", "renew"])
def test_a_file_whose_life_is_over_is_gone_even_before_it_is_swept(store, valkey, use):
    ref = store.put(b"old", "mine.mid", "audio/midi")
    expire(valkey, ref)
    with pytest.raises(BlobGone):
        getattr(store, use)(ref)


def test_a_file_over_the_limit_is_refused(valkey):
    store = BlobStore(valkey.client, JobSettings(blob_limit_bytes=3 * 2**20))
    with pytest.raises(BlobTooBig) as error:
        store.put(b"x" * (3 * 2**20 + 1), "big.mid", "audio/midi")
    assert "3 MiB" in error.value.sentence


def test_a_sweep_deletes_what_expired_and_nothing_else(folder, valkey):
    # Given two files, one of which has expired
    store, place = folder
    old, new = (store.put(data, "a", "audio/midi") for data in (b"old", b"new"))
    expire(valkey, old)
    # When a worker sweeps
    assert store.sweep() == 1
    # Then one file is left, and the index knows one
    assert [path.read_bytes() for path in files_in(place)] == [b"new"]
    assert store.get(new) == b"new"
    assert valkey.client.hkeys(keys.FILE_ENTRIES) == [new.digest.encode()]
    assert int(valkey.client.get(keys.FILE_BYTES)) == 3


def test_a_file_kept_again_while_it_is_swept_survives(folder, valkey):
    # Given an expired file that the index has just let go of, and that is put again before its bytes are deleted
    store, _ = folder
    ref = store.put(b"wanted", "a", "audio/midi")
    expire(valkey, ref)
    deleting = store._delete

    def put_meanwhile(objects):
        again.append(BlobStore(valkey.client, store._settings).put(b"wanted", "a", "audio/midi"))
        deleting(objects)

    again: list[BlobRef] = []
    store._delete = put_meanwhile
    # When the sweep goes on
    store.sweep()
    store._delete = deleting
    # Then the file is there
    assert again
    assert store.get(again[0]) == b"wanted"


def test_many_threads_that_put_read_and_sweep_lose_nothing(folder, valkey):
    store, _ = folder

    def work(number: int) -> int:
        own, found = BlobStore(valkey.client, store._settings), 0
        for turn in range(30):
            data = f"{turn % 5}".encode()
            found += own.get(own.put(data, "a", "audio/midi")) == data
            if turn % 3 == number % 3:
                own.sweep()
        return found

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(work, range(6))) == [30] * 6


def test_beyond_the_limit_of_all_files_the_oldest_go(valkey, tmp_path):
    # Given room for one megabyte
    store = BlobStore(valkey.client, JobSettings(files=str(tmp_path), files_limit_mib=1))
    refs = []
    # When a fourth of it is kept six times
    for number in range(6):
        refs.append(store.put(bytes([number]) * 2**18, f"{number}.mid", "audio/midi"))
        valkey.client.zincrby(keys.FILES, number - 10, refs[-1].digest)  # kept some seconds one after another
    # Then the four that were kept last are there
    assert [store.get(ref)[0] for ref in refs[2:]] == [2, 3, 4, 5]
    for ref in refs[:2]:
        with pytest.raises(BlobGone):
            store.get(ref)
    assert sum(path.stat().st_size for path in files_in(tmp_path)) == 2**20


def test_what_a_dead_process_left_is_swept_after_a_day_and_not_before(folder):
    store, place = folder
    ref = store.put(b"kept", "a", "audio/midi")
    left, fresh = (place / "ab" / name for name in ("left", "fresh"))
    left.parent.mkdir(parents=True, exist_ok=True)
    for path in (left, fresh):
        path.write_bytes(b"half a fi")
    for path in (left, *files_in(place / ref.digest[:2])):
        before = time.time() - ORPHAN_AGE_S - 60
        os.utime(path, (before, before))
    store.sweep()
    assert (left.exists(), fresh.exists()) == (False, True)
    assert store.get(ref) == b"kept"


def test_a_file_that_an_earlier_version_kept_in_redis_is_read_and_moves_to_the_store(store, valkey):
    # Given a file as an earlier version kept it
    data, digest = b"a seed of last week", hashlib.sha256(b"a seed of last week").hexdigest()
    valkey.client.set(f"cadenza:blob:{digest}", data, ex=1000)
    ref = BlobRef(digest=digest, size=len(data), name="old.mid")
    # When it is used
    store.renew(ref)
    # Then it is in the store, and no longer in Redis
    assert valkey.client.get(f"cadenza:blob:{digest}") is None
    assert store.get(ref) == data


def test_a_damaged_file_is_not_handed_out(folder):
    store, place = folder
    ref = store.put(b"whole", "mine.mid", "audio/midi")
    files_in(place)[0].write_bytes(b"whol")
    with pytest.raises(BlobGone, match=r"mine\.mid"):
        store.get(ref)


def test_a_file_that_vanished_from_the_store_can_be_kept_again(folder, caplog):
    store, place = folder
    ref = store.put(b"data", "mine.mid", "audio/midi")
    files_in(place)[0].unlink()
    with pytest.raises(BlobGone):
        store.get(ref)
    assert "bot and workers must share CADENZA_FILES" in caplog.text
    assert store.get(store.put(b"data", "mine.mid", "audio/midi")) == b"data"


def test_a_store_that_cannot_be_written_has_its_sentence_and_leaves_nothing(valkey, tmp_path):
    (tmp_path / "files").write_text("no folder")
    store = BlobStore(valkey.client, JobSettings(files=str(tmp_path / "files")))
    with pytest.raises(FileStoreUnavailable, match="Try again in a minute"):
        store.put(b"data", "a", "audio/midi")
    assert valkey.client.keys("cadenza:files*") == []


async def test_whoever_waits_for_a_redis_that_is_away_waits_for_the_store_too(valkey, tmp_path):
    board = JobClient(JobSettings(files=str(tmp_path / "files")))
    ref = await board.put_blob(b"piece", "a.mid", "audio/midi")
    # Given a store that cannot be read for a while
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    (tmp_path / "files").write_text("no folder")
    with pytest.raises(QueueUnreachable, match="Files can't be stored or read"):
        await board.get_blob(ref)
    # When it is back, then the file is there
    (tmp_path / "files").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "files")
    assert await board.get_blob(ref) == b"piece"
    await board.close()


def test_the_sweeper_sweeps_at_its_start_and_ends_when_asked(folder, valkey):
    store, place = folder
    expire(valkey, store.put(b"old", "a", "audio/midi"))
    sweeper = FileSweeper(valkey.client, store._settings)
    sweeper.end()
    sweeper.start()
    sweeper.join(10)
    assert not sweeper.is_alive()
    assert files_in(place) == []


def test_of_several_workers_one_sweeps(folder, valkey):
    store, place = folder
    FileSweeper(valkey.client, store._settings).sweep()
    expire(valkey, store.put(b"old", "a", "audio/midi"))
    FileSweeper(valkey.client, store._settings).sweep()
    assert len(files_in(place)) == 1


@pytest.mark.parametrize("url", ["nowhere://bucket", "s4://x/y"])
def test_a_store_of_an_unknown_kind_is_refused_by_the_settings(url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("CADENZA_FILES", url)
    with pytest.raises(ValueError, match="CADENZA_FILES must be a folder or a URL"):
        JobSettings()

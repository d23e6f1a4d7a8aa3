"""What is backed up comes back in a fresh Valkey: records, progress, files and library, and open jobs go on."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from jobs import keys
from jobs.backup import backup, restore
from jobs.blobs import BlobStore
from jobs.contract import ComposeProgress, Failure, Stage, Update, WorkerInfo
from jobs.errors import BackupError
from jobs.queues import JobQueue, queue_config
from jobs.records import RecordStore
from jobs.recovery import Recovery
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def there(valkey, tmp_path) -> JobSettings:
    """A system that is in use."""
    return JobSettings(redis_url=valkey.url, files=str(tmp_path / "files"), adrift_limit_s=0.001)


@pytest.fixture
def here(mortal_valkey, tmp_path) -> JobSettings:
    """A fresh one."""
    return JobSettings(redis_url=mortal_valkey.server.url, files=str(tmp_path / "other"), adrift_limit_s=0.001)


def test_everything_comes_back_in_a_fresh_server(valkey, there, mortal_valkey, here, tmp_path, ask):
    # Given a job that is done, one that waits, a file, a live worker, and a library
    records = RecordStore(valkey.client, there)
    (done, delivery), (waiting, other) = ask(), ask(user=8)
    records.admit(done, delivery)
    records.advance(
        done.job_id, Update(stage=Stage.COMPOSING, fraction=0.5, music=ComposeProgress(done=1.0, whole=8.0, unit="s"))
    )
    records.settle(done.job_id, Update(stage=Stage.FAILED, failure=Failure(code="silent", sentence="Nothing came.")))
    records.admit(waiting, other)
    ref = BlobStore(valkey.client, there).put(b"\x00MThd\xff", "a.mid", "audio/midi")
    WorkerRegistry(valkey.client, there).publish(WorkerInfo(name="w", hostname="h", pid=1, started_at=0.0))
    library = tmp_path / "library"
    (library / "owners" / "1").mkdir(parents=True)
    (library / "owners" / "1" / "set.json").write_text("{}")
    # When it is backed up, and restored in a fresh server
    made = backup(tmp_path / "all.tar", there, library)
    assert restore(tmp_path / "all.tar", here, tmp_path / "new") == made
    # Then the records are the same, to the last field and update
    client = mortal_valkey.server.client
    again = RecordStore(client, here)
    for job_id in (done.job_id, waiting.job_id):
        assert again.get(job_id) == records.get(job_id)
        assert client.xrange(keys.progress(job_id)) == valkey.client.xrange(keys.progress(job_id))
        assert abs(client.pttl(keys.record(job_id)) - valkey.client.pttl(keys.record(job_id))) < 60_000
    assert again.open_ids("compose") == [waiting.job_id]
    assert [record.job_id for record in again.undelivered()] == [done.job_id, waiting.job_id]
    # And the file and the library
    assert BlobStore(client, here).get(ref) == b"\x00MThd\xff"
    assert (tmp_path / "new" / "owners" / "1" / "set.json").read_text() == "{}"
    # And no worker counts as alive that is not there
    assert WorkerRegistry(client, here).workers() == []
    # And the job that waited is put back into its queue
    recovery, queue = Recovery(client, here), JobQueue(client, here, queue_config("compose", here))
    deadline = time.monotonic() + 20
    while queue.order() != [waiting.job_id] and time.monotonic() < deadline:
        recovery.run()
    assert queue.order() == [waiting.job_id]


def test_what_expired_since_stays_gone(valkey, there, mortal_valkey, here, tmp_path):
    valkey.client.set("cadenza:short", "x", px=60_000)
    valkey.client.set("cadenza:long", "y")
    backup(tmp_path / "all.tar", there, tmp_path / "none")
    later = time.time() + 61
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.backup.time.time", lambda: later)
        restore(tmp_path / "all.tar", here, tmp_path / "new")
    assert mortal_valkey.server.client.keys("cadenza:*") == [b"cadenza:long"]


def test_nothing_that_is_there_is_overwritten(valkey, there, mortal_valkey, here, tmp_path):
    library, full = tmp_path / "library", tmp_path / "full"
    full.mkdir()
    (full / "x").touch()
    backup(tmp_path / "all.tar", there, library)
    with pytest.raises(BackupError, match="There is a file at"):
        backup(tmp_path / "all.tar", there, library)
    with pytest.raises(BackupError, match="is not empty"):
        restore(tmp_path / "all.tar", here, full)
    mortal_valkey.server.client.set("cadenza:x", "1")
    with pytest.raises(BackupError, match="holds keys of Cadenza already"):
        restore(tmp_path / "all.tar", here, library)


def _archive(path: Path, name: str) -> None:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo(name))


def test_what_is_no_backup_or_only_a_part_of_one_is_refused(valkey, there, here, tmp_path):
    (tmp_path / "text").write_text("no archive")
    _archive(tmp_path / "other.tar", "something")
    backup(tmp_path / "all.tar", there, tmp_path / "library")
    (tmp_path / "half.tar").write_bytes((tmp_path / "all.tar").read_bytes()[:600])
    for name in ("text", "other.tar", "half.tar", "missing"):
        with pytest.raises(BackupError) as refused:
            restore(tmp_path / name, here, tmp_path / "new")
        assert str(tmp_path / name) in refused.value.sentence
    assert not (tmp_path / "new").exists()


def test_a_path_that_leads_out_of_its_folder_is_refused(valkey, there, here, tmp_path):
    backup(tmp_path / "all.tar", there, tmp_path / "library")
    with tarfile.open(tmp_path / "all.tar", "a") as archive:
        archive.addfile(tarfile.TarInfo("library/../../escaped"))
    with pytest.raises(BackupError, match="leads out of its folder"):
        restore(tmp_path / "all.tar", here, tmp_path / "deep" / "new")
    assert not (tmp_path / "escaped").exists()


def test_the_command_backs_up_into_a_file_that_only_its_owner_reads(valkey, tmp_path):
    valkey.client.set("cadenza:x", "1")
    target = tmp_path / "all.tar"
    command = [sys.executable, "-m", "jobs", "backup", str(target), "--library", str(tmp_path / "library")]
    environment = {**os.environ, "CADENZA_FILES": str(tmp_path / "files")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Backed up to {target}: 1 keys, 0 files of members, 0 files of the library.\n"
    assert target.stat().st_mode & 0o777 == 0o600
    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (1, "")
    assert "name another" in again.stderr

"""`python -m worker` itself: a tiny real network, the real renderers, a real seed."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pretty_midi

from jobs import JobSettings, keys
from jobs.blobs import BlobStore
from model.midi import write_midi
from model.piece import NOTE, Piece, table
from tests.worker.processes import WorkerProcess, follow_to_the_end, until


async def test_a_seed_goes_in_and_three_files_come_out(
    tiny_store, start_worker, job_client, ask, monkeypatch, tmp_path
):
    # Given `python -m worker` over a tiny bundle
    monkeypatch.setenv("CADENZA_STORE", tiny_store)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = WorkerProcess(tmp_path / "main.log", "-m", "worker")
    try:
        worker.wait_until_ready()
        assert [model.title for model in await job_client.models()].count("Tiny") == 2  # beside those that are shipped
        rows = [(i * 500, 450, 60 + i, 80, 0) for i in range(8)]
        seed = await job_client.put_blob(write_midi(Piece(notes=table(NOTE, rows))), "seed.mid", "audio/midi")
        # When ten seconds are asked for
        request, delivery = ask(seed=seed, length_s=10)
        await job_client.submit(request, delivery)
        last = (await follow_to_the_end(job_client, request.job_id))[-1]
        # Then the piece, its sound and its picture are there
        assert last.failure is None
        data = {name: await job_client.get_blob(getattr(last.result, name)) for name in ("midi", "audio", "picture")}
        notes = [note for voice in pretty_midi.PrettyMIDI(io.BytesIO(data["midi"])).instruments for note in voice.notes]
        assert len(notes) == last.result.notes > 8
        assert data["picture"].startswith(b"\x89PNG")
        assert len(data["audio"]) > 10_000
        # And it ends cleanly, without waiting for TensorFlow to be taken apart, and leaves nothing behind
        assert worker.end() < 5
        assert worker.process.returncode == 0
        assert [path.name for path in tmp_path.iterdir()] == ["main.log"]
        assert "worker ended" in worker.log.read_text()
    finally:
        if worker.process.poll() is None:
            worker.kill()


async def test_a_worker_of_any_kind_deletes_files_that_expired(start_worker, valkey, monkeypatch, tmp_path):
    # Given a file whose two weeks are over
    monkeypatch.setenv("CADENZA_FILES", str(tmp_path / "files"))
    monkeypatch.setenv("CADENZA_WORKER_DOES", "library")
    ref = BlobStore(valkey.client, JobSettings()).put(b"old", "a.mid", "audio/midi")
    valkey.client.zadd(keys.FILES, {ref.digest: 1.0})
    # When a worker starts that composes nothing, then the file goes
    start_worker("-m", "worker").wait_until_ready()
    await until(lambda: not [path for path in (tmp_path / "files").rglob("*") if path.is_file()])
    assert valkey.client.hlen(keys.FILE_ENTRIES) == 0


def test_a_worker_without_an_address_says_what_is_missing():
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "worker"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "REDIS_URL" in done.stderr
    assert "Traceback" not in done.stderr

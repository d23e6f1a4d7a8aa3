"""Records are admitted once, advanced while open, settled once."""

from __future__ import annotations

import pytest

from jobs.contract import Failure, Stage
from jobs.errors import UnknownJob
from jobs.progress import ProgressReporter
from jobs.records import RecordStore


async def test_a_record_comes_back_as_it_went_in(job_client, a_worker, ask):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    record = await job_client.record(request.job_id)
    assert (record.request, record.delivery) == (request, delivery)
    assert (record.stage, record.delivered, record.cancel_asked) == (Stage.QUEUED, False, False)


async def test_whoever_settles_first_settles_for_good(job_client, a_worker, ask, result, settings, valkey):
    # Given a job that was failed because its worker was taken for dead
    request, delivery = ask()
    await job_client.submit(request, delivery)
    reporter = ProgressReporter(request.job_id, valkey.client, settings)
    assert reporter.failed(Failure(code="worker_lost", sentence="It died."))
    # When that worker comes back with a result
    assert not reporter.update(Stage.RENDERING, 0.9)
    assert not reporter.done(result(request.job_id))
    # Then the member's answer stands
    record = await job_client.record(request.job_id)
    assert (record.stage, record.failure.code, record.result) == (Stage.FAILED, "worker_lost", None)


async def test_a_settled_job_no_longer_counts_for_its_member(job_client, a_worker, ask, result, settings, valkey):
    asked = [ask() for _ in range(4)]
    for request, delivery in asked[:3]:
        await job_client.submit(request, delivery)
    ProgressReporter(asked[0][0].job_id, valkey.client, settings).done(result(asked[0][0].job_id))
    await job_client.submit(*asked[3])


async def test_progress_is_not_written_oftener_than_anyone_looks(
    job_client, a_worker, ask, settings, valkey, monkeypatch
):
    # Given a job that has just said that it composes
    monkeypatch.setattr("jobs.progress.QUIET_S", 60)
    request, delivery = ask()
    await job_client.submit(request, delivery)
    reporter, stream = ProgressReporter(request.job_id, valkey.client, settings), f"cadenza:progress:{request.job_id}"
    reporter.update(Stage.COMPOSING, 0.1)
    before = valkey.client.xlen(stream)
    # When it says at once how far it has come, a thousand times, then that it goes on to the next stage
    assert all(reporter.update(Stage.COMPOSING, step / 1000) for step in range(100, 1000))
    assert valkey.client.xlen(stream) == before
    reporter.update(Stage.RENDERING, 0.9)
    # Then only the stage is written, and after a while the progress again
    assert valkey.client.xlen(stream) == before + 1
    monkeypatch.setattr("jobs.progress.QUIET_S", 0)
    reporter.update(Stage.RENDERING, 0.95)
    assert valkey.client.xlen(stream) == before + 2


def test_what_is_not_known_is_said_so(valkey, settings):
    with pytest.raises(UnknownJob):
        RecordStore(valkey.client, settings).get("nothing")


async def test_open_records_forget_those_that_expired(job_client, a_worker, ask, valkey):
    asked = [ask(), ask()]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    valkey.client.delete(f"cadenza:record:{asked[0][0].job_id}")
    assert [record.job_id for record in await job_client.open_records()] == [asked[1][0].job_id]


async def test_the_token_of_a_delivery_is_in_no_repr(job_client, a_worker, ask):
    record = await job_client.submit(*ask())
    assert "very-secret" not in repr(record)


async def test_every_key_has_an_end(job_client, a_worker, ask, result, settings, valkey):
    await job_client.put_blob(b"abc", "a.bin")
    request, delivery = ask()
    await job_client.submit(request, delivery)
    ProgressReporter(request.job_id, valkey.client, settings).done(result(request.job_id))
    await job_client.mark_delivered(request.job_id)
    lasting = {key for key in valkey.client.keys("cadenza:*") if valkey.client.ttl(key) == -1}
    # Then only the list of workers and the sums over durations last, which do not grow with jobs
    assert lasting == {b"cadenza:workers", b"cadenza:durations"}

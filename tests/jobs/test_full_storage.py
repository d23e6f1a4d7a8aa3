"""A Redis that refuses to write, at its memory limit or over a full disk: what is refused stays refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import redis

from jobs.admission import Admission
from jobs.client import JobClient
from jobs.contract import Delivery, Failure, Stage
from jobs.errors import QueueUnreachable, StorageFull
from jobs.progress import ProgressReporter
from jobs.records import RecordStore
from jobs.recovery import Recovery
from tests.jobs.test_kinds import able, training  # noqa: F401 - a fixture
from tests.worker.processes import until

QUEUE = "rq:queue:compose"
DELIVERY = Delivery(application_id=1, channel_id=2, user_id=3)


@pytest.fixture
def fill(valkey) -> Iterator:
    """Sets the memory limit below what is used, and lifts it."""

    def limit(is_full: bool) -> None:
        valkey.client.config_set("maxmemory", "1mb" if is_full else "0")

    yield limit
    limit(False)


def everything(valkey) -> dict[bytes, bytes]:
    """What every key but those that say who is alive holds."""
    keys = [key for key in valkey.client.keys("*") if b"worker" not in key]
    return {key: valkey.client.dump(key) for key in keys}


async def test_a_submission_refused_for_want_of_memory_leaves_nothing_and_is_never_composed(
    job_client, a_worker, ask, valkey, fill, settings
):
    # Given a Redis at its limit, with a job that was taken before and one whose time is over
    before, delivery = ask(user=1)
    await job_client.submit(before, delivery)
    valkey.client.zadd("cadenza:member:1", {"long-ago": 1})
    valkey.client.zadd("cadenza:active", {"long-ago": 1})
    kept = everything(valkey)
    fill(True)
    # When others are asked for
    for user in range(1, 60):
        with pytest.raises(StorageFull, match="storage is full"):
            await job_client.submit(*ask(user=user))
    # Then nothing of them is there
    assert everything(valkey) == kept
    # And once there is room, nobody's limit is used up and only the first is composed
    fill(False)
    Recovery(valkey.client, settings).run()
    assert valkey.client.lrange(QUEUE, 0, -1) == [before.job_id.encode()]
    assert [record.job_id for record in await job_client.open_records()] == [before.job_id]
    await job_client.submit(*ask(user=1))


async def test_at_the_memory_limit_jobs_still_end_and_are_delivered_once(
    job_client, a_worker, ask, valkey, fill, settings
):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    fill(True)
    reporter = ProgressReporter(request.job_id, valkey.client, settings)
    assert reporter.failed(Failure(code="x", sentence="It broke."))
    await job_client.mark_delivered(request.job_id)
    record = await job_client.record(request.job_id)
    assert (record.stage, record.delivered) == (Stage.FAILED, True)
    assert await job_client.open_records() == []


async def test_at_the_memory_limit_a_waiting_job_can_be_cancelled(job_client, a_worker, ask, valkey, fill):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    fill(True)
    await job_client.cancel(request.job_id)
    assert (await job_client.record(request.job_id)).stage is Stage.CANCELLED


async def test_a_training_refused_for_want_of_memory_does_not_hold_up_the_next(job_client, able, valkey, fill):  # noqa: F811
    fill(True)
    with pytest.raises(StorageFull):
        await job_client.submit(training("a"), DELIVERY)
    fill(False)
    await job_client.submit(training("b"), DELIVERY)
    assert valkey.client.lrange("rq:queue:train", 0, -1) == [b"b"]
    assert [record.job_id for record in await job_client.trainings(11)] == ["b"]


async def test_a_full_disk_refuses_alike_and_is_over_when_there_is_room(
    tmp_path, mortal_valkey, settings, ask, introduce
):
    # Given a Redis that could not save, and so takes no writes
    client = mortal_valkey.server.client
    job_client = JobClient(
        settings.model_copy(update={"redis_url": type(settings.redis_url)(mortal_valkey.server.url)})
    )
    introduce(client, settings)
    client.config_set("save", "1 1")
    (mortal_valkey.folder / "dump.rdb").mkdir()  # the dump cannot take its place
    client.set("something", "new")
    client.bgsave()
    await until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
    # When a piece is asked for
    request, delivery = ask()
    with pytest.raises(StorageFull):
        await job_client.submit(request, delivery)
    # Then it is refused, and once Redis writes again nothing of it is there
    client.config_set("save", "")
    client.config_set("stop-writes-on-bgsave-error", "no")
    assert client.exists(f"cadenza:record:{request.job_id}", f"rq:job:{request.job_id}", QUEUE) == 0
    await job_client.submit(*ask())
    assert client.llen(QUEUE) == 1
    await job_client.close()


async def test_a_submission_whose_answer_is_lost_is_taken_back(mortal_valkey, settings, ask, introduce, monkeypatch):
    # Given that Redis opens the job, and the bot never hears of it
    client = mortal_valkey.server.client
    job_client = JobClient(
        settings.model_copy(update={"redis_url": type(settings.redis_url)(mortal_valkey.server.url)})
    )
    introduce(client, settings)
    submit = Admission.submit

    def submit_and_lose(*arguments):
        submit(*arguments)
        raise redis.ConnectionError

    monkeypatch.setattr(Admission, "submit", submit_and_lose)
    # When its member is told that the queue cannot be reached
    request, delivery = ask()
    with pytest.raises(QueueUnreachable):
        await job_client.submit(request, delivery)
    # Then it is out of the queue again
    await until(lambda: not client.exists(f"cadenza:record:{request.job_id}"))
    assert client.exists(QUEUE, "cadenza:active", "cadenza:member:7", "cadenza:undelivered") == 0
    await job_client.close()


async def test_a_refused_job_that_has_begun_is_stopped_and_not_delivered(job_client, a_worker, ask, valkey, settings):
    request, delivery = ask()
    records = RecordStore(valkey.client, settings)
    await job_client.submit(request, delivery)
    valkey.client.lpop(QUEUE)
    ProgressReporter(request.job_id, valkey.client, settings).update(Stage.COMPOSING, 0.5)
    assert records.retract(request) is False
    assert records.is_cancel_asked(request.job_id)
    assert await job_client.open_records() == []


@pytest.mark.parametrize("age_s", [0, 24 * 3600])
async def test_an_open_job_that_nobody_queued_is_queued_while_its_member_waits_and_else_closed(
    job_client, a_worker, ask, valkey, settings, age_s
):
    # Given open records of which RQ knows nothing, as a version before this one could leave them
    request, delivery = ask()
    await job_client.submit(request, delivery)
    valkey.client.delete(QUEUE, f"rq:job:{request.job_id}")
    enqueued_at = float(valkey.client.hget(f"cadenza:record:{request.job_id}", "enqueued_at")) - age_s
    valkey.client.hset(f"cadenza:record:{request.job_id}", "enqueued_at", enqueued_at)
    # When somebody looks for lost jobs, again and again, while nobody follows this one
    recovery = Recovery(valkey.client, settings)
    async with asyncio.timeout(20):
        while not (valkey.client.exists(QUEUE) or (await job_client.record(request.job_id)).stage.is_final):
            recovery.run()
            await asyncio.sleep(0.05)
    # Then it is in its queue, or closed and counts no longer
    stage = (await job_client.record(request.job_id)).stage
    if age_s:
        assert (stage, valkey.client.exists(QUEUE), valkey.client.zcard("cadenza:active")) == (Stage.FAILED, 0, 0)
    else:
        assert (stage, valkey.client.lrange(QUEUE, 0, -1)) == (Stage.QUEUED, [request.job_id.encode()])

"""A follower gets an answer whatever happens to the job, to its worker, or to Redis."""

from __future__ import annotations

import asyncio

import pytest

from jobs import JobClient, JobSettings
from jobs.contract import Stage
from jobs.errors import QueueUnreachable
from jobs.progress import ProgressReporter
from jobs.queues import JobLocation, JobQueue, queue_config
from jobs.recovery import Recovery

INTERMEDIATE, QUEUE = "rq:queue:compose:intermediate", "rq:queue:compose"


async def _to_the_end(job_client, job_id):
    return [update async for update in job_client.follow(job_id)]


async def _followed(job_client, job_id):
    """A task that follows a job to the end, once it has seen the job's state."""
    joined = asyncio.Event()

    async def follow():
        updates = []
        async for update in job_client.follow(job_id):
            updates.append(update)
            joined.set()
        return updates

    task = asyncio.create_task(follow())
    await joined.wait()
    return task


async def test_a_job_nobody_knows_is_failed_at_once(job_client):
    updates = await _to_the_end(job_client, "nothing")
    assert [(update.stage, update.failure.code) for update in updates] == [(Stage.FAILED, "unknown_job")]


async def test_a_job_whose_record_vanishes_while_it_is_followed_is_failed(job_client, a_worker, ask, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    following = await _followed(job_client, request.job_id)
    valkey.client.delete(f"cadenza:record:{request.job_id}")
    assert (await following)[-1].failure.code == "unknown_job"


async def test_a_waiting_job_that_the_queue_forgot_is_put_back(job_client, a_worker, ask, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    valkey.client.delete(QUEUE, f"rq:job:{request.job_id}")
    async with asyncio.timeout(10):
        async for update in job_client.follow(request.job_id):
            if update.position == 1:
                break
    assert valkey.client.lrange(QUEUE, 0, -1) == [request.job_id.encode()]


async def test_a_started_job_that_the_queue_forgot_is_failed(job_client, a_worker, ask, settings, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    valkey.client.delete(QUEUE, f"rq:job:{request.job_id}")
    ProgressReporter(request.job_id, valkey.client, settings).update(Stage.COMPOSING, 0.5)
    async with asyncio.timeout(15):
        assert (await _to_the_end(job_client, request.job_id))[-1].failure.code == "lost"


async def test_a_submission_that_died_half_way_is_completed_by_its_repetition(job_client, a_worker, ask, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    valkey.client.delete(QUEUE, f"rq:job:{request.job_id}")
    await job_client.submit(request, delivery)
    assert valkey.client.lrange(QUEUE, 0, -1) == [request.job_id.encode()]


async def test_a_job_stranded_between_queue_and_worker_goes_back(
    job_client, a_worker, ask, settings, valkey, monkeypatch
):
    # Given a worker that died just after it took the job
    request, delivery = ask()
    await job_client.submit(request, delivery)
    valkey.client.lmove(QUEUE, INTERMEDIATE)
    queue, recovery = (
        JobQueue(valkey.client, settings, queue_config("compose", settings)),
        Recovery(valkey.client, settings),
    )
    assert queue.location(request.job_id) is JobLocation.TAKEN
    # When others look for lost jobs, at first it may still be on its way
    recovery.run()
    assert queue.location(request.job_id) is JobLocation.TAKEN
    # Then, its time being over, it goes back, once
    monkeypatch.setattr("jobs.recovery.STRANDED_LIMIT_S", 0.0)
    recovery.run()
    recovery.run()
    assert valkey.client.lrange(QUEUE, 0, -1) == [request.job_id.encode()]
    assert valkey.client.llen(INTERMEDIATE) == 0


async def test_a_job_may_have_many_followers(job_client, a_worker, ask, result, settings, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    following = await asyncio.gather(*(_followed(job_client, request.job_id) for _ in range(150)))
    ProgressReporter(request.job_id, valkey.client, settings).done(result(request.job_id))
    async with asyncio.timeout(30):
        ends = await asyncio.gather(*following)
    assert {updates[-1].stage for updates in ends} == {Stage.DONE}


async def test_a_restart_of_redis_costs_a_follower_nothing(mortal_valkey, introduce, ask, result):
    # Given a followed job
    job_client = JobClient(JobSettings())
    introduce(mortal_valkey.server.client, job_client.settings)
    request, delivery = ask()
    await job_client.submit(request, delivery)
    following = await _followed(job_client, request.job_id)
    # When Redis is killed and comes back
    mortal_valkey.kill()
    mortal_valkey.start()
    # Then the follower sees the rest
    ProgressReporter(request.job_id, mortal_valkey.server.client, job_client.settings).done(result(request.job_id))
    async with asyncio.timeout(30):
        assert (await following)[-1].stage is Stage.DONE
    await job_client.close()


async def test_a_redis_that_stays_away_is_an_error_with_a_sentence(mortal_valkey, introduce, ask):
    job_client = JobClient(JobSettings(outage_limit_s=0.5))
    introduce(mortal_valkey.server.client, job_client.settings)
    request, delivery = ask()
    await job_client.submit(request, delivery)
    mortal_valkey.kill()
    async with asyncio.timeout(60):
        with pytest.raises(QueueUnreachable) as error:
            await _to_the_end(job_client, request.job_id)
    assert "can’t reach the queue" in error.value.sentence
    await job_client.close()

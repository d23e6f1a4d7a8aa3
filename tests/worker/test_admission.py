"""What is taken and what is refused, before a job exists."""

from __future__ import annotations

import asyncio

import pytest

from jobs.contract import Stage
from jobs.errors import BlobGone, DuplicateJob, NoWorker, QueueFull, TooManyOpenJobs, UnknownModel
from tests.worker.processes import follow_to_the_end


async def test_the_same_request_again_is_the_same_job(start_worker, job_client, ask, tmp_path):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=5)
    await asyncio.gather(*(job_client.submit(request, delivery) for _ in range(5)))
    await follow_to_the_end(job_client, request.job_id)
    again = await job_client.submit(request, delivery)
    assert again.stage is Stage.DONE
    assert (tmp_path / "attempts-5").stat().st_size == 1
    with pytest.raises(DuplicateJob):
        await job_client.submit(*ask(job_id=request.job_id, random_seed=6))


async def test_without_a_worker_nothing_is_taken(job_client, ask):
    with pytest.raises(NoWorker) as refusal:
        await job_client.submit(*ask())
    assert "no worker is running" in refusal.value.sentence
    assert await job_client.open_records() == []


async def test_a_model_that_nobody_serves_is_refused_by_name(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    with pytest.raises(UnknownModel) as refusal:
        await job_client.submit(*ask(model="kazoo"))
    assert "kazoo" in refusal.value.sentence
    assert "duo, piano" in refusal.value.sentence
    assert [(model.name, model.default) for model in await job_client.models()] == [("piano", True), ("duo", False)]


async def test_a_seed_that_is_gone_is_said_at_once(start_worker, job_client, ask, valkey):
    start_worker().wait_until_ready()
    seed = await job_client.put_blob(b"MThd", "a.mid", "audio/midi")
    valkey.client.zrem("cadenza:files", seed.digest)
    with pytest.raises(BlobGone):
        await job_client.submit(*ask(seed=seed))


async def test_a_member_may_have_three_open_jobs(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    asked = [ask(length_s=60) for _ in range(3)]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    with pytest.raises(TooManyOpenJobs) as refusal:
        await job_client.submit(*ask())
    assert "3 pieces" in refusal.value.sentence
    # Then another member still may, and the first may again when one is done
    await job_client.submit(*ask(user=8))
    await follow_to_the_end(job_client, asked[0][0].job_id)
    await job_client.submit(*ask())


async def test_the_queue_takes_as_many_as_it_may_however_many_come_at_once(start_worker, open_client, ask):
    start_worker().wait_until_ready()
    job_client = open_client(open_jobs_limit=5)
    asked = [ask(user=user, length_s=300) for user in range(20)]
    outcomes = await asyncio.gather(*(job_client.submit(*one) for one in asked), return_exceptions=True)
    assert sum(isinstance(outcome, QueueFull) for outcome in outcomes) == 15
    assert len(await job_client.open_records()) == 5

"""What is left in Redis of jobs that are over: it has an end, however many there were."""

from __future__ import annotations

import asyncio

from jobs.contract import Stage
from tests.worker.play_worker import BREAK_ALWAYS, REFUSE
from tests.worker.processes import follow_to_the_end, until, wait_for

LASTING = (
    b"cadenza:workers",
    b"cadenza:durations",
    b"rq:workers",
    b"rq:workers:",
    b"rq:queues",
    b"rq:worker:",
    b"rq:clean_registries",
)


async def test_nothing_of_jobs_that_are_over_stays_for_ever(
    start_worker, open_client, ask, valkey, monkeypatch, let_go
):
    # Given that RQ's notes are kept for a second
    monkeypatch.setenv("CADENZA_JOBS_RESULT_TTL_S", "1")
    monkeypatch.setenv("CADENZA_JOBS_FAILURE_TTL_S", "1")
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "1")
    worker = start_worker().wait_until_ready()
    job_client = open_client()
    # When a piece is done, one is refused, one breaks, one is stopped and one is cancelled while it waits
    asked = [ask(user=user, random_seed=seed) for user, seed in enumerate((1, REFUSE, BREAK_ALWAYS, 2, 3))]
    ids = [request.job_id for request, _ in asked]
    await job_client.submit(*asked[3])
    await wait_for(job_client, ids[3], Stage.COMPOSING)
    await job_client.submit(*asked[4])
    await job_client.cancel(ids[4])
    await job_client.cancel(ids[3])
    let_go()
    for one in asked[:3]:
        await job_client.submit(*one)
    await asyncio.gather(*(follow_to_the_end(job_client, job_id) for job_id in ids))
    for job_id in ids:
        await job_client.mark_delivered(job_id)
    # Then RQ forgets all of them while the worker goes on
    await until(lambda: valkey.client.zcard("rq:finished:compose") == valkey.client.zcard("rq:failed:compose") == 0)
    await until(lambda: not any(valkey.client.exists(f"rq:job:{job_id}") for job_id in ids))
    worker.end()
    # And whatever else is left has a time to live
    await until(lambda: not valkey.client.exists("rq:wip:compose", "rq:canceled:compose"))
    keys = [key for key in valkey.client.keys("*") if valkey.client.ttl(key) == -1]
    assert [key for key in keys if not key.startswith(LASTING)] == []


async def test_what_rq_noted_before_is_forgotten_too(job_client, start_worker, valkey):
    # Given notes of a thousand jobs that a version before this one left
    valkey.client.zadd("rq:finished:compose", {f"old-{n}": 1 for n in range(1000)})
    valkey.client.zadd("rq:finished:train", {f"old-{n}": 1 for n in range(1000)})
    start_worker().wait_until_ready()
    await until(lambda: not valkey.client.exists("rq:finished:compose", "rq:finished:train"))

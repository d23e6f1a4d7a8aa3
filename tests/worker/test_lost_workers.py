"""Workers that die, end, or never come back; nobody who waits is left without an answer."""

from __future__ import annotations

import asyncio
import time

from jobs.contract import Stage
from tests.worker.play_worker import DEAF, DIE_ALWAYS, DIE_ONCE
from tests.worker.processes import follow_to_the_end, wait_for


async def test_a_killed_worker_costs_a_retry_and_not_the_job(start_worker, job_client, ask):
    # Given a job that kills its worker the first time
    first = start_worker().wait_until_ready()
    request, delivery = ask(random_seed=DIE_ONCE)
    await job_client.submit(request, delivery)
    following = asyncio.create_task(follow_to_the_end(job_client, request.job_id))
    await asyncio.to_thread(first.process.wait, 20)
    # When another worker starts
    start_worker()
    # Then the follower sees the job wait again and be done
    stages = [update.stage for update in await following]
    assert stages[-1] is Stage.DONE
    assert Stage.QUEUED in stages[stages.index(Stage.PRIMING) :]


async def test_a_job_that_kills_two_workers_is_given_up(start_worker, job_client, ask):
    workers = [start_worker() for _ in range(2)]
    for worker in workers:
        worker.wait_until_ready()
    request, delivery = ask(random_seed=DIE_ALWAYS)
    await job_client.submit(request, delivery)
    failure = (await follow_to_the_end(job_client, request.job_id))[-1].failure
    assert failure.code == "worker_lost"
    assert "twice" in failure.sentence


async def test_a_worker_that_ends_puts_its_job_back_within_five_seconds(
    start_worker, job_client, ask, let_go, monkeypatch
):
    # Given a job that does not end and listens to no stop
    monkeypatch.setenv("CADENZA_WORKER_SHUTDOWN_GRACE_S", "0.2")
    first = start_worker().wait_until_ready()
    request, delivery = ask(random_seed=DEAF)
    await job_client.submit(request, delivery)
    following = asyncio.create_task(follow_to_the_end(job_client, request.job_id))
    # When its worker is told to end again and again
    for _ in range(2):
        await wait_for(job_client, request.job_id, Stage.COMPOSING)
        seconds = await asyncio.to_thread(first.end)
        assert seconds < 5
        first = await asyncio.to_thread(start_worker().wait_until_ready)
    # Then that was no fault of the job's: it is done in the end
    let_go()
    assert (await following)[-1].stage is Stage.DONE


async def test_an_idle_worker_ends_at_once_and_is_gone(start_worker, job_client, monkeypatch):
    monkeypatch.setenv("CADENZA_WORKER_SHUTDOWN_GRACE_S", "60")  # for jobs, of which there are none
    worker = start_worker().wait_until_ready()
    assert [info.pid for info in await job_client.workers()] == [worker.process.pid]
    assert worker.end() < 5
    assert worker.process.returncode == 0
    assert await job_client.workers() == []


async def test_two_workers_share_the_queue(start_worker, job_client, ask):
    for worker in [start_worker(), start_worker()]:
        worker.wait_until_ready()
    asked = [ask(user=user, length_s=60) for user in range(4)]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    ends = await asyncio.gather(*(follow_to_the_end(job_client, request.job_id) for request, _ in asked))
    assert [updates[-1].stage for updates in ends] == [Stage.DONE] * 4


async def test_a_waiting_job_fails_when_no_worker_comes_back(start_worker, open_client, ask, monkeypatch):
    # Given a worker with one slot that dies while a job waits behind another
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "1")
    worker = start_worker().wait_until_ready()
    job_client = open_client(worker_absence_limit_s=1.5)
    await job_client.submit(*ask(user=1, length_s=300))
    request, delivery = ask(user=2)
    await job_client.submit(request, delivery)
    worker.kill()
    # When nobody comes back
    start = time.monotonic()
    failure = (await follow_to_the_end(job_client, request.job_id))[-1].failure
    # Then the member is told
    assert failure.code == "no_worker"
    assert time.monotonic() - start < 20


async def test_a_restart_of_redis_costs_a_running_job_nothing(start_worker, mortal_valkey, open_client, ask, let_go):
    # Given a job under way
    start_worker().wait_until_ready()
    job_client = open_client()
    request, delivery = ask()
    await job_client.submit(request, delivery)
    following = asyncio.create_task(follow_to_the_end(job_client, request.job_id))
    await wait_for(job_client, request.job_id, Stage.COMPOSING)
    # When Redis is killed in the midst of it and comes back
    mortal_valkey.kill()
    await asyncio.sleep(0.5)
    mortal_valkey.start()
    let_go()
    # Then the job is done, and the same worker does the next
    assert (await following)[-1].stage is Stage.DONE
    request, delivery = ask()
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].stage is Stage.DONE

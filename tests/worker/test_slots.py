"""Several jobs in one worker process: side by side, each on its own, and none lost whatever ends them."""

from __future__ import annotations

import asyncio
import time

import pytest

from jobs.client import CancelOutcome
from jobs.contract import Stage
from tests.worker.play_worker import BREAK_ALWAYS, DEAF, HUNG
from tests.worker.processes import follow_to_the_end, wait_for

SLOTS = 8
SHORT = 40  # takes less than half a second, and as long as the test holds it


@pytest.fixture
def many(job_client, ask):
    """Submits a job for each of the random seeds, waits until all of them are being composed, and returns their ids."""

    async def submit(random_seeds) -> list[str]:
        asked = [ask(user=user, length_s=SHORT, random_seed=seed) for user, seed in enumerate(random_seeds)]
        for request, delivery in asked:
            await job_client.submit(request, delivery)
        ids = [request.job_id for request, _ in asked]
        await asyncio.gather(*(wait_for(job_client, job_id, Stage.COMPOSING) for job_id in ids))
        return ids

    return submit


async def ends(job_client, ids):
    """The last update of each."""
    followed = await asyncio.gather(*(follow_to_the_end(job_client, job_id) for job_id in ids))
    return [updates[-1] for updates in followed]


async def test_one_worker_composes_several_pieces_at_once_and_says_so(start_worker, job_client, many, let_go):
    # Given pieces none of which ends before all have begun
    worker = start_worker().wait_until_ready()
    ids = await many(range(1, SLOTS + 1))
    deadline = time.monotonic() + 60
    while len((await job_client.workers())[0].job_ids) < SLOTS:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    (said,) = await job_client.workers()
    assert (said.pid, said.slots, set(said.job_ids)) == (worker.process.pid, SLOTS, set(ids))
    assert said.job_id == said.job_ids[0]
    # Then all are done in the end, each with its own notes
    let_go()
    last = await ends(job_client, ids)
    assert [update.stage for update in last] == [Stage.DONE] * SLOTS
    assert [update.result.random_seed for update in last] == list(range(1, SLOTS + 1))
    assert len({update.result.midi.digest for update in last}) == SLOTS


async def test_what_does_not_fit_waits_in_line(start_worker, job_client, many, let_go, ask, monkeypatch):
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "2")
    start_worker().wait_until_ready()
    ids = await many([1, 2])
    waiting = [ask(user=user, length_s=5) for user in (8, 9)]
    for request, delivery in waiting:
        await job_client.submit(request, delivery)
    places = [(await anext(job_client.follow(request.job_id))).position for request, _ in waiting]
    assert places == [1, 2]
    let_go()
    ids += [request.job_id for request, _ in waiting]
    assert [update.stage for update in await ends(job_client, ids)] == [Stage.DONE] * 4


async def test_a_stop_ends_one_piece_of_many_and_leaves_the_others_alone(start_worker, job_client, many, let_go):
    # Given four pieces, and nothing but a stop that could end one of them
    start_worker().wait_until_ready()
    ids = await many(range(1, 5))
    # When one is stopped
    assert await job_client.cancel(ids[2]) is CancelOutcome.STOPPING
    (stopped,) = await ends(job_client, ids[2:3])
    # Then it alone ends with what it has, and the others go on to their own ends
    assert [(await job_client.state(ids[place])).stage for place in (0, 1, 3)] == [Stage.COMPOSING] * 3
    let_go()
    others = await ends(job_client, [ids[place] for place in (0, 1, 3)])
    assert stopped.result.stopped
    assert [update.result.stopped for update in others] == [False] * 3
    assert 0 < stopped.result.notes < min(update.result.notes for update in others)


async def test_a_job_that_breaks_leaves_the_others_alone(start_worker, job_client, many, let_go, ask):
    start_worker().wait_until_ready()
    ids = await many(range(1, 4))
    request, delivery = ask(user=9, random_seed=BREAK_ALWAYS)
    await job_client.submit(request, delivery)
    assert [update.stage for update in await ends(job_client, [request.job_id])] == [Stage.FAILED]
    let_go()
    assert [update.stage for update in await ends(job_client, ids)] == [Stage.DONE] * 3


async def test_a_worker_killed_in_the_midst_of_eight_jobs_costs_each_a_retry_and_none_of_them(
    start_worker, job_client, many, let_go, tmp_path
):
    first = start_worker().wait_until_ready()
    seeds = range(1, SLOTS + 1)
    ids = await many(seeds)
    following = asyncio.create_task(ends(job_client, ids))
    first.kill()
    let_go()
    start_worker()
    assert [update.stage for update in await following] == [Stage.DONE] * SLOTS
    assert [(tmp_path / f"attempts-{seed}").stat().st_size for seed in seeds] == [2] * SLOTS


@pytest.mark.usefixtures("let_go")
async def test_jobs_whose_workers_are_killed_twice_are_given_up(start_worker, job_client, many, tmp_path):
    first = start_worker().wait_until_ready()
    ids = await many([1, 2])
    first.kill()
    second = start_worker()
    while [(tmp_path / f"attempts-{seed}").stat().st_size for seed in (1, 2)] != [2, 2]:
        assert second.process.poll() is None
        await asyncio.sleep(0.05)
    second.kill()
    start_worker()
    assert [update.failure.code for update in await ends(job_client, ids)] == ["worker_lost"] * 2


async def test_a_worker_that_ends_puts_all_its_jobs_back_and_none_loses_a_retry(
    start_worker, job_client, many, let_go, monkeypatch
):
    # Given eight jobs that do not end, two of which listen to nobody
    monkeypatch.setenv("CADENZA_WORKER_SHUTDOWN_GRACE_S", "0.2")
    worker = start_worker().wait_until_ready()
    ids = await many([*range(1, SLOTS - 1), DEAF, DEAF])
    following = asyncio.create_task(ends(job_client, ids))
    # When their worker is told to end, twice: more often than a job may be lost
    for _ in range(2):
        await asyncio.gather(*(wait_for(job_client, job_id, Stage.COMPOSING) for job_id in ids))
        assert await asyncio.to_thread(worker.end) < 5
        assert worker.process.returncode == 0
        worker = await asyncio.to_thread(start_worker().wait_until_ready)
    # Then all of them are done in the end
    let_go()
    assert [update.stage for update in await following] == [Stage.DONE] * SLOTS


@pytest.mark.usefixtures("let_go")
async def test_a_second_signal_ends_the_grace(start_worker, many, monkeypatch):
    monkeypatch.setenv("CADENZA_WORKER_SHUTDOWN_GRACE_S", "60")
    worker = start_worker().wait_until_ready()
    await many([1, 2])
    worker.process.terminate()
    await asyncio.sleep(0.3)
    assert worker.process.poll() is None
    assert await asyncio.to_thread(worker.end) < 3


async def test_a_job_that_hangs_is_failed_and_ends_the_worker_and_the_others_go_on_elsewhere(
    start_worker, open_client, ask, let_go, monkeypatch
):
    # Given that a job may take three seconds, and a worker that gives up one that hangs after one and a half more
    monkeypatch.setenv("CADENZA_JOBS_JOB_TIMEOUT_S", "3")
    monkeypatch.setenv("PLAY_HUNG_S", "1.5")
    worker = start_worker().wait_until_ready()
    job_client = open_client()
    hung, delivery = ask(user=1, random_seed=HUNG)
    await job_client.submit(hung, delivery)
    await wait_for(job_client, hung.job_id, Stage.PRIMING)
    await asyncio.sleep(2.8)  # so that the time of the one beside it is not over first
    other, delivery = ask(user=2, length_s=SHORT)
    await job_client.submit(other, delivery)
    await wait_for(job_client, other.job_id, Stage.COMPOSING)
    following = asyncio.create_task(follow_to_the_end(job_client, other.job_id))
    # Then its member is told, and the process ends with a status of its own
    assert (await follow_to_the_end(job_client, hung.job_id))[-1].failure.code == "timed_out"
    assert await asyncio.to_thread(worker.process.wait, 20) == 70
    # And the job beside it is done by the next worker
    let_go()
    start_worker()
    assert (await following)[-1].stage is Stage.DONE


async def test_a_slot_that_breaks_over_an_entry_of_the_queue_starts_anew(
    start_worker, job_client, ask, valkey, monkeypatch
):
    # Given a worker with one slot, and in the queue something that is no job
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "1")
    worker = start_worker().wait_until_ready()
    valkey.client.hset("rq:job:bad", mapping={"data": "x", "created_at": "never"})
    valkey.client.lpush("rq:queue:compose", "bad")
    deadline = time.monotonic() + 10
    while "restarts" not in worker.log.read_text():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    # Then it does the next job all the same
    request, delivery = ask()
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].stage is Stage.DONE


async def test_a_restart_of_redis_amid_jobs_that_begin_and_end_costs_none_of_them(
    start_worker, mortal_valkey, open_client, ask
):
    # Given jobs that end one after another, and some that wait
    start_worker().wait_until_ready()
    job_client = open_client()
    asked = [ask(user=user, length_s=20 + 20 * user, random_seed=user) for user in range(SLOTS + 4)]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    ids = [request.job_id for request, _ in asked]
    following = asyncio.create_task(ends(job_client, ids))
    await wait_for(job_client, ids[SLOTS // 2], Stage.COMPOSING)
    # When Redis is killed in the midst of them, twice
    for _ in range(2):
        await asyncio.sleep(0.5)
        mortal_valkey.kill()
        await asyncio.sleep(0.3)
        mortal_valkey.start()
    # Then all of them are done
    assert [update.stage for update in await following] == [Stage.DONE] * len(asked)

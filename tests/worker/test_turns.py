"""Slots of a real worker: who asks for much does not make others wait."""

from __future__ import annotations

import asyncio

from jobs.contract import Stage
from tests.worker.processes import follow_to_the_end, until, wait_for


async def test_a_newcomer_gets_the_last_free_slot_at_once(start_worker, open_client, ask, let_go, monkeypatch):
    # Given three slots, and a member who asks for three long pieces
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "3")
    start_worker().wait_until_ready()
    job_client = open_client()
    heavy = [ask(user=1) for _ in range(3)]
    for one in heavy:
        await job_client.submit(*one)
    for request, _ in heavy[:2]:
        await wait_for(job_client, request.job_id, Stage.COMPOSING)
    # When another member asks
    request, delivery = ask(user=2)
    await job_client.submit(request, delivery)
    # Then theirs begins, while the heavy member's third waits although it came first
    await wait_for(job_client, request.job_id, Stage.COMPOSING)
    assert (await job_client.state(heavy[2][0].job_id)).stage is Stage.QUEUED
    # And once a slot is free the third is done, too
    let_go()
    ends = await asyncio.gather(*(follow_to_the_end(job_client, one.job_id) for one, _ in heavy))
    assert [updates[-1].stage for updates in ends] == [Stage.DONE] * 3


async def test_one_slot_is_nobodys_alone_but_always_used(start_worker, open_client, ask, monkeypatch):
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "1")
    start_worker().wait_until_ready()
    job_client = open_client()
    asked = [ask(user=1) for _ in range(2)]
    for one in asked:
        await job_client.submit(*one)
    ends = await asyncio.gather(*(follow_to_the_end(job_client, one.job_id) for one, _ in asked))
    assert [updates[-1].stage for updates in ends] == [Stage.DONE] * 2


async def test_stop_is_told_at_once_and_works_while_the_piece_is_recorded(start_worker, job_client, ask, tmp_path):
    # Given a piece that is being recorded
    hold = tmp_path / "hold-rendering"
    hold.touch()
    start_worker().wait_until_ready()
    request, delivery = ask(length_s=10)
    await job_client.submit(request, delivery)
    await wait_for(job_client, request.job_id, Stage.RENDERING)
    updates = []

    async def follow() -> None:
        async for update in job_client.follow(request.job_id):
            updates.append(update)

    following = asyncio.create_task(follow())
    await until(lambda: bool(updates))
    # When its member presses Stop
    await job_client.cancel(request.job_id)
    await following
    # Then it says so, and the piece goes out with what there is
    assert any(update.stopping and update.stage is Stage.RENDERING for update in updates)
    result = updates[-1].result
    assert (result.audio, result.stopped, result.midi.size > 0) == (None, False, True)
    assert "pressed Stop" in " ".join(result.remarks)


async def test_who_joins_after_a_stop_sees_that_it_is_stopping(start_worker, job_client, ask, valkey, let_go):
    start_worker().wait_until_ready()
    request, delivery = ask()
    await job_client.submit(request, delivery)
    await wait_for(job_client, request.job_id, Stage.COMPOSING)
    valkey.client.hset(f"cadenza:record:{request.job_id}", "cancel_asked", "1")
    assert (await job_client.state(request.job_id)).stopping or (await job_client.state(request.job_id)).stage.is_final

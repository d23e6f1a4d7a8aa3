"""What becomes of a job: the real queue, real worker processes, a musician that needs no TensorFlow."""

from __future__ import annotations

import asyncio
import time

import pytest

from jobs.board import Cancelling
from jobs.contract import Stage
from jobs.errors import BlobGone, DuplicateJob, NoWorker, QueueFull, TooManyOpenJobs, UnknownModel
from model.midi import read_midi, write_midi
from model.piece import NOTE, Piece, table
from tests.worker.play_worker import BREAK_ALWAYS, BREAK_ONCE, DEAF, DIE_ALWAYS, DIE_ONCE, REFUSE, SILENT
from tests.worker.processes import follow_to_the_end, wait_for


async def test_a_job_is_done_and_its_files_can_be_fetched(start_worker, board, ask):
    # Given a worker and a seed
    start_worker().wait_until_ready()
    seed = await board.put_blob(write_midi(Piece(notes=table(NOTE, [(0, 500, 60, 80, 0)]))), "a.mid", "audio/midi")
    # When a job is submitted and followed
    request, delivery = ask(seed=seed)
    record = await board.submit(request, delivery)
    updates = await follow_to_the_end(board, record.job_id)
    # Then every stage was seen in order, and the files hold what the result says
    stages = [update.stage for update in updates]
    assert stages == sorted(stages, key=list(Stage).index)
    assert {Stage.COMPOSING, Stage.RENDERING, Stage.DONE} <= set(stages)
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    result = updates[-1].result
    piece = read_midi(await board.get_blob(result.midi)).piece
    assert len(piece) == result.notes > 0
    assert (await board.get_blob(result.audio)).startswith(b"audio of MThd")
    assert (result.seed_s, result.random_seed, result.model_version) == (0.5, 1, "1")
    assert {"queue", "sample", "render", "total"} <= set(result.timings)


async def test_a_reply_is_open_until_it_is_delivered(start_worker, board, ask):
    start_worker().wait_until_ready()
    request, delivery = ask()
    await board.submit(request, delivery)
    await follow_to_the_end(board, request.job_id)
    assert [record.stage for record in await board.open_records()] == [Stage.DONE]
    await board.mark_delivered(request.job_id)
    assert await board.open_records() == []
    assert (await board.record(request.job_id)).delivered


async def test_the_model_refuses_in_its_own_words_and_is_not_asked_twice(start_worker, board, ask, tmp_path):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=REFUSE)
    await board.submit(request, delivery)
    failure = (await follow_to_the_end(board, request.job_id))[-1].failure
    assert (failure.code, failure.sentence) == ("request", "The seed leaves no room. Ask for a longer piece.")
    assert (tmp_path / f"attempts-{REFUSE}").stat().st_size == 1


async def test_a_seed_that_is_no_midi_is_refused_with_a_sentence(start_worker, board, ask):
    start_worker().wait_until_ready()
    seed = await board.put_blob(b"not music", "notes.mid", "audio/midi")
    request, delivery = ask(seed=seed)
    await board.submit(request, delivery)
    failure = (await follow_to_the_end(board, request.job_id))[-1].failure
    assert failure.sentence
    assert failure.incident is None


async def test_silence_is_said_aloud(start_worker, board, ask):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=SILENT)
    await board.submit(request, delivery)
    assert (await follow_to_the_end(board, request.job_id))[-1].failure.code == "silent"


async def test_a_job_that_breaks_once_gets_a_second_attempt(start_worker, board, ask):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=BREAK_ONCE)
    await board.submit(request, delivery)
    assert (await follow_to_the_end(board, request.job_id))[-1].stage is Stage.DONE


async def test_a_job_that_breaks_twice_says_so_with_an_incident_that_is_in_the_log(start_worker, board, ask):
    worker = start_worker().wait_until_ready()
    request, delivery = ask(random_seed=BREAK_ALWAYS)
    await board.submit(request, delivery)
    failure = (await follow_to_the_end(board, request.job_id))[-1].failure
    assert failure.code == "internal"
    assert "twice" in failure.sentence
    assert failure.incident in failure.sentence
    log = worker.log.read_text()
    assert failure.incident in log
    assert "a fault of ours" in log


async def test_a_job_that_takes_too_long_is_ended(start_worker, open_board, ask, monkeypatch):
    # Given that a job may take one second
    monkeypatch.setenv("CADENZA_JOBS_JOB_TIMEOUT_S", "1")
    start_worker().wait_until_ready()
    board = open_board()
    request, delivery = ask(random_seed=DEAF, length_s=300)
    # When one takes three
    await board.submit(request, delivery)
    failure = (await follow_to_the_end(board, request.job_id))[-1].failure
    # Then it is failed at once, without a second attempt
    assert failure.code == "timed_out"
    assert "1 second" in failure.sentence
    # And the worker goes on
    request, delivery = ask()
    await board.submit(request, delivery)
    assert (await follow_to_the_end(board, request.job_id))[-1].stage is Stage.DONE


async def test_a_waiting_job_can_be_cancelled_and_the_others_move_up(start_worker, board, ask):
    # Given one long job running and two waiting
    start_worker().wait_until_ready()
    asked = [ask(length_s=300, user=1), ask(user=2), ask(user=3)]
    for request, delivery in asked:
        await board.submit(request, delivery)
    first, second, third = (request.job_id for request, _ in asked)
    await wait_for(board, first, Stage.COMPOSING)
    positions = [(await anext(board.follow(job_id))).position for job_id in (second, third)]
    assert positions == [1, 2]
    # When the second is cancelled while the third is followed
    following = asyncio.create_task(follow_to_the_end(board, third))
    await asyncio.sleep(0.2)
    assert await board.cancel(second) is Cancelling.CANCELLED
    # Then it is cancelled for good, and the third sees itself move up
    assert (await follow_to_the_end(board, second))[-1].stage is Stage.CANCELLED
    updates = await following
    assert [update.position for update in updates if update.stage is Stage.QUEUED] == [2, 1]
    assert updates[-1].stage is Stage.DONE
    assert await board.cancel(second) is Cancelling.TOO_LATE


async def test_a_running_job_stops_within_a_second_and_keeps_the_piece_so_far(start_worker, board, ask):
    start_worker().wait_until_ready()
    request, delivery = ask(length_s=300)
    await board.submit(request, delivery)
    await wait_for(board, request.job_id, Stage.COMPOSING)
    assert await board.cancel(request.job_id) is Cancelling.STOPPING
    result = (await follow_to_the_end(board, request.job_id))[-1].result
    assert result.stopped
    assert 0 < result.notes < 60


async def test_a_stop_arrives_although_its_message_was_lost(start_worker, board, ask, valkey):
    start_worker().wait_until_ready()
    request, delivery = ask(length_s=300)
    await board.submit(request, delivery)
    await wait_for(board, request.job_id, Stage.COMPOSING)
    valkey.client.hset(f"cadenza:record:{request.job_id}", "cancel_asked", "1")
    assert (await follow_to_the_end(board, request.job_id))[-1].result.stopped


async def test_a_killed_worker_costs_a_retry_and_not_the_job(start_worker, board, ask):
    # Given a job that kills its worker the first time
    first = start_worker().wait_until_ready()
    request, delivery = ask(random_seed=DIE_ONCE)
    await board.submit(request, delivery)
    following = asyncio.create_task(follow_to_the_end(board, request.job_id))
    await asyncio.to_thread(first.process.wait, 20)
    # When another worker starts
    start_worker()
    # Then the follower sees the job wait again and be done
    stages = [update.stage for update in await following]
    assert stages[-1] is Stage.DONE
    assert Stage.QUEUED in stages[stages.index(Stage.PRIMING) :]


async def test_a_job_that_kills_two_workers_is_given_up(start_worker, board, ask):
    workers = [start_worker() for _ in range(2)]
    for worker in workers:
        worker.wait_until_ready()
    request, delivery = ask(random_seed=DIE_ALWAYS)
    await board.submit(request, delivery)
    failure = (await follow_to_the_end(board, request.job_id))[-1].failure
    assert failure.code == "worker_lost"
    assert "twice" in failure.sentence


async def test_a_worker_that_ends_puts_its_job_back_within_five_seconds(start_worker, board, ask, monkeypatch):
    # Given a job that takes three seconds and listens to no stop
    monkeypatch.setenv("CADENZA_WORKER_SHUTDOWN_GRACE_S", "0.2")
    first = start_worker().wait_until_ready()
    request, delivery = ask(random_seed=DEAF, length_s=300)
    await board.submit(request, delivery)
    following = asyncio.create_task(follow_to_the_end(board, request.job_id))
    await asyncio.sleep(0.3)
    # When its worker is told to end again and again
    for _ in range(2):
        await wait_for(board, request.job_id, Stage.COMPOSING)
        seconds = await asyncio.to_thread(first.end)
        assert seconds < 5
        first = await asyncio.to_thread(start_worker().wait_until_ready)
    # Then that was no fault of the job's: it is done in the end
    assert (await following)[-1].stage is Stage.DONE


async def test_an_idle_worker_ends_at_once_and_is_gone(start_worker, board):
    worker = start_worker().wait_until_ready()
    assert [info.pid for info in await board.workers()] == [worker.process.pid]
    assert worker.end() < 3
    assert worker.process.returncode == 0
    assert await board.workers() == []


async def test_two_workers_share_the_queue(start_worker, board, ask):
    for worker in [start_worker(), start_worker()]:
        worker.wait_until_ready()
    asked = [ask(user=user, length_s=100) for user in range(6)]
    for request, delivery in asked:
        await board.submit(request, delivery)
    ends = await asyncio.gather(*(follow_to_the_end(board, request.job_id) for request, _ in asked))
    assert [updates[-1].stage for updates in ends] == [Stage.DONE] * 6


async def test_the_same_request_again_is_the_same_job(start_worker, board, ask, tmp_path):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=5)
    await asyncio.gather(*(board.submit(request, delivery) for _ in range(5)))
    await follow_to_the_end(board, request.job_id)
    again = await board.submit(request, delivery)
    assert again.stage is Stage.DONE
    assert (tmp_path / "attempts-5").stat().st_size == 1
    with pytest.raises(DuplicateJob):
        await board.submit(*ask(job_id=request.job_id, random_seed=6))


async def test_without_a_worker_nothing_is_taken(board, ask):
    with pytest.raises(NoWorker) as refusal:
        await board.submit(*ask())
    assert "no worker is running" in refusal.value.sentence
    assert await board.open_records() == []


async def test_a_model_that_nobody_serves_is_refused_by_name(start_worker, board, ask):
    start_worker().wait_until_ready()
    with pytest.raises(UnknownModel) as refusal:
        await board.submit(*ask(model="kazoo"))
    assert "kazoo" in refusal.value.sentence
    assert "duo, piano" in refusal.value.sentence
    assert [(model.name, model.default) for model in await board.models()] == [("piano", True), ("duo", False)]


async def test_a_waiting_job_fails_when_no_worker_comes_back(start_worker, open_board, ask):
    # Given a worker that dies while a job waits behind another
    worker = start_worker().wait_until_ready()
    board = open_board(worker_absence_limit_s=1.5)
    await board.submit(*ask(user=1, length_s=300))
    request, delivery = ask(user=2)
    await board.submit(request, delivery)
    worker.kill()
    # When nobody comes back
    start = time.monotonic()
    failure = (await follow_to_the_end(board, request.job_id))[-1].failure
    # Then the member is told
    assert failure.code == "no_worker"
    assert time.monotonic() - start < 20


async def test_a_seed_that_is_gone_is_said_at_once(start_worker, board, ask, valkey):
    start_worker().wait_until_ready()
    seed = await board.put_blob(b"MThd", "a.mid", "audio/midi")
    valkey.client.delete(f"cadenza:blob:{seed.digest}")
    with pytest.raises(BlobGone):
        await board.submit(*ask(seed=seed))


async def test_a_member_may_have_three_open_jobs(start_worker, board, ask):
    start_worker().wait_until_ready()
    asked = [ask(length_s=60) for _ in range(3)]
    for request, delivery in asked:
        await board.submit(request, delivery)
    with pytest.raises(TooManyOpenJobs) as refusal:
        await board.submit(*ask())
    assert "3 pieces" in refusal.value.sentence
    # Then another member still may, and the first may again when one is done
    await board.submit(*ask(user=8))
    await follow_to_the_end(board, asked[0][0].job_id)
    await board.submit(*ask())


async def test_the_queue_takes_as_many_as_it_may_however_many_come_at_once(start_worker, open_board, ask):
    start_worker().wait_until_ready()
    board = open_board(open_jobs_limit=5)
    asked = [ask(user=user, length_s=300) for user in range(20)]
    outcomes = await asyncio.gather(*(board.submit(*one) for one in asked), return_exceptions=True)
    assert sum(isinstance(outcome, QueueFull) for outcome in outcomes) == 15
    assert len(await board.open_records()) == 5


async def test_a_follower_that_joins_mid_way_sees_the_state_and_the_end(start_worker, board, ask):
    start_worker().wait_until_ready()
    request, delivery = ask(length_s=200)
    await board.submit(request, delivery)
    await wait_for(board, request.job_id, Stage.COMPOSING)
    updates = await follow_to_the_end(board, request.job_id)
    assert updates[0].stage is Stage.COMPOSING
    assert updates[-1].stage is Stage.DONE
    # And one that comes after the end sees the end
    assert [update.stage for update in await follow_to_the_end(board, request.job_id)] == [Stage.DONE]

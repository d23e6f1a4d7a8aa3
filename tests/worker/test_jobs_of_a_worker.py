"""What becomes of a job that a worker takes: the real queue, real processes, a model without TensorFlow."""

from __future__ import annotations

import asyncio

import pytest

from jobs.client import CancelOutcome
from jobs.contract import Controls, PieceFacts, Recast, Stage, Update
from model.midi import read_midi, write_midi
from model.piece import NOTE, Piece, table
from tests.worker import seeds
from tests.worker.play_worker import BREAK_ALWAYS, BREAK_ONCE, DEAF, REFUSE, SILENT, STALL_ONCE
from tests.worker.processes import follow_into, follow_to_the_end, until, wait_for
from worker import mapping


async def test_a_job_is_done_and_its_files_can_be_fetched(start_worker, job_client, ask):
    # Given a worker and a seed
    start_worker().wait_until_ready()
    seed = await job_client.put_blob(write_midi(Piece(notes=table(NOTE, [(0, 500, 60, 80, 0)]))), "a.mid", "audio/midi")
    # When a job is submitted and followed
    request, delivery = ask(seed=seed)
    record = await job_client.submit(request, delivery)
    updates = await follow_to_the_end(job_client, record.job_id)
    # Then every stage was seen in order, and the files hold what the result says
    stages = [update.stage for update in updates]
    assert stages == sorted(stages, key=list(Stage).index)
    assert {Stage.COMPOSING, Stage.RENDERING, Stage.DONE} <= set(stages)
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    music = [update.music for update in updates if update.stage is Stage.COMPOSING]
    assert music == sorted(music, key=lambda told: told.done)
    assert all((told.whole, told.unit) == (30.0, "s") for told in music)
    result = updates[-1].result
    piece = read_midi(await job_client.get_blob(result.midi)).piece
    assert len(piece) == result.notes > 0
    assert (await job_client.get_blob(result.audio)).startswith(b"audio of MThd")
    assert (result.seed_s, result.random_seed, result.model_version) == (0.5, 1, "1")
    assert {"queue", "load", "sample", "render", "total"} <= set(result.timings)
    # And they are named by the title, which is read off the music
    assert result.title.startswith("Continuation")
    assert result.facts.instruments == ("piano",)
    stem = mapping.file_stem(result.title, record.job_id)
    assert [file.name for file in (result.midi, result.audio, result.picture)] == [
        f"{stem}.{end}" for end in ("mid", "mp3", "png")
    ]


async def test_another_key_and_tempo_need_no_model_and_no_new_notes(start_worker, job_client, ask, tmp_path):
    # Given a piece of two notes a second
    start_worker().wait_until_ready()
    before = Piece(notes=table(NOTE, [(0, 500, 60, 80, 0), (500, 500, 67, 80, 0)]))
    kept = await job_client.put_blob(write_midi(before), "a.mid", "audio/midi")
    facts = PieceFacts(style="waltz", tempo_bpm=120.0)
    change = Recast(semitones=3, tempo_percent=50.0, model="duo", model_version="2", seed_s=0.5, facts=facts)
    # When it is asked for three semitones higher and at half the speed
    request, delivery = ask(seed=kept, recast=change)
    await job_client.submit(request, delivery)
    result = (await follow_to_the_end(job_client, request.job_id))[-1].result
    # Then that is what comes back, told as a piece of the same model and style
    piece = read_midi(await job_client.get_blob(result.midi)).piece
    assert piece.notes["pitch"].tolist() == [63, 70]
    assert (piece.end_s, result.duration_s, result.seed_s) == (2.0, 2.0, 1.0)
    assert (result.model, result.model_version, result.facts.style) == ("duo", "2", "waltz")
    assert result.title == "Waltz · 60 bpm · 4/4 · piano"
    assert not list(tmp_path.glob("options-*"))


async def test_what_is_asked_reaches_the_model_and_what_came_of_it_is_told(start_worker, job_client, ask, tmp_path):
    # Given wishes, one of which the model does not follow
    start_worker().wait_until_ready()
    request, delivery = ask(model="duo", style="waltz", key="em", tempo_bpm=90.0, density=2, bars=8, top_p=0.5)
    # When they are asked of it
    await job_client.submit(request, delivery)
    result = (await follow_to_the_end(job_client, request.job_id))[-1].result
    # Then it heard all of them, and the result says which it followed, how original it is, and that it ended
    assert (tmp_path / "options-1").read_text() == repr(mapping.options(request))
    assert result.controls == Controls(style="waltz", key="E minor", density=2)
    assert (result.originality.share_16, result.ended, result.model_choice) == (0.03, True, None)
    # And so does the MIDI file itself
    comment = read_midi(await job_client.get_blob(result.midi)).comment
    assert comment == (
        "Composed by Cadenza: model duo 2, random seed 1. 0.0300 of its runs of 16 notes occur in the training music, "
        "and 0.0200 of those of human pieces."
    )


async def test_several_pieces_of_one_request_have_the_random_seeds_that_follow(start_worker, job_client, ask, tmp_path):
    start_worker().wait_until_ready()
    request, delivery = ask(count=3)
    await job_client.submit(request, delivery)
    updates = await follow_to_the_end(job_client, request.job_id)
    result = updates[-1].result
    # Then each is there with its files
    assert [result.random_seed, *(other.random_seed for other in result.others)] == [1, 2, 3]
    files = {other.midi.digest for other in result.others} | {result.midi.digest}
    assert len(files) == 3
    assert (await job_client.get_blob(result.others[1].audio)).startswith(b"audio of MThd")
    # And one bar tells how far all of them are
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    # And each is the piece that its random seed gives alone
    alone, delivery = ask(random_seed=3)
    await job_client.submit(alone, delivery)
    single = (await follow_to_the_end(job_client, alone.job_id))[-1].result
    pieces = [read_midi(await job_client.get_blob(file)).piece for file in (single.midi, result.others[1].midi)]
    assert pieces[0].notes.tolist() == pieces[1].notes.tolist()


async def test_where_no_model_is_named_the_seed_chooses_one_and_the_reply_says_why(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    results = []
    for piece in (seeds.performance(), seeds.band()):
        seed = await job_client.put_blob(write_midi(piece), "a.mid", "audio/midi")
        request, delivery = ask(seed=seed)
        await job_client.submit(request, delivery)
        results.append((await follow_to_the_end(job_client, request.job_id))[-1].result)
    assert [result.model for result in results] == ["piano", "duo"]
    assert "Chosen for your seed: a piano performance in free time." in results[0].model_choice
    assert "Chosen for your seed: a band with drums." in results[1].model_choice


async def test_a_reply_is_open_until_it_is_delivered(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    request, delivery = ask()
    await job_client.submit(request, delivery)
    await follow_to_the_end(job_client, request.job_id)
    assert [record.stage for record in await job_client.open_records()] == [Stage.DONE]
    await job_client.mark_delivered(request.job_id)
    assert await job_client.open_records() == []
    assert (await job_client.record(request.job_id)).delivered


async def test_the_model_refuses_in_its_own_words_and_is_not_asked_twice(start_worker, job_client, ask, tmp_path):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=REFUSE)
    await job_client.submit(request, delivery)
    failure = (await follow_to_the_end(job_client, request.job_id))[-1].failure
    assert (failure.code, failure.sentence) == ("request", "The seed leaves no room. Ask for a longer piece.")
    assert (tmp_path / f"attempts-{REFUSE}").stat().st_size == 1


async def test_a_seed_that_is_no_midi_is_refused_with_a_sentence(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    seed = await job_client.put_blob(b"not music", "notes.mid", "audio/midi")
    request, delivery = ask(seed=seed)
    await job_client.submit(request, delivery)
    failure = (await follow_to_the_end(job_client, request.job_id))[-1].failure
    assert failure.sentence
    assert failure.incident is None


async def test_silence_is_said_aloud(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=SILENT)
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].failure.code == "silent"


@pytest.mark.parametrize("fault", [BREAK_ONCE, STALL_ONCE])
async def test_a_job_that_breaks_once_gets_a_second_attempt(start_worker, job_client, ask, fault):
    start_worker().wait_until_ready()
    request, delivery = ask(random_seed=fault)
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].stage is Stage.DONE


async def test_a_job_that_breaks_twice_says_so_with_an_incident_that_is_in_the_log(start_worker, job_client, ask):
    worker = start_worker().wait_until_ready()
    request, delivery = ask(random_seed=BREAK_ALWAYS)
    await job_client.submit(request, delivery)
    failure = (await follow_to_the_end(job_client, request.job_id))[-1].failure
    assert failure.code == "internal"
    assert "twice" in failure.sentence
    assert failure.incident in failure.sentence
    log = worker.log.read_text()
    assert failure.incident in log
    assert "a fault of ours" in log


async def test_a_job_that_takes_too_long_is_ended(start_worker, open_client, ask, monkeypatch):
    # Given that a job may take one second
    monkeypatch.setenv("CADENZA_JOBS_JOB_TIMEOUT_S", "1")
    start_worker().wait_until_ready()
    job_client = open_client()
    request, delivery = ask(random_seed=DEAF, length_s=300)
    # When one takes three
    await job_client.submit(request, delivery)
    failure = (await follow_to_the_end(job_client, request.job_id))[-1].failure
    # Then it is failed at once, without a second attempt
    assert failure.code == "timed_out"
    assert "1 second" in failure.sentence
    # And the worker goes on
    request, delivery = ask()
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].stage is Stage.DONE


async def test_a_waiting_job_can_be_cancelled_and_the_others_move_up(
    start_worker, job_client, ask, let_go, monkeypatch
):
    # Given one long job running on the only slot and two waiting
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", "1")
    start_worker().wait_until_ready()
    asked = [ask(user=1), ask(user=2), ask(user=3)]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    first, second, third = (request.job_id for request, _ in asked)
    await wait_for(job_client, first, Stage.COMPOSING)
    positions = [(await anext(job_client.follow(job_id))).position for job_id in (second, third)]
    assert positions == [1, 2]
    # When the second is cancelled while the third is followed
    updates: list[Update] = []
    following = asyncio.create_task(follow_into(updates, job_client, third))
    await until(lambda: bool(updates))
    assert await job_client.cancel(second) is CancelOutcome.CANCELLED
    # Then it is cancelled for good, and the third sees itself move up
    assert (await follow_to_the_end(job_client, second))[-1].stage is Stage.CANCELLED
    await until(lambda: updates[-1].position == 1)
    let_go()
    await following
    waiting = [update.position for update in updates if update.stage is Stage.QUEUED]
    assert [place for place in waiting if place is not None] == [2, 1]  # None: taken, and not yet begun
    assert updates[-1].stage is Stage.DONE
    assert await job_client.cancel(second) is CancelOutcome.TOO_LATE


async def test_a_running_job_stops_within_a_second_and_keeps_the_piece_so_far(start_worker, job_client, ask):
    start_worker().wait_until_ready()
    request, delivery = ask(length_s=300)
    await job_client.submit(request, delivery)
    await wait_for(job_client, request.job_id, Stage.COMPOSING)
    assert await job_client.cancel(request.job_id) is CancelOutcome.STOPPING
    result = (await follow_to_the_end(job_client, request.job_id))[-1].result
    assert result.stopped
    assert 0 < result.notes < 60


async def test_a_stop_arrives_although_its_message_was_lost(start_worker, job_client, ask, valkey):
    start_worker().wait_until_ready()
    request, delivery = ask(length_s=300)
    await job_client.submit(request, delivery)
    await wait_for(job_client, request.job_id, Stage.COMPOSING)
    valkey.client.hset(f"cadenza:record:{request.job_id}", "cancel_asked", "1")
    assert (await follow_to_the_end(job_client, request.job_id))[-1].result.stopped


async def test_a_follower_that_joins_mid_way_sees_the_state_and_the_end(start_worker, job_client, ask, let_go):
    start_worker().wait_until_ready()
    request, delivery = ask()
    await job_client.submit(request, delivery)
    await wait_for(job_client, request.job_id, Stage.COMPOSING)
    updates: list[Update] = []
    following = asyncio.create_task(follow_into(updates, job_client, request.job_id))
    await until(lambda: bool(updates))
    let_go()
    await following
    assert updates[0].stage is Stage.COMPOSING
    assert updates[-1].stage is Stage.DONE
    # And one that comes after the end sees the end
    assert [update.stage for update in await follow_to_the_end(job_client, request.job_id)] == [Stage.DONE]

"""Sixteen requests at once for `python -m worker` over two tiny networks, with the real renderers.

Each piece must be the one that the same request gives alone, whatever was composed beside it and whoever died.
"""

from __future__ import annotations

import asyncio
import re

import pytest

from jobs.contract import Mode, Stage
from model.midi import write_midi
from tests.worker import seeds
from tests.worker.processes import follow_to_the_end

COUNT, SLOTS = 16, 8
MODES = (None, Mode.CONTINUE, Mode.VARY, Mode.ACCOMPANY)


@pytest.fixture
def start(start_worker, tiny_store, monkeypatch, tmp_path):
    """Starts `python -m worker` over the tiny store."""
    monkeypatch.setenv("CADENZA_STORE", tiny_store)
    monkeypatch.setenv("CADENZA_WORKER_SLOTS", str(SLOTS))
    monkeypatch.setenv("CADENZA_JOBS_LIVENESS_S", "5")  # the renderers leave a busy machine little time
    return lambda: start_worker("-m", "worker")


@pytest.fixture
async def wishes(job_client):
    """What is asked for, sixteen times: every mode of both models, each with a random seed and a length of its own."""
    files = {"piano": seeds.performance(notes=24), "band": seeds.band()}
    kept = {name: await job_client.put_blob(write_midi(piece), "a.mid", "audio/midi") for name, piece in files.items()}
    found = []
    for number in range(COUNT):
        model, mode = ("piano", "band")[number % 2], MODES[number // 2 % 4]
        seed = {} if mode is None else {"seed": kept[model], "mode": mode}
        found.append({"model": model, "random_seed": 100 + number, "length_s": 5.0 + number % 3, **seed})
    return found


async def results(job_client, ask, wishes):
    """What comes of the wishes when all of them are asked at once."""
    asked = [ask(user=user, **wish) for user, wish in enumerate(wishes)]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    followed = await asyncio.gather(*(follow_to_the_end(job_client, request.job_id) for request, _ in asked))
    assert [(updates[-1].stage, updates[-1].failure) for updates in followed] == [(Stage.DONE, None)] * len(wishes)
    return [updates[-1].result for updates in followed]


async def test_each_of_sixteen_is_the_piece_that_it_is_alone_although_their_worker_is_killed(
    start, job_client, ask, wishes
):
    # Given a worker that is killed once the first of sixteen is done
    first = start().wait_until_ready()
    asking = asyncio.create_task(results(job_client, ask, wishes))
    while len(await job_client.open_records()) < COUNT or not any(
        record.stage is Stage.DONE for record in await job_client.open_records()
    ):
        assert not asking.done()
        await asyncio.sleep(0.05)
    first.kill()
    # When another takes over
    second = start()
    found = await asking
    # Then all are done, and nobody was tried more than twice
    begun = [re.findall(r"job (\S+) begins", worker.log.read_text()) for worker in (first, second)]
    ended = re.findall(r"job (\S+) is over", first.log.read_text())
    assert sorted(set(begun[0]) | set(begun[1])) == sorted(result.job_id for result in found)
    assert all(len(ids) == len(set(ids)) for ids in begun)
    assert set() != set(begun[0]) & set(begun[1]) <= set(begun[0]) - set(ended)
    # And each is the piece that it is alone
    alone = [(await results(job_client, ask, [wish]))[0] for wish in wishes]
    for one, other, wish in zip(found, alone, wishes, strict=True):
        assert one.midi.digest == other.midi.digest
        assert (one.model, one.random_seed) == (wish["model"], wish["random_seed"])
        assert one.picture is not None
        assert one.audio is not None, one.remarks
    assert len({result.midi.digest for result in found}) == COUNT

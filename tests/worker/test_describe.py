"""Describe jobs: the real queue and a real worker process; a hostile file costs its sender a sentence only."""

from __future__ import annotations

import pytest

from jobs.contract import Delivery, DescribeRequest, Stage
from model.midi import write_midi
from model.piece import NOTE, Piece, table
from tests.worker import seeds
from tests.worker.processes import follow_to_the_end

EMPTY = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"
TOO_MANY = Piece(table(NOTE, [(step, 1, 60, 80, 0) for step in range(100_001)]), ticks_per_quarter=24)


@pytest.fixture
def describe(start_worker, job_client):
    start_worker().wait_until_ready()

    async def describe(data: bytes, job_id: str = "d1", model: str | None = None):
        seed = await job_client.put_blob(data, "a.mid", "audio/midi")
        request = DescribeRequest(job_id=job_id, requester_id=5, channel_id=6, seed=seed, model=model)
        await job_client.submit(request, Delivery(application_id=1, channel_id=6, user_id=5))
        return (await follow_to_the_end(job_client, job_id))[-1]

    return describe


async def test_a_band_is_described_with_a_picture(describe, job_client):
    last = await describe(write_midi(seeds.band()))
    assert last.stage is Stage.DONE
    found = last.result
    assert {part.name for part in found.parts} == {"Acoustic Grand Piano", "Electric Bass (finger)", "Drums"}
    assert (found.meters, found.bars) == (("4/4",), 4)
    assert (await job_client.get_blob(found.picture)).startswith(b"picture of MThd")


async def test_a_file_is_compared_with_what_a_model_learnt_from(describe):
    last = await describe(write_midi(seeds.band()), model="duo")
    assert (last.result.originality.share_16, last.result.originality.longest_run) == (0.03, 17)


async def test_what_no_seed_may_be_fails_with_its_sentence(describe):
    for number, (data, code) in enumerate(
        (
            (b"MThd but nothing else", "damaged"),
            (EMPTY, "no_notes"),
            (write_midi(TOO_MANY), "too_many_notes"),
        )
    ):
        last = await describe(data, f"d{number}")
        assert (last.stage, last.failure.code) == (Stage.FAILED, code)
        assert last.failure.sentence.endswith(".")

"""Workers that were there a moment ago: what comes meanwhile is queued, not refused."""

from __future__ import annotations

import pytest

from jobs import JobClient
from jobs.contract import Stage, WorkerInfo
from jobs.errors import NoWorker, UnknownModel
from jobs.registry import WorkerRegistry


def freeze(valkey) -> None:
    """The sign of life of the worker is overdue, as when it hangs, is stopped, or its machine sleeps."""
    valkey.client.delete("cadenza:worker:w")


def starting(**fields: object) -> WorkerInfo:
    return WorkerInfo(name="s", hostname="h", pid=1, started_at=1.0, **fields)


async def test_a_request_while_the_worker_is_frozen_waits_for_it(job_client, a_worker, ask, valkey):
    freeze(valkey)
    record = await job_client.submit(*ask(model="piano"))
    assert record.stage is Stage.QUEUED
    assert await job_client.workers() == []
    with pytest.raises(UnknownModel):
        await job_client.submit(*ask(model="kazoo"))


async def test_a_request_between_the_end_of_a_worker_and_the_start_of_the_next_waits(
    job_client, a_worker, ask, valkey, settings
):
    WorkerRegistry(valkey.client, settings).withdraw("w")
    assert (await job_client.submit(*ask())).stage is Stage.QUEUED


async def test_a_request_while_the_first_worker_starts_waits_also_for_a_model_that_it_may_serve(
    job_client, ask, valkey, settings
):
    WorkerRegistry(valkey.client, settings).expect(starting())
    assert (await job_client.submit(*ask(model="piano"))).stage is Stage.QUEUED


async def test_a_worker_that_does_not_come_back_is_expected_no_longer(valkey, ask, introduce, settings):
    settings = settings.model_copy(update={"worker_absence_limit_s": 0.5, "liveness_s": 1})
    job_client = JobClient(settings)
    introduce(valkey.client, settings)
    assert valkey.client.ttl("cadenza:recent_worker:w") == 1
    valkey.client.delete("cadenza:recent_worker:w", "cadenza:worker:w")
    with pytest.raises(NoWorker):
        await job_client.submit(*ask())
    assert valkey.client.smembers("cadenza:workers") == set()
    await job_client.close()


async def test_a_worker_that_starts_and_does_other_things_is_not_waited_for(job_client, ask, valkey, settings):
    WorkerRegistry(valkey.client, settings).expect(starting(does=("train",)))
    with pytest.raises(NoWorker):
        await job_client.submit(*ask())

"""A name in the store that points at another version: in use soon, on every worker, and never at a job's cost."""

from __future__ import annotations

import asyncio
import shutil
import time

from jobs.contract import Stage
from tests.worker import untrained
from tests.worker.play_worker import BROKEN
from tests.worker.processes import follow_to_the_end, wait_for

SOON_S, LOOK_S = 2.0, 0.05


async def versions_of_piano(job_client) -> set[str]:
    return {model.version for worker in await job_client.workers() for model in worker.models if model.name == "piano"}


async def test_new_jobs_get_the_new_version_within_two_seconds_and_running_ones_finish_on_theirs(
    start_worker, job_client, ask, tmp_path
):
    # Given two workers and a job that runs
    for worker in [start_worker(), start_worker()]:
        worker.wait_until_ready()
    running, delivery = ask(length_s=300)
    await job_client.submit(running, delivery)
    await wait_for(job_client, running.job_id, Stage.COMPOSING)
    # When the name comes to mean another version
    (tmp_path / "version-piano").write_text("7")
    start = time.monotonic()
    while await versions_of_piano(job_client) != {"7"}:
        assert time.monotonic() - start < SOON_S
        await asyncio.sleep(LOOK_S)
    # Then new jobs are composed with it, wherever they go, and each result names what composed it
    asked = [ask(user=user) for user in range(8, 14)]
    for request, delivery in asked:
        await job_client.submit(request, delivery)
    for request, _ in asked:
        assert (await follow_to_the_end(job_client, request.job_id))[-1].result.model_version == "7"
    assert (await follow_to_the_end(job_client, running.job_id))[-1].result.model_version == "1"


async def test_a_version_that_fails_to_load_is_logged_and_the_old_one_keeps_serving(
    start_worker, job_client, ask, tmp_path
):
    worker = start_worker().wait_until_ready()
    (tmp_path / "version-piano").write_text(BROKEN)
    deadline = time.monotonic() + 10 * SOON_S
    while (
        f"version {BROKEN} of the model piano is not used. The weights of bundle 'piano'" not in worker.log.read_text()
    ):
        assert time.monotonic() < deadline
    assert await versions_of_piano(job_client) == {"1"}
    request, delivery = ask()
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].result.model_version == "1"
    # And the next one that loads is used all the same, as is going back to the first
    for version in ("8", "1"):
        (tmp_path / "version-piano").write_text(version)
        while await versions_of_piano(job_client) != {version}:
            assert time.monotonic() < deadline
            await asyncio.sleep(LOOK_S)
    assert worker.log.read_text().count("is not used") == 1


async def test_a_bundle_that_is_published_while_the_worker_runs_composes_the_next_piece(
    start_worker, job_client, ask, tiny_store, tmp_path, monkeypatch
):
    # Given `python -m worker` over a store
    store = shutil.copytree(tiny_store, tmp_path / "store")
    monkeypatch.setenv("CADENZA_STORE", str(store))
    worker = start_worker("-m", "worker").wait_until_ready()
    (old,) = await versions_of_piano(job_client)
    # When a name comes to mean a version that is not there, nothing changes
    (store / "piano" / "current").write_text("0123456789ab")
    deadline = time.monotonic() + 60
    while "is not used. The model 'piano' has no version 0123456789ab." not in worker.log.read_text():
        assert time.monotonic() < deadline
        await asyncio.sleep(LOOK_S)
    assert await versions_of_piano(job_client) == {old}
    # When another is published, it composes the next piece
    new = await asyncio.to_thread(untrained.publish, str(store), "piano", seed=2)
    while await versions_of_piano(job_client) != {new}:
        assert time.monotonic() < deadline
        await asyncio.sleep(LOOK_S)
    request, delivery = ask(model="piano", length_s=5.0)
    await job_client.submit(request, delivery)
    assert (await follow_to_the_end(job_client, request.job_id))[-1].result.model_version == new != old

"""How long a job waits: the estimate beside what a queue of that kind really does."""

from __future__ import annotations

import heapq
import random

import pytest
import redis

from jobs.contract import BlobRef, ComposeRequest, ComposeResult, Delivery, Stage, WorkerInfo
from jobs.estimates import QueueState, WaitEstimator
from jobs.progress import ProgressReporter
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings


def real_waits(waiting: int, running: int, slots: int, durations: list[float], chance: random.Random) -> list[float]:
    """Seconds until each waiting job starts, where those that run began at some moment before."""
    free_at = [chance.random() * durations[index] for index in range(running)] + [0.0] * (slots - running)
    heapq.heapify(free_at)
    starts = []
    for index in range(waiting):
        start = heapq.heappop(free_at)
        starts.append(start)
        heapq.heappush(free_at, start + durations[running + index])
    return starts


@pytest.mark.parametrize(("slots", "running", "waiting"), [(1, 1, 6), (2, 2, 10), (8, 8, 24), (8, 5, 12), (4, 0, 3)])
def test_the_estimate_is_near_the_real_wait(slots: int, running: int, waiting: int):
    """Jobs take 2 to 8 seconds; over many such queues the estimate is within a quarter of the wait, or a second."""
    chance = random.Random(1)
    sums = [0.0] * waiting
    for _ in range(400):
        durations = [chance.uniform(2, 8) for _ in range(running + waiting)]
        for index, wait in enumerate(real_waits(waiting, running, slots, durations, chance)):
            sums[index] += wait / 400
    state = QueueState(tuple(map(str, range(waiting))), running, slots, mean_s=5.0)
    for index, wait in enumerate(sums):
        estimated = state.wait_s(index + 1)
        assert estimated == pytest.approx(wait, abs=max(1.0, 0.25 * wait))


def test_what_is_not_known_is_not_estimated():
    assert QueueState((), 0, 1, None).wait_s(1) is None
    assert QueueState((), 0, 0, 5.0).ready_s(1) is None
    assert QueueState((), 0, 2, 5.0).ready_s(1) == 5.0


def test_durations_make_a_moving_average(valkey):
    settings = JobSettings()
    WorkerRegistry(valkey.client, settings).publish(
        WorkerInfo(name="w", hostname="h", pid=1, started_at=1.0, slots=8, does=("compose", "library"))
    )
    estimator = WaitEstimator(valkey.client, settings)
    assert estimator.state("compose") == QueueState((), 0, 8, None)
    estimator.note("compose", 10.0)
    estimator.note("compose", 20.0)
    assert estimator.state("compose").mean_s == pytest.approx(12.0)
    assert (estimator.state("library").slots, estimator.state("train").slots) == (1, 0)


def test_a_job_is_done_although_its_duration_cannot_be_noted(valkey, monkeypatch):
    settings = JobSettings()
    request = ComposeRequest(job_id="a", requester_id=1, channel_id=2, random_seed=3)
    records = RecordStore(valkey.client, settings)
    records.admit(request, Delivery(application_id=1, channel_id=2, user_id=1))
    reporter = ProgressReporter("a", valkey.client, settings)

    def refuse(*_: object) -> None:
        raise redis.OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'.")

    monkeypatch.setattr(WaitEstimator, "note", refuse)
    midi = BlobRef(digest="0" * 64, size=1, name="a.mid")
    result = ComposeResult(
        job_id="a", midi=midi, audio=None, picture=None, model="piano", model_version="1", notes=1, duration_s=1,
        seed_s=0, random_seed=3,
    )  # fmt: skip
    assert reporter.done(result)
    assert records.get("a").stage is Stage.DONE

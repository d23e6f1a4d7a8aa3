"""How long a job waits: the estimate beside what a queue of that kind really does."""

from __future__ import annotations

import heapq
import random

import pytest
import redis

from jobs.contract import BlobRef, ComposeRequest, ComposeResult, Delivery, Stage, WorkerInfo
from jobs.estimates import Pace, QueueState, WaitEstimator
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
    state = QueueState(tuple(map(str, range(waiting))), running, slots, Pace(5.0, 0.0))
    for index, wait in enumerate(sums):
        estimated = state.wait_s(index + 1)
        assert estimated == pytest.approx(wait, abs=max(1.0, 0.25 * wait))


def test_what_is_not_known_is_not_estimated():
    assert QueueState((), 0, 1, None).wait_s(1) is None
    assert QueueState((), 0, 0, Pace(5.0, 0.0)).ready_s(1) is None
    assert QueueState((), 0, 2, Pace(5.0, 0.0)).ready_s(1) == 5.0


def test_a_queue_knows_its_slots_and_nothing_of_durations_at_first(valkey):
    settings = JobSettings()
    WorkerRegistry(valkey.client, settings).publish(
        WorkerInfo(name="w", hostname="h", pid=1, started_at=1.0, slots=8, does=("compose", "library"))
    )
    estimator = WaitEstimator(valkey.client, settings)
    assert estimator.state("compose") == QueueState((), 0, 8, None)
    assert (estimator.state("library").slots, estimator.state("train").slots) == (1, 0)


@pytest.fixture
def noted(valkey, monkeypatch):
    """Notes jobs that ran for so many seconds beside so many others, and gives the pace."""
    estimator = WaitEstimator(valkey.client, JobSettings())

    def noted(*jobs: tuple[int, float]) -> Pace:
        for running, seconds in jobs:
            monkeypatch.setattr(estimator, "_running", lambda _kind, running=running: running)
            estimator.note("compose", seconds)
        pace = estimator.state("compose").pace
        assert pace is not None
        return pace

    return noted


def test_one_duration_is_taken_to_grow_with_the_number_of_jobs(noted):
    pace = noted((1, 4.0))
    assert pace.duration_s(1) == pytest.approx(4.0)
    assert 4.0 < pace.duration_s(8) < 8 * 4.0


def test_durations_of_jobs_side_by_side_tell_how_they_share_the_machine(noted):
    """A job takes 4 seconds alone, and 14 beside seven others."""
    pace = noted(*[(1, 4.0), (8, 14.0), (4, 8.3)] * 10)
    assert pace.duration_s(1) == pytest.approx(4.0, abs=0.5)
    assert pace.duration_s(8) == pytest.approx(14.0, abs=0.5)


def test_jobs_that_do_not_slow_each_other_down_stay_as_fast(noted):
    pace = noted(*[(1, 5.0), (8, 5.0)] * 10)
    assert pace.duration_s(8) == pytest.approx(5.0, abs=0.5)


def test_the_estimate_follows_a_machine_that_becomes_slower(noted):
    assert noted(*[(2, 4.0)] * 30, *[(2, 12.0)] * 30).duration_s(2) == pytest.approx(12.0, abs=1.0)


def test_a_full_queue_on_a_shared_machine_is_estimated_as_it_really_goes(noted):
    """18 jobs, 8 slots: all that run get the same share of a machine that does one second of work a second."""
    demand, slots, jobs = 1.75, 8, 18
    pace = noted(*[(1, demand), (8, 8 * demand)] * 10)
    left, ends, now, begun = [], [], 0.0, 0
    while len(ends) < jobs:
        while len(left) < slots and begun < jobs:
            left.append(demand)
            begun += 1
        step = min(left)
        now += step * len(left)
        left = [one - step for one in left]
        ends += [now] * sum(one < 1e-9 for one in left)
        left = [one for one in left if one >= 1e-9]
    state = QueueState(tuple(str(number) for number in range(10)), 8, slots, pace)
    assert state.ready_s(10) == pytest.approx(ends[-1], rel=0.25)


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

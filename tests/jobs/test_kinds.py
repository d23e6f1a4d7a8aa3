"""Jobs of several kinds: each in its queue, within its limits; trainings of one server begin one after another."""

from __future__ import annotations

import time

import pytest

from jobs import JobClient
from jobs.client import CancelOutcome
from jobs.contract import (
    CreateDataSet,
    Delivery,
    Done,
    LibraryRequest,
    LibraryResult,
    ListDataSets,
    ModelInfo,
    Record,
    Stage,
    TrainProgress,
    TrainRequest,
    TrainResult,
    Verdict,
    WorkerInfo,
)
from jobs.errors import NoWorker, QueueFull, TooManyOpenJobs, UnknownModel
from jobs.guild_state import NameCache
from jobs.progress import ProgressReporter
from jobs.queues import KINDS, JobLocation, JobQueue, queue_config
from jobs.records import RecordStore
from jobs.recovery import JobMonitor, Recovery
from jobs.registry import WorkerRegistry

HERE, THERE = 11, 12
DELIVERY = Delivery(application_id=1, interaction_token="t", channel_id=2, user_id=3)


def training(job_id: str, guild_id: int = HERE, **fields: object) -> TrainRequest:
    said = {"data_set": "rags", "name": "rags", "base": "piano"} | fields
    return TrainRequest(job_id=job_id, requester_id=3, guild_id=guild_id, channel_id=2, **said)


def errand(job_id: str, guild_id: int = HERE) -> LibraryRequest:
    return LibraryRequest(job_id=job_id, requester_id=3, guild_id=guild_id, channel_id=2, action=ListDataSets())


def verdict(job_id: str) -> TrainResult:
    judged = Verdict(before_nats=9.0, after_nats=8.0, gain=0.1)
    return TrainResult(
        job_id=job_id, name="rags", model_version="0" * 12, verdict=judged, epochs=3, best_epoch=2, seconds=1.0
    )


@pytest.fixture
def able(valkey, settings):
    """A worker that does everything."""
    models = (
        ModelInfo(name="piano", version="1", title="Piano", default=True),
        ModelInfo(name="rags", version="2", title="Rags", guild_id=HERE),
    )
    worker = WorkerInfo(name="w", hostname="h", pid=1, started_at=time.time(), models=models, does=KINDS)
    WorkerRegistry(valkey.client, settings).publish(worker)


def queued(valkey, queue: str) -> list[str]:
    return [job.decode() for job in valkey.client.lrange(f"rq:queue:{queue}", 0, -1)]


async def test_each_kind_waits_in_a_queue_of_its_own(job_client, able, ask, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    await job_client.submit(errand("e"), DELIVERY)
    await job_client.submit(training("t"), DELIVERY)
    assert (queued(valkey, "compose"), queued(valkey, "library"), queued(valkey, "train")) == (
        [request.job_id],
        ["e"],
        ["t"],
    )


@pytest.mark.parametrize("request_of", [errand, training])
async def test_what_no_live_worker_does_is_refused(job_client, a_worker, request_of):
    with pytest.raises(NoWorker, match=r"work on data sets|train right now"):
        await job_client.submit(request_of("1"), DELIVERY)


async def test_the_trainings_of_one_server_begin_one_after_another(job_client, able, valkey, settings):
    # Given three trainings of one server and one of another
    for job_id in ("a", "b", "c"):
        await job_client.submit(training(job_id), DELIVERY)
    await job_client.submit(training("d", THERE), DELIVERY)
    # Then only the first of each is to be taken
    assert queued(valkey, "train") == ["a", "d"]
    # When the first is over, the next is, whoever looks
    JobQueue(valkey.client, settings, queue_config("train", settings)).withdraw("a")
    ProgressReporter("a", valkey.client, settings).done(verdict("a"))
    Recovery(valkey.client, settings).run()
    assert queued(valkey, "train") == ["d", "b"]


async def test_who_waits_for_their_turn_is_told_their_place_and_can_step_back(job_client, able, valkey):
    for job_id in ("a", "b"):
        await job_client.submit(training(job_id), DELIVERY)
    followed = [update async for update in _some(job_client, "b", 1)]
    assert followed[0].position == 2
    assert await job_client.cancel("b") is CancelOutcome.CANCELLED
    assert (await job_client.record("b")).stage is Stage.CANCELLED
    assert queued(valkey, "train") == ["a"]


async def test_a_waiting_training_is_not_taken_for_lost(job_client, able, valkey, settings):
    for job_id in ("a", "b"):
        await job_client.submit(training(job_id), DELIVERY)
    # When followers and idle workers look again and again, who take a job for lost at once
    hasty = settings.model_copy(update={"adrift_limit_s": 0.0})
    monitor, recovery = JobMonitor("b", valkey.client, hasty), Recovery(valkey.client, hasty)
    _, last = monitor.join()
    for _ in range(3):
        last = monitor.check(last)
        recovery.run()
    assert queued(valkey, "train") == ["a"]
    assert (await job_client.record("b")).stage is Stage.QUEUED


async def test_a_server_and_all_servers_have_limits(valkey, able, settings):
    records = RecordStore(valkey.client, settings.model_copy(update={"open_trainings_limit": 4}))
    for job_id in ("a", "b", "c"):
        records.admit(training(job_id), DELIVERY)
    with pytest.raises(TooManyOpenJobs, match="3 trainings waiting"):
        records.admit(training("d"), DELIVERY)
    records.admit(training("e", THERE), DELIVERY)
    with pytest.raises(QueueFull, match="4 trainings are waiting"):
        records.admit(training("f", THERE), DELIVERY)


async def test_trainings_do_not_count_towards_a_members_pieces(job_client, able, ask):
    for job_id in ("a", "b", "c"):
        await job_client.submit(training(job_id), DELIVERY)
    request, delivery = ask(user=3)
    await job_client.submit(request, delivery)


async def test_progress_and_verdict_reach_a_follower(job_client, able, valkey, settings):
    await job_client.submit(training("a"), DELIVERY)
    reporter = ProgressReporter("a", valkey.client, settings)
    reporter.update(Stage.TRAINING, 0.4, training=TrainProgress(epoch=2, epochs=5, val_nats=8.5))
    updates = _some(job_client, "a", 2)
    first = await anext(updates)
    reporter.done(verdict("a"))
    last = await anext(updates)
    assert (first.training.epoch, first.training.val_nats) == (2, 8.5)
    assert last.result == verdict("a")


async def test_a_new_epoch_is_always_news(able, valkey, settings, job_client):
    await job_client.submit(training("a"), DELIVERY)
    reporter = ProgressReporter("a", valkey.client, settings)
    for epoch in range(4):
        reporter.update(Stage.TRAINING, 0.5, training=TrainProgress(epoch=epoch))
    last = valkey.client.xrevrange("cadenza:progress:a", count=1)[0][1][b"update"]
    assert b'"epoch":3' in last


async def test_a_servers_trainings_are_listed_the_newest_first(job_client, able):
    for job_id in ("a", "b"):
        await job_client.submit(training(job_id), DELIVERY)
    await job_client.submit(training("c", THERE), DELIVERY)
    assert [record.job_id for record in await job_client.trainings(HERE)] == ["b", "a"]


async def test_an_errand_is_answered(job_client, able, valkey, settings):
    await job_client.submit(errand("e"), DELIVERY)
    answer = LibraryResult(job_id="e", answer=Done(sentence="It is done."))
    ProgressReporter("e", valkey.client, settings).done(answer)
    assert (await job_client.record("e")).result == answer


async def test_a_servers_own_model_is_for_its_members_only(job_client, able, ask):
    assert [model.name for model in await job_client.models(HERE)] == ["piano", "rags"]
    assert [model.name for model in await job_client.models(THERE)] == ["piano"]
    request, delivery = ask(model="rags")
    with pytest.raises(UnknownModel):
        await job_client.submit(request.model_copy(update={"guild_id": THERE}), delivery)
    await job_client.submit(request.model_copy(update={"guild_id": HERE}), delivery)


async def test_a_servers_own_model_hides_the_shared_one_of_its_name(job_client, valkey, settings):
    both = [ModelInfo(name="piano", version=str(n), title="", guild_id=guild) for n, guild in enumerate((None, HERE))]
    for models in (tuple(both), tuple(reversed(both))):
        worker = WorkerInfo(name="w", hostname="h", pid=1, started_at=1.0, models=models)
        WorkerRegistry(valkey.client, settings).publish(worker)
        assert [model.version for model in await job_client.models(HERE)] == ["1"]
        assert [model.version for model in await job_client.models(THERE)] == ["0"]


async def test_a_server_can_prefer_a_model_and_take_that_back(job_client):
    assert await job_client.preferred(HERE) is None
    await job_client.prefer(HERE, "rags")
    assert (await job_client.preferred(HERE), await job_client.preferred(THERE)) == ("rags", None)
    await job_client.prefer(HERE, None)
    assert await job_client.preferred(HERE) is None


async def test_names_are_those_told_last(job_client, valkey):
    names = NameCache(valkey.client)
    names.tell(HERE, "data_sets", ["b", "a"])
    assert await job_client.names(HERE, "data_sets") == ["a", "b"]
    names.tell(HERE, "data_sets", [])
    assert await job_client.names(HERE, "data_sets") == []


def test_a_record_of_any_kind_survives_the_way_through_redis(valkey, settings):
    records = RecordStore(valkey.client, settings)
    action = CreateDataSet(name="rags", licence="public-domain")
    for request in (training("a"), errand("b").model_copy(update={"action": action})):
        records.admit(request, DELIVERY)
        assert records.get(request.job_id).request == request


def test_a_training_begins_somewhere():
    with pytest.raises(ValueError, match="with a base or from scratch"):
        training("a", base=None)
    with pytest.raises(ValueError, match="with a base or from scratch"):
        training("a", preset="small")


def test_a_record_of_version_two_is_read(ask):
    request, delivery = ask()
    said = request.model_dump(mode="json", exclude={"kind", "preferred"}) | {"version": 2}
    record = Record.model_validate({"request": said, "delivery": delivery, "stage": "queued", "enqueued_at": 1.0})
    assert (record.kind, record.request) == ("compose", request)


async def test_a_lost_training_goes_on_many_times(job_client, able, valkey, settings):
    await job_client.submit(training("a"), DELIVERY)
    queue = JobQueue(valkey.client, settings, queue_config("train", settings))
    assert queue.location("a") is JobLocation.WAITING
    assert queue.rq.fetch_job("a").retries_left == settings.training_retries


async def _some(job_client: JobClient, job_id: str, count: int):
    seen = 0
    async for update in job_client.follow(job_id):
        yield update
        seen += 1
        if seen == count:
            return

"""Whose job is next: servers take turns, and within a server its members do."""

from __future__ import annotations

import time

import pytest
from rq.job import Job
from rq.registry import StartedJobRegistry

from jobs.contract import ComposeRequest, Delivery, LibraryRequest, ListDataSets
from jobs.queues import JobQueue, queue_config
from jobs.records import RecordStore

DELIVERY = Delivery(application_id=1, channel_id=2, user_id=3)


@pytest.fixture
def queue(valkey, settings):
    return JobQueue(valkey.client, settings, queue_config("compose", settings))


@pytest.fixture
def ask_for(valkey, settings):
    """Puts pieces into the queue: 'a1' is the first of member a; a server's number may be given."""
    records = RecordStore(valkey.client, settings.model_copy(update={"member_open_jobs_limit": 99}))

    def submit(*names: str, server: int | None = 1) -> None:
        for name in names:
            fields = {"job_id": name, "requester_id": ord(name[0]), "guild_id": server, "channel_id": 2}
            records.admit(ComposeRequest(random_seed=1, **fields), DELIVERY)

    return submit


def start(queue: JobQueue, valkey, job_id: str) -> None:
    """Does what a worker does that begins a job it took."""
    queue.forget_taken(job_id)
    valkey.client.zadd(queue.rq.started_job_registry.key, {f"{job_id}:x": time.time() + 60})


def end(queue: JobQueue, valkey, job_id: str) -> None:
    valkey.client.zrem(queue.rq.started_job_registry.key, f"{job_id}:x")


def test_members_of_a_server_take_turns(queue, ask_for):
    ask_for("a1", "a2", "a3", "b1", "b2", "c1")
    assert queue.order() == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_servers_take_turns_however_many_members_ask(queue, ask_for):
    ask_for("a1", "b1", "c1", "d1", server=1)
    ask_for("e1", "e2", server=2)
    assert queue.order() == ["a1", "e1", "b1", "e2", "c1", "d1"]


def test_each_member_in_private_messages_counts_as_a_server(queue, ask_for):
    ask_for("a1", "a2", "b1", server=None)
    assert queue.order() == ["a1", "b1", "a2"]


def test_who_has_the_fewest_running_is_next(queue, ask_for, valkey):
    # Given that a member's first piece runs and another of theirs was taken a moment ago
    ask_for("a1", "a2", "a3", "a4")
    start(queue, valkey, queue.take())
    assert queue.take() == "a2"
    # When another asks
    ask_for("b1", "b2")
    # Then they come first, twice, and after that by turns
    assert queue.order() == ["b1", "b2", "a3", "a4"]
    end(queue, valkey, "a1")
    assert queue.order() == ["b1", "a3", "b2", "a4"]


def test_the_order_told_is_the_order_of_taking(queue, ask_for, valkey):
    ask_for("a1", "a2", "b1", server=1)
    ask_for("c1", "d1", "c2", server=2)
    told, taken = queue.order(), []
    while (job_id := queue.take()) is not None:
        start(queue, valkey, job_id)
        taken.append(job_id)
    assert taken == told
    assert [queue.position(name) for name in told] == [None] * 6


def test_a_place_in_the_queue_is_one_in_the_order_of_taking(queue, ask_for):
    ask_for("a1", "a2", "a3", "b1")
    assert [queue.position(name) for name in ("a1", "b1", "a2", "a3")] == [1, 2, 3, 4]


def test_what_is_kept_for_newcomers_goes_to_them_only(queue, ask_for, valkey):
    ask_for("a1", "a2")
    start(queue, valkey, queue.take())
    assert queue.take("member") is None
    ask_for("b1")
    assert queue.take("member") == "b1"
    assert queue.take() == "a2"


def test_a_server_with_a_command_under_way_leaves_the_last_slot_to_others(valkey, settings):
    records = RecordStore(valkey.client, settings)
    queue = JobQueue(valkey.client, settings, queue_config("library", settings))
    for job_id, member, server in (("a", 1, 1), ("b", 2, 1), ("c", 3, 2)):
        fields = {"job_id": job_id, "requester_id": member, "guild_id": server, "channel_id": 2}
        records.admit(LibraryRequest(action=ListDataSets(), **fields), DELIVERY)
    assert queue_config("library", settings).reserved_for == "server"
    assert [queue.take(), queue.take("server"), queue.take("server")] == ["a", "c", None]


def test_a_job_that_was_put_back_comes_before_its_members_others(queue, ask_for, valkey):
    ask_for("a1", "a2", "b1")
    taken = queue.take()
    queue.requeue_taken(taken)
    assert queue.order() == ["a1", "b1", "a2"]


def test_a_job_queued_by_a_version_that_named_no_owner_is_taken_too(queue, ask_for, valkey):
    ask_for("a1", "a2")
    valkey.client.hdel(Job.key_for("a2"), "cadenza_server", "cadenza_member")
    assert queue.order() == ["a1", "a2"]
    assert isinstance(queue.rq.started_job_registry, StartedJobRegistry)

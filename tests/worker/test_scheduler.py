"""Nightly trainings: asked for once a night, where a server wishes it and enough is new; never promoted."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from jobs import JobSettings
from jobs.contract import WorkerInfo
from jobs.guild_state import NameCache, NightlySchedule, ScheduleStore
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from tests.worker.test_library import midi
from worker.library.server_library import ServerLibrary
from worker.scheduler import NightlyScheduler
from worker.settings import WorkerSettings

HERE, CHANNEL, ADMIN = 41, 42, 43
NIGHT = datetime.fromtimestamp(time.time() + 86400, UTC).replace(hour=3, minute=10).timestamp()
HOUR_S = 3600.0


@pytest.fixture
def settings(tmp_path) -> WorkerSettings:
    return WorkerSettings(library=tmp_path)


@pytest.fixture
def job_settings(valkey) -> JobSettings:
    return JobSettings()


@pytest.fixture
def scheduler(settings, job_settings, valkey) -> NightlyScheduler:
    worker = WorkerInfo(name="w", hostname="h", pid=1, started_at=1.0, does=("train",))
    WorkerRegistry(valkey.client, job_settings).publish(worker)
    return NightlyScheduler(settings, job_settings, valkey.client)


@pytest.fixture
def wish(valkey):
    """Notes what the server wishes."""

    def wish() -> None:
        ScheduleStore(valkey.client).set(HERE, NightlySchedule(enabled=True, channel_id=CHANNEL, user_id=ADMIN))

    return wish


def gather(settings: WorkerSettings, numbers: range) -> None:
    sets = ServerLibrary(settings, HERE).data_sets
    if "starred" not in sets.names():
        sets.create("starred", "composed")
    sets.add("starred", [(f"{n}.mid", midi(n, 50 + n)) for n in numbers], "starred")


def asked(valkey, job_settings: JobSettings) -> list[str]:
    return sorted(record.job_id for record in RecordStore(valkey.client, job_settings).trainings(HERE))


def test_a_night_has_one_training_in_the_channel_however_many_look(scheduler, wish, settings, job_settings, valkey):
    # Given a server that wishes it and has starred enough
    wish()
    gather(settings, range(10))
    # When two workers look, again and again, in that hour
    other = NightlyScheduler(settings, job_settings, valkey.client)
    for check in (scheduler.check, other.check, scheduler.check):
        check(NIGHT)
    # Then there is one training, with its message in the channel
    (job_id,) = asked(valkey, job_settings)
    record = RecordStore(valkey.client, job_settings).get(job_id)
    assert (record.request.data_set, record.request.base, record.request.nightly) == ("starred", "piano", True)
    assert (record.delivery.channel_id, record.delivery.interaction_token) == (CHANNEL, None)


def test_by_day_nothing_is_asked(scheduler, wish, settings, job_settings, valkey):
    wish()
    gather(settings, range(10))
    scheduler.check(NIGHT + HOUR_S)
    assert asked(valkey, job_settings) == []


def test_the_next_night_needs_something_new(scheduler, wish, settings, job_settings, valkey, monkeypatch):
    # Given a training of last night
    wish()
    gather(settings, range(10))
    scheduler.check(NIGHT)
    first = asked(valkey, job_settings)
    # When nothing was starred since, nothing is asked
    scheduler.check(NIGHT + 24 * HOUR_S)
    assert asked(valkey, job_settings) == first
    # And when enough was, it is
    monkeypatch.setattr(time, "time", lambda: NIGHT + 12 * HOUR_S)
    gather(settings, range(20, 24))
    monkeypatch.undo()
    scheduler.check(NIGHT + 24 * HOUR_S)
    assert len(asked(valkey, job_settings)) == 2


def test_too_few_pieces_and_a_wish_taken_back_are_left_alone(scheduler, wish, settings, job_settings, valkey):
    wish()
    gather(settings, range(5))
    scheduler.check(NIGHT)
    gather(settings, range(5, 12))
    ScheduleStore(valkey.client).set(HERE, NightlySchedule(enabled=False, channel_id=CHANNEL, user_id=ADMIN))
    scheduler.check(NIGHT)
    assert asked(valkey, job_settings) == []


def test_it_begins_with_the_model_that_the_server_prefers(scheduler, wish, settings, job_settings, valkey):
    wish()
    NameCache(valkey.client).prefer(HERE, "rags")
    gather(settings, range(10))
    scheduler.check(NIGHT)
    (job_id,) = asked(valkey, job_settings)
    assert RecordStore(valkey.client, job_settings).get(job_id).request.base == "rags"

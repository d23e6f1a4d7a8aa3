"""What nightly training each server wishes."""

from __future__ import annotations

from jobs.guild_state import NightlySchedule, ScheduleStore


def test_a_wish_is_kept_and_a_noted_run_outlives_a_change_of_it(valkey) -> None:
    store = ScheduleStore(valkey.client)
    assert store.get(1) is None
    store.set(1, NightlySchedule(enabled=True, channel_id=5, user_id=7))
    assert store.get(1) == NightlySchedule(enabled=True, channel_id=5, user_id=7, data_set="starred", last_run=None)
    store.mark_run(1, 100.5)
    store.set(1, NightlySchedule(enabled=False, channel_id=6, user_id=7, data_set="waltzes", base="piano"))
    assert store.get(1) == NightlySchedule(
        enabled=False, channel_id=6, user_id=7, data_set="waltzes", base="piano", last_run=100.5
    )
    store.set(1, NightlySchedule(enabled=True, channel_id=6, user_id=7))
    assert store.get(1).base is None


def test_all_tells_the_servers_that_ever_wished_one(valkey) -> None:
    store = ScheduleStore(valkey.client)
    store.set(2, NightlySchedule(enabled=True, channel_id=5, user_id=7))
    store.set(1, NightlySchedule(enabled=False, channel_id=6, user_id=7))
    store.mark_run(3, 1.0)
    assert list(store.all()) == [1, 2]
    assert not store.all()[1].enabled

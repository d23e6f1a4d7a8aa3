"""Which servers want a nightly training, and of what. The bot writes it; the worker's scheduler reads it.

Each server has one hash, so that recording a run cannot undo what an admin changes at the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import redis
from pydantic import Field

from jobs import keys
from jobs.contract import STARRED, BundleName, Contract, SetName


class NightlySchedule(Contract):
    """The nightly training of one server; `last_run` is set by the scheduler."""

    enabled: bool
    channel_id: int = Field(description="where the training shows itself")
    user_id: int = Field(description="the admin who set it; told when the channel is closed by then")
    data_set: SetName = STARRED
    base: BundleName | None = Field(default=None, description="None: the model that composes there by default")
    last_run: float | None = Field(default=None, description="epoch seconds; None: never")


class ScheduleStore:
    """Reads and writes the schedules."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def set(self, guild_id: int, schedule: NightlySchedule) -> None:
        """Set the server's schedule; `last_run` stays as it was."""
        said: Mapping[Any, Any] = {
            "enabled": int(schedule.enabled),
            "channel_id": schedule.channel_id,
            "user_id": schedule.user_id,
            "data_set": schedule.data_set,
            "base": schedule.base or "",
        }
        self._connection.hset(keys.nightly(guild_id), mapping=said)
        self._connection.sadd(keys.NIGHTLIES, guild_id)

    def get(self, guild_id: int) -> NightlySchedule | None:
        """The server's schedule; None when it never had one."""
        found = cast(dict[bytes, bytes], self._connection.hgetall(keys.nightly(guild_id)))
        if b"channel_id" not in found:
            return None
        said = {name.decode(): value.decode() for name, value in found.items()}
        return NightlySchedule.model_validate(said | {"base": said.get("base") or None})

    def all(self) -> dict[int, NightlySchedule]:
        """The schedules of all servers, disabled ones included."""
        servers = sorted(int(server) for server in cast(set[bytes], self._connection.smembers(keys.NIGHTLIES)))
        found = {server: self.get(server) for server in servers}
        return {server: schedule for server, schedule in found.items() if schedule is not None}

    def mark_run(self, guild_id: int, at: float) -> None:
        """Record that a training of the server was started at `at` (epoch seconds)."""
        self._connection.hset(keys.nightly(guild_id), "last_run", str(at))

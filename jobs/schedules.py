"""Which servers want a training every night, and of what; the bot writes it, whoever starts the trainings reads it.

One hash for each server, so that noting a run cannot undo what an admin sets at the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import redis
from pydantic import Field

from jobs import keys
from jobs.contract import STARRED, BundleName, Contract, SetName


class NightlySchedule(Contract):
    """What a server wishes; `last_run` is noted by whoever starts the trainings."""

    enabled: bool
    channel_id: int = Field(description="where the training shows itself")
    user_id: int = Field(description="the admin who wished it; told where the channel is closed by then")
    data_set: SetName = STARRED
    base: BundleName | None = Field(default=None, description="None: the model that composes there by default")
    last_run: float | None = Field(default=None, description="epoch seconds; None: never")


class ScheduleStore:
    """Reads and writes the wishes."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def set(self, guild_id: int, wish: NightlySchedule) -> None:
        """Note what the server wishes; when it last ran stays as it was."""
        said: Mapping[Any, Any] = {
            "enabled": int(wish.enabled),
            "channel_id": wish.channel_id,
            "user_id": wish.user_id,
            "data_set": wish.data_set,
            "base": wish.base or "",
        }
        self._connection.hset(keys.nightly(guild_id), mapping=said)
        self._connection.sadd(keys.NIGHTLIES, guild_id)

    def get(self, guild_id: int) -> NightlySchedule | None:
        """What the server wishes; None where nobody ever said."""
        found = cast(dict[bytes, bytes], self._connection.hgetall(keys.nightly(guild_id)))
        if b"channel_id" not in found:
            return None
        said = {name.decode(): value.decode() for name, value in found.items()}
        return NightlySchedule.model_validate(said | {"base": said.get("base") or None})

    def all(self) -> dict[int, NightlySchedule]:
        """The wishes of all servers, by server, also of those that have switched it off."""
        servers = sorted(int(server) for server in cast(set[bytes], self._connection.smembers(keys.NIGHTLIES)))
        found = {server: self.get(server) for server in servers}
        return {server: wish for server, wish in found.items() if wish is not None}

    def mark_run(self, guild_id: int, at: float) -> None:
        """Note that a training of the server was started at `at` (epoch seconds)."""
        self._connection.hset(keys.nightly(guild_id), "last_run", str(at))

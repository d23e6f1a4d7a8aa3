"""What Redis holds for each server beside its jobs: cached names, the default model, the nightly training.

Workers write the cached names, the bot reads them for autocomplete and early checks. The bot writes the default model
and the nightly schedule; the workers' scheduler reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

import redis
from pydantic import Field

from jobs import keys
from jobs.contract import STARRED, BundleName, Contract, SetName

What = Literal["data_sets", "models"]


class NameCache:
    """Reads and writes the cached names. The data sets and models themselves are in the stores of the workers."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def tell(self, guild_id: int, what: What, names: Iterable[str]) -> None:
        """Replace all names."""
        key, wanted = keys.names(guild_id, what), list(names)
        with self._connection.pipeline() as pipeline:
            pipeline.delete(key)
            if wanted:
                pipeline.sadd(key, *wanted)
            pipeline.execute()

    def names(self, guild_id: int, what: What) -> list[str]:
        """All names, sorted."""
        found = cast(set[bytes], self._connection.smembers(keys.names(guild_id, what)))
        return sorted(name.decode() for name in found)

    def tell_data_sets(self, guild_id: int, sizes: Mapping[str, int]) -> None:
        """Replace all data sets, each with its number of pieces."""
        self.tell(guild_id, "data_sets", sizes)
        said: Mapping[Any, Any] = {"": 0, **sizes}  # a hash cannot be empty
        with self._connection.pipeline() as pipeline:
            pipeline.delete(keys.data_set_sizes(guild_id))
            pipeline.hset(keys.data_set_sizes(guild_id), mapping=said)
            pipeline.execute()

    def data_set_sizes(self, guild_id: int) -> dict[str, int] | None:
        """The server's data sets, each with its number of pieces; None where no worker has told yet."""
        found = cast(dict[bytes, bytes], self._connection.hgetall(keys.data_set_sizes(guild_id)))
        return {name.decode(): int(pieces) for name, pieces in found.items() if name} if found else None

    def tell_full(self, guild_id: int, reasons: Mapping[str, str]) -> None:
        """Say why the server can have no other model ('count'), or no other version of any ('size')."""
        with self._connection.pipeline() as pipeline:
            pipeline.delete(keys.full(guild_id))
            for name, reason in reasons.items():
                pipeline.hset(keys.full(guild_id), name, reason)
            pipeline.execute()

    def full(self, guild_id: int) -> dict[str, str]:
        """Why the server can have no other model ('count'), or no other version of any ('size')."""
        found = cast(dict[bytes, bytes], self._connection.hgetall(keys.full(guild_id)))
        return {name.decode(): reason.decode() for name, reason in found.items()}

    def prefer(self, guild_id: int, model: BundleName | None) -> None:
        """Set the server's default model; None removes it."""
        if model is None:
            self._connection.hdel(keys.PREFERRED, str(guild_id))
        else:
            self._connection.hset(keys.PREFERRED, str(guild_id), model)

    def preferred(self, guild_id: int) -> BundleName | None:
        """The server's default model; None when it has none."""
        found = cast(bytes | None, self._connection.hget(keys.PREFERRED, str(guild_id)))
        return None if found is None else found.decode()


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

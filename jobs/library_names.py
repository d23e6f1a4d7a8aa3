"""The names of each server's data sets and models, told by the workers for whoever types one; and its chosen model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast

import redis

from jobs import keys
from jobs.contract import BundleName

What = Literal["data_sets", "models"]


class LibraryNames:
    """Reads and writes the names; what the names mean stands in the stores of the workers."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def tell(self, guild_id: int, what: What, names: Iterable[str]) -> None:
        """Let these be all the names there are."""
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

    def prefer(self, guild_id: int, model: BundleName | None) -> None:
        """Let `model` compose in the server where none is named; None takes that back."""
        if model is None:
            self._connection.hdel(keys.PREFERRED, str(guild_id))
        else:
            self._connection.hset(keys.PREFERRED, str(guild_id), model)

    def preferred(self, guild_id: int) -> BundleName | None:
        """The model that composes in the server where none is named."""
        found = cast(bytes | None, self._connection.hget(keys.PREFERRED, str(guild_id)))
        return None if found is None else found.decode()

"""A job's updates from where a follower joins to the final one, through restarts and outages of Redis.

The stream tells what the workers report; in its pauses the watch looks for itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import redis
import redis.asyncio

from jobs import keys
from jobs.contract import JobId, Stage, Update
from jobs.errors import BoardUnreachable
from jobs.watching import Watch

T = TypeVar("T")

LOOK_WAITING_S = 1.0  # how often a follower looks for its place in the queue
LOOK_RUNNING_S = 2.0  # how often a follower looks whether the worker is alive
SILENCE_LIMIT_S = 5.0  # a blocking read that overruns by this much hangs on a dead connection
PAUSE_S = 1.0  # before Redis is asked again after it did not answer


class Follower:
    """Follows one job; `call` runs a short Redis command off the loop and maps its errors to BoardUnreachable."""

    def __init__(
        self, job_id: JobId, watch: Watch, reader: redis.asyncio.Redis, call: Callable[..., Awaitable[Any]]
    ) -> None:
        self._stream = keys.progress(job_id)
        self._watch = watch
        self._reader = reader
        self._call = call
        self._cursor = "0"

    async def updates(self) -> AsyncIterator[Update]:
        """The state now, then each change, to the final one.

        Raises:
            BoardUnreachable: Redis did not answer for `outage_limit_s`.
        """
        self._cursor, last = await self._persist(lambda: self._call(self._watch.join))
        yield last
        while not last.stage.is_final:
            for update in await self._news(last):
                if update != last:
                    last = update
                    yield update
                if last.stage.is_final:
                    return

    async def _news(self, last: Update) -> list[Update]:
        """What the stream says next, or, when it says nothing for a while, what the watch sees."""
        pause_s = LOOK_WAITING_S if last.stage is Stage.QUEUED else LOOK_RUNNING_S
        news = await self._persist(lambda: self._read(pause_s))
        if not news:
            return [await self._persist(lambda: self._call(self._watch.look, last))]
        if news[-1].stage is Stage.QUEUED:  # else it has no place, and asking for one would cost a thread
            news[-1] = await self._persist(lambda: self._call(self._watch.placed, news[-1]))
        return news

    async def _read(self, pause_s: float) -> list[Update]:
        try:
            async with asyncio.timeout(pause_s + SILENCE_LIMIT_S):
                found: Any = await self._reader.xread({self._stream: self._cursor}, block=int(pause_s * 1000))
        except (redis.RedisError, TimeoutError) as error:
            raise BoardUnreachable from error
        entries = found[0][1] if found else []
        if entries:
            self._cursor = entries[-1][0].decode()
        return [Update.model_validate_json(fields[b"update"]) for _, fields in entries]

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat `call` while Redis does not answer, for `outage_limit_s` at most."""
        deadline = time.monotonic() + self._watch.outage_limit_s
        while True:
            try:
                return await call()
            except BoardUnreachable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE_S)

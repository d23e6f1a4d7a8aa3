"""The time of the local Discord, which tests can move forward, and the ids that are made from it."""

from __future__ import annotations

import time

DISCORD_EPOCH_MS = 1_420_070_400_000
_TIME_SHIFT = 22


class Clock:
    """Seconds since 1970, as `time.time`, plus what `advance` added."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """The current time in seconds since 1970."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move the time forward; never back, so that ids keep growing."""
        self._ahead_s += max(seconds, 0.0)


class Snowflakes:
    """Makes Discord's ids, which hold the time they were made at."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        """A new id, larger than every one before it."""
        by_time = (int(self._clock.now() * 1000) - DISCORD_EPOCH_MS) << _TIME_SHIFT
        self._last = max(by_time, self._last + 1)
        return self._last

"""Snowflakes: Discord's ids, which hold their own time of birth."""

from __future__ import annotations

from sandbox.clock import Clock

EPOCH_MS = 1_420_070_400_000
_TIME_SHIFT = 22


class Snowflakes:
    """Gives ids that only grow."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        """A new id, larger than every one before it."""
        by_time = (int(self._clock.now() * 1000) - EPOCH_MS) << _TIME_SHIFT
        self._last = max(by_time, self._last + 1)
        return self._last

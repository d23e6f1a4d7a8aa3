"""The local Discord's time of day, which tests can move forward to let tokens and addresses expire."""

from __future__ import annotations

import time


class Clock:
    """Seconds since 1970, as `time.time`, plus what `advance` added."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """The current time in seconds since 1970."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move the time forward by `seconds`; never back, so that ids keep growing."""
        self._ahead_s += max(seconds, 0.0)

"""Threads that repeat a function; an error in a thread is always logged."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

SAID_AGAIN_S = 60.0  # how often the same error is logged


class PeriodicThread(threading.Thread):
    """Calls `tick` every `interval_s` seconds. An error is logged and does not end the thread."""

    def __init__(self, name: str, interval_s: float, tick: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._interval_s = interval_s
        self._tick = tick
        self._ended = threading.Event()
        self._said: dict[str, float] = {}  # error -> when it was logged, monotonic seconds

    def run(self) -> None:
        """Tick until `end`."""
        while not self._ended.wait(self._interval_s):
            try:
                self._tick()
            except Exception as error:  # noqa: BLE001 - the outermost boundary of this thread, which must go on
                self._note(error)

    def _note(self, error: Exception) -> None:
        text, now = repr(error), time.monotonic()
        if now - self._said.get(text, -SAID_AGAIN_S) >= SAID_AGAIN_S:
            self._said[text] = now
            log.error("%s failed and tries again: %s", self.name, text, exc_info=error)

    def end(self) -> None:
        """Stop. Does not wait for a tick that is running."""
        self._ended.set()


def log_lost_threads() -> None:
    """Log the error that ends any other thread."""

    def note(lost: threading.ExceptHookArgs) -> None:
        if lost.exc_value is not None and not isinstance(lost.exc_value, SystemExit):
            name = lost.thread.name if lost.thread is not None else "?"
            log.critical("the thread %s ended with an error", name, exc_info=lost.exc_value)

    threading.excepthook = note

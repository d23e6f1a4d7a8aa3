"""The thread that loads models while there is nothing to do, so that whoever asks for one first need not wait for it.

Loading takes seconds and most of a processor core, so it waits until nobody composes, and again before each model.
"""

from __future__ import annotations

import time

from worker.background import PeriodicThread
from worker.repertoire import Repertoire

_LOOKS = 8  # at whether it is idle, within the time that it has to be


class Preloader(PeriodicThread):
    """Loads one model after another, each after `idle_s` seconds without a job; until it is ended. 0 loads none."""

    def __init__(self, repertoire: Repertoire, idle_s: float) -> None:
        super().__init__("preload", idle_s / _LOOKS, self._look)
        self._repertoire = repertoire
        self._idle_s = idle_s
        self._busy_at = time.monotonic()

    def run(self) -> None:
        """Load whatever there is room for, and look for new models from then on."""
        if self._idle_s:
            self._busy_at = time.monotonic()
            super().run()

    def _look(self) -> None:
        if not self._repertoire.is_idle:
            self._busy_at = time.monotonic()
        elif time.monotonic() - self._busy_at >= self._idle_s:
            self._repertoire.load_another()
            self._busy_at = time.monotonic()

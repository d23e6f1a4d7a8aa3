"""The thread that loads models while there is nothing to do, so that whoever asks for one first need not wait for it.

Loading takes seconds and most of a processor core, so it waits until nobody composes, and again before each model.
"""

from __future__ import annotations

import threading
import time

from worker.repertoire import Repertoire

_LOOKS = 8  # at whether it is idle, within the time that it has to be


class Preloader(threading.Thread):
    """Loads one model after another, each after `idle_s` seconds without a job; until it is ended. 0 loads none."""

    def __init__(self, repertoire: Repertoire, idle_s: float) -> None:
        super().__init__(name="preload", daemon=True)
        self._repertoire = repertoire
        self._idle_s = idle_s
        self._ended = threading.Event()

    def run(self) -> None:
        """Load whatever there is room for, and look for new models from then on."""
        if not self._idle_s:
            return
        busy_at = time.monotonic()
        while not self._ended.wait(self._idle_s / _LOOKS):
            if not self._repertoire.is_idle:
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at >= self._idle_s:
                self._repertoire.load_another()
                busy_at = time.monotonic()

    def end(self) -> None:
        """Load no more; a model that is being loaded is not waited for."""
        self._ended.set()

"""Watches the store for names that point at another version, and switches to it.

The new version is loaded and warm before a job gets it, so nobody waits for it. When it fails to load, the error is
logged and the old version stays in use. A shared model that is gone from the store is served until the process ends,
because a store that is not mounted for a moment looks the same. A server's own model is removed, because its admins
delete and rename models.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import redis

from model.errors import ModelError
from worker.background import PeriodicThread
from worker.model_cache import ModelCache
from worker.model_loader import ModelLoader

log = logging.getLogger(__name__)

RETRY_S = 60.0  # a version that failed to load is tried again: it may have been copied in part, or the store was away


class StoreWatcher(PeriodicThread):
    """Checks the store every `interval_s` seconds; calls `on_change` after each change of the cache."""

    def __init__(
        self, loader: ModelLoader, cache: ModelCache, interval_s: float, on_change: Callable[[], None]
    ) -> None:
        super().__init__("store-watcher", interval_s, self.check)
        self._loader = loader
        self._cache = cache
        self._on_change = on_change
        self._refused: dict[tuple[str, str], float] = {}  # key and version -> when it is tried again, monotonic

    def check(self) -> None:
        """Switch to the versions that the store points at now."""
        try:
            versions = self._loader.versions()
        except Exception as error:  # noqa: BLE001 - each kind of store has errors of its own; the next check may succeed
            log.warning("the store of models cannot be read just now: %s", error)
            return
        served = {info.key: info.version for info in self._cache.models}
        for key, version in versions.items():
            if version != served.get(key) and self._refused.get((key, version), 0.0) < time.monotonic():
                self._switch(key, version)
        self._remove([info.key for info in self._cache.models if info.guild_id and info.key not in versions])

    def _remove(self, gone: Sequence[str]) -> None:
        for key in gone:
            self._cache.remove(key)
            log.info("the model %s is gone from the store", key)
        if gone:
            self._notify(gone[0])

    def _notify(self, key: str) -> None:
        try:
            self._on_change()
        except redis.RedisError as error:
            log.warning("the change of %s could not be published at once: %s", key, error)

    def _switch(self, key: str, version: str) -> None:
        try:
            self._cache.switch_version(self._loader.info(key, version))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a new version, the old one keeps serving
            self._refuse(key, version, error)
        else:
            self._refused.pop((key, version), None)
            self._notify(key)

    def _refuse(self, key: str, version: str, error: Exception) -> None:
        if (key, version) not in self._refused:
            is_told = isinstance(error, ModelError)  # its sentence says it all
            log.error(
                "version %s of the model %s is not used. %s", version, key, error, exc_info=None if is_told else error
            )
        self._refused[key, version] = time.monotonic() + RETRY_S

"""The models in memory: loaded when asked for, shared by all slots, unloaded when unused.

Safe for all threads. Loading one model blocks only those who want it, and it is loaded once for all of them. A model in
use is never unloaded. `Preloader` loads models while the worker is idle.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from jobs.contract import ModelInfo
from model.errors import BundleError, ModelError
from worker.background import PeriodicThread
from worker.metrics import LEASES
from worker.model_loader import LoadedModel, ModelLoader

log = logging.getLogger(__name__)

_POLL_S = 0.05  # how often a job that waits for a model checks whether it is to stop


class LeaseCancelled(Exception):  # noqa: N818 - it says what is the case
    """Raised when a job was told to stop before the model it waited for was loaded."""


@dataclass(frozen=True)
class ModelLease:
    """A loaded model and the description of its version."""

    info: ModelInfo
    model: LoadedModel


@dataclass(eq=False)
class _Entry:
    """One version of one model, loaded or being loaded. `ready` is set once it is loaded or has failed."""

    info: ModelInfo
    model: LoadedModel | None = None
    error: Exception | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    users: int = 0  # jobs that use it or wait for it
    is_candidate: bool = False  # its name switches to this version once it is loaded
    is_replaced: bool = False  # its name has switched to another version

    @property
    def key(self) -> tuple[str, str]:
        return self.info.key, self.info.version

    @property
    def memory_bytes(self) -> int:
        return 0 if self.model is None else self.model.memory_bytes


class ModelCache:
    """The models of `loader`. Unused models stay in memory up to `kept` models and `memory_bytes`.

    The least recently used one is evicted first. The most recently used one stays, whatever its size.
    """

    def __init__(self, loader: ModelLoader, kept: int, memory_bytes: int) -> None:
        self._loader = loader
        self._kept = kept
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._infos = {info.key: info for info in _infos(loader)}
        self._not_preloaded: set[str] = set()  # keys of models that could not be preloaded, or were evicted at once

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """Every model, in the version that new jobs get."""
        with self._lock:
            return tuple(self._infos.values())

    def warm_up(self, name: str) -> None:
        """Load the model `name` before the first job asks for it.

        Raises:
            ModelError: there is none, or it cannot be loaded.
        """
        with self.lease(name):
            log.info("the model %s is warm", name)

    @property
    def size(self) -> tuple[int, int]:
        """How many models are in memory, and about how many bytes they take."""
        with self._lock:
            return len(self._entries), sum(entry.memory_bytes for entry in self._entries.values())

    @property
    def is_idle(self) -> bool:
        """Whether no job uses a model or waits for one."""
        with self._lock:
            return not any(entry.users for entry in self._entries.values())

    def preload_next(self) -> bool:
        """Load one more of `models` and wait for it; False when none is left to load, or there is no room.

        It is the first to be evicted. One that cannot be loaded, or is evicted at once, is skipped from now on.
        """
        with self._lock:
            is_full = len(self._entries) >= self._kept or self._used_bytes() >= self._memory_bytes
            keys = {key for key, _ in self._entries} | self._not_preloaded
            info = None if is_full else next((info for info in self._infos.values() if info.key not in keys), None)
            if info is None:
                return False
            entry, _ = self._acquire(info)
            self._entries.move_to_end(entry.key, last=False)
        try:
            self._load(entry)
            if entry.error is not None:
                log.warning("the model %s could not be preloaded: %s", info.key, entry.error)
        finally:
            self._release(entry)
        with self._lock:
            if entry.key not in self._entries:
                self._not_preloaded.add(info.key)
        return True

    @contextmanager
    def lease(self, key: str, should_stop: Callable[[], bool] = lambda: False) -> Iterator[ModelLease]:
        """The model `key` for as long as the block lasts; loads it when it is not in memory.

        Args:
            key: that of one of `models`.
            should_stop: polled while it loads.

        Raises:
            ModelError: there is none, or it cannot be loaded.
            LeaseCancelled: `should_stop` said so.
        """
        with self._lock:
            entry, is_new = self._acquire(self._current_info(key))
        LEASES.labels("no" if is_new else "yes").inc()
        try:
            if is_new:
                self._evict()
                self._start_loading(entry)
            yield ModelLease(entry.info, _wait_until_loaded(entry, should_stop))
        finally:
            self._release(entry)

    def _current_info(self, key: str) -> ModelInfo:
        if key not in self._infos:
            known = ", ".join(sorted(info.name for info in self._infos.values() if info.guild_id is None)) or "none"
            raise BundleError(f"There is no model called '{key.rpartition('/')[2]}'. These are here: {known}.")
        return self._infos[key]

    def remove(self, key: str) -> None:
        """Stop offering the model `key`; jobs that use it keep it to the end."""
        with self._lock:
            self._infos.pop(key, None)
            for entry in self._entries.values():
                entry.is_replaced = entry.is_replaced or entry.info.key == key
        self._evict()

    def switch_version(self, info: ModelInfo) -> None:
        """Switch the model's name to this version once it is loaded and warm; running jobs keep theirs.

        Raises:
            ModelError: it cannot be loaded; then nothing changes.
        """
        with self._lock:
            entry, is_new = self._acquire(info)
            entry.is_candidate = is_new
            self._entries.move_to_end(entry.key, last=not is_new)
        try:
            if is_new:
                self._start_loading(entry)
            _wait_until_loaded(entry, lambda: False)
            with self._lock:
                for other in self._entries.values():
                    other.is_replaced = other.is_replaced or other.info.key == info.key
                entry.is_replaced = entry.is_candidate = False
                self._entries.move_to_end(entry.key)
                self._infos[info.key] = info
            log.info("the model %s is version %s now", info.key, info.version)
        finally:
            self._release(entry)

    def _acquire(self, info: ModelInfo) -> tuple[_Entry, bool]:
        """The entry of one version with one user more, and whether it is yet to be loaded. Call with the lock held."""
        found = self._entries.get((info.key, info.version))
        entry = found or _Entry(info)
        self._entries[entry.key] = entry
        self._entries.move_to_end(entry.key)
        entry.users += 1
        return entry, found is None

    def _release(self, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
        self._evict()

    def _start_loading(self, entry: _Entry) -> None:
        threading.Thread(target=self._load, args=(entry,), name=f"load-{entry.info.name}", daemon=True).start()

    def _load(self, entry: _Entry) -> None:
        try:
            entry.model = self._loader.load(entry.info)
        except Exception as error:  # noqa: BLE001 - it is raised in each thread that waits for the model
            entry.error = error
            with self._lock:
                del self._entries[entry.key]  # the next job that asks for it tries again
        entry.ready.set()
        self._evict()

    def _evict(self) -> None:
        """Unload models until the limits are met, or none is unused."""
        with self._lock:
            gone = list(self._evictable())
        for entry in gone:
            log.info("unloaded the model %s %s", *entry.key)
            if entry.model is not None:
                entry.model.close()

    def _evictable(self) -> Iterator[_Entry]:
        """Removes and yields the entries to unload. Call with the lock held."""
        newest = next(reversed(self._entries), None)
        for key, entry in list(self._entries.items()):
            is_unused = entry.users == 0 and entry.ready.is_set()
            if is_unused and (entry.is_replaced or (self._is_over_limits() and key != newest)):
                yield self._entries.pop(key)

    def _is_over_limits(self) -> bool:
        count = sum(not (entry.is_replaced or entry.is_candidate) for entry in self._entries.values())
        return count > self._kept or self._used_bytes() > self._memory_bytes

    def _used_bytes(self) -> int:
        return sum(entry.memory_bytes for entry in self._entries.values() if not entry.is_candidate)


def _wait_until_loaded(entry: _Entry, should_stop: Callable[[], bool]) -> LoadedModel:
    while not entry.ready.wait(_POLL_S):
        if should_stop():
            raise LeaseCancelled
    if entry.error is not None:
        raise entry.error
    if entry.model is None:
        raise LookupError(f"the model {entry.info.name} is neither loaded nor has it failed")
    return entry.model


def _infos(loader: ModelLoader) -> Iterator[ModelInfo]:
    """The models that can be offered; the log says why others cannot."""
    for key, version in loader.versions().items():
        try:
            yield loader.info(key, version)
        except ModelError as error:
            log.error("the model %s is left out. %s", key, error.sentence)


_CHECKS = 8  # of whether the worker is idle, within `idle_s`


class Preloader(PeriodicThread):
    """Preloads one model after another, each after `idle_s` seconds without a job; 0 preloads none."""

    def __init__(self, cache: ModelCache, idle_s: float) -> None:
        super().__init__("preload", idle_s / _CHECKS, self._check)
        self._cache = cache
        self._idle_s = idle_s
        self._busy_at = time.monotonic()

    def run(self) -> None:
        """Preload as far as there is room."""
        if self._idle_s:
            self._busy_at = time.monotonic()
            super().run()

    def _check(self) -> None:
        if not self._cache.is_idle:
            self._busy_at = time.monotonic()
        elif time.monotonic() - self._busy_at >= self._idle_s:
            self._cache.preload_next()
            self._busy_at = time.monotonic()


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

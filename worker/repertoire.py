"""The models of one process: which there are, which are in memory, and who plays with which just now.

Safe for all slots at once. Loading one model holds up nobody who wants another; two who want the same one load it once.
A model that somebody composes with is never let go of.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jobs.contract import ModelInfo
from model.errors import BundleError, ModelError
from worker.musician import Musician
from worker.shelf import Shelf

log = logging.getLogger(__name__)

_POLL_S = 0.05  # how often one who waits for a model to load asks whether it is still wanted


class NoLongerWanted(Exception):  # noqa: N818 - it says what is the case
    """Raised where a job was told to stop before the model it waited for was loaded."""


@dataclass(frozen=True)
class Engagement:
    """A musician, and what there is to know of the version that it is."""

    info: ModelInfo
    musician: Musician


@dataclass(eq=False)
class _Seat:
    """One version of one model in memory, or on its way there: `ready` is set once it is loaded or has failed."""

    info: ModelInfo
    musician: Musician | None = None
    error: Exception | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    players: int = 0  # jobs that compose with it or wait for it
    is_candidate: bool = False  # its name is to mean this version once it is loaded
    is_replaced: bool = False  # its name means another version now

    @property
    def key(self) -> tuple[str, str]:
        return self.info.key, self.info.version

    @property
    def memory_bytes(self) -> int:
        return 0 if self.musician is None else self.musician.memory_bytes


class Repertoire:
    """The models that `shelf` has; at most `kept` of them, and `memory_bytes` of them, stay in memory unused.

    The one unused longest goes first. The one used last stays, however big it is.
    """

    def __init__(self, shelf: Shelf, kept: int, memory_bytes: int) -> None:
        self._shelf = shelf
        self._kept = kept
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._seats: OrderedDict[tuple[str, str], _Seat] = OrderedDict()
        self._infos = {info.key: info for info in _infos(shelf)}
        self._passed_over: set[str] = (
            set()
        )  # keys of models that failed to load, or found no room, before anybody asked

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """Every model there is, in the version that a job begun now is composed with."""
        with self._lock:
            return tuple(self._infos.values())

    def warm_up(self, name: str) -> None:
        """Load the model `name` before the first job asks for it.

        Raises:
            ModelError: there is none, or it cannot be loaded.
        """
        with self.engage(name):
            log.info("the model %s is warm", name)

    @property
    def is_idle(self) -> bool:
        """Whether nobody composes, or waits for a model, just now."""
        with self._lock:
            return not any(seat.players for seat in self._seats.values())

    def load_another(self) -> bool:
        """Load one more of `models`, and wait for it; False where there is none to load, or no room.

        It goes first when room is needed. One that cannot be loaded, or finds no room, is passed over from now on.
        """
        with self._lock:
            is_full = len(self._seats) >= self._kept or self._taken_bytes() >= self._memory_bytes
            keys = {key for key, _ in self._seats} | self._passed_over
            info = None if is_full else next((info for info in self._infos.values() if info.key not in keys), None)
            if info is None:
                return False
            seat, _ = self._taken(info)
            self._seats.move_to_end(seat.key, last=False)
        try:
            self._fill(seat)
            if seat.error is not None:
                log.warning("the model %s could not be loaded beforehand: %s", info.key, seat.error)
        finally:
            self._leave(seat)
        with self._lock:
            if seat.key not in self._seats:
                self._passed_over.add(info.key)
        return True

    @contextmanager
    def engage(self, key: str, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Engagement]:
        """The model `key` for as long as the block lasts; loads it when it is not in memory.

        Args:
            key: that of one of `models`.
            should_stop: polled while it loads.

        Raises:
            ModelError: there is none, or it cannot be loaded.
            NoLongerWanted: `should_stop` said so.
        """
        with self._lock:
            seat, is_new = self._taken(self._known(key))
        try:
            if is_new:
                self._make_room()
                self._start_filling(seat)
            yield Engagement(seat.info, _awaited(seat, should_stop))
        finally:
            self._leave(seat)

    def _known(self, key: str) -> ModelInfo:
        if key not in self._infos:
            known = ", ".join(sorted(info.name for info in self._infos.values() if info.guild_id is None)) or "none"
            raise BundleError(f"There is no model called '{key.rpartition('/')[2]}'. These are here: {known}.")
        return self._infos[key]

    def withdraw(self, key: str) -> None:
        """Offer the model `key` no longer; jobs that compose with it do so to the end."""
        with self._lock:
            self._infos.pop(key, None)
            for seat in self._seats.values():
                seat.is_replaced = seat.is_replaced or seat.info.key == key
        self._make_room()

    def promote(self, info: ModelInfo) -> None:
        """Let its name mean this version from now on, once it is loaded and warm; jobs under way keep theirs.

        Raises:
            ModelError: it cannot be loaded; then all stays as it was.
        """
        with self._lock:
            seat, is_new = self._taken(info)
            seat.is_candidate = is_new
            self._seats.move_to_end(seat.key, last=not is_new)
        try:
            if is_new:
                self._start_filling(seat)
            _awaited(seat, lambda: False)
            with self._lock:
                for other in self._seats.values():
                    other.is_replaced = other.is_replaced or other.info.key == info.key
                seat.is_replaced = seat.is_candidate = False
                self._seats.move_to_end(seat.key)
                self._infos[info.key] = info
            log.info("the model %s is version %s now", info.key, info.version)
        finally:
            self._leave(seat)

    def _taken(self, info: ModelInfo) -> tuple[_Seat, bool]:
        """The seat of one version with one player more, and whether it is yet to be filled; with the lock held."""
        found = self._seats.get((info.key, info.version))
        seat = found or _Seat(info)
        self._seats[seat.key] = seat
        self._seats.move_to_end(seat.key)
        seat.players += 1
        return seat, found is None

    def _leave(self, seat: _Seat) -> None:
        with self._lock:
            seat.players -= 1
        self._make_room()

    def _start_filling(self, seat: _Seat) -> None:
        threading.Thread(target=self._fill, args=(seat,), name=f"load-{seat.info.name}", daemon=True).start()

    def _fill(self, seat: _Seat) -> None:
        try:
            seat.musician = self._shelf.musician(seat.info)
        except Exception as error:  # noqa: BLE001 - it is raised in each thread that waits for the model
            seat.error = error
            with self._lock:
                del self._seats[seat.key]  # the next who asks has it tried again
        seat.ready.set()
        self._make_room()

    def _make_room(self) -> None:
        """Let go of models until few enough are in memory, or none of them is unused."""
        with self._lock:
            gone = list(self._dispensable())
        for seat in gone:
            log.info("let go of the model %s %s", *seat.key)
            if seat.musician is not None:
                seat.musician.close()

    def _dispensable(self) -> Iterator[_Seat]:
        """The seats to be cleared, taken out one after another; with the lock held."""
        newest = next(reversed(self._seats), None)
        for key, seat in list(self._seats.items()):
            is_unused = seat.players == 0 and seat.ready.is_set()
            if is_unused and (seat.is_replaced or (self._is_crowded() and key != newest)):
                yield self._seats.pop(key)

    def _is_crowded(self) -> bool:
        count = sum(not (seat.is_replaced or seat.is_candidate) for seat in self._seats.values())
        return count > self._kept or self._taken_bytes() > self._memory_bytes

    def _taken_bytes(self) -> int:
        return sum(seat.memory_bytes for seat in self._seats.values() if not seat.is_candidate)


def _awaited(seat: _Seat, should_stop: Callable[[], bool]) -> Musician:
    while not seat.ready.wait(_POLL_S):
        if should_stop():
            raise NoLongerWanted
    if seat.error is not None:
        raise seat.error
    if seat.musician is None:
        raise LookupError(f"the model {seat.info.name} is neither loaded nor has it failed")
    return seat.musician


def _infos(shelf: Shelf) -> Iterator[ModelInfo]:
    """What can be offered of the shelf; the log says why something cannot."""
    for key, version in shelf.versions().items():
        try:
            yield shelf.info(key, version)
        except ModelError as error:
            log.error("the model %s is left out. %s", key, error.sentence)

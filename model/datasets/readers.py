"""The processes that read strangers' MIDI: each file has a time limit and a bound on memory, and costs itself alone.

A process is kept when its files are read, so that a batch of a few small ones need not wait for Python to start; it
ends by itself when nothing comes for some minutes, and with the process that started it. Nothing that comes back is
unpickled, because a hostile file may have taken the other side over.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np

import model
from model.corpora.near_duplicates import SKETCH, Sketch
from model.datasets.info import Facts
from model.datasets.limits import DataSetLimits
from model.datasets.reading import receive, send

STARTING_S = 120.0  # that a new process may take to import what it needs, on a busy machine
FILES_OF_ONE = 1_000  # that a process reads before a new one takes its place: what leaks goes with it
WORTH_A_PROCESS = 8  # files; fewer are read by one process
MOST_AT_ONCE = max(2, os.cpu_count() or 1)  # in this process, whatever the number of batches
ANSWER_ROOM = 1 << 20  # bytes of an answer beside the music itself, which may grow when it is written anew
GROWTH = 4
PASSED_ON = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "TMPDIR", "SYSTEMROOT")  # no token or password among them

Item = TypeVar("Item")


@dataclass(frozen=True)
class ReadPiece:
    """A file that was read: its facts, the sketch it is compared by, and its music written anew."""

    facts: Facts
    sketch: Sketch
    data: bytes


@dataclass(frozen=True)
class Unread:
    """A file that was not: why, in a sentence, and the code of the reason."""

    sentence: str
    code: str


def read_all(
    items: Iterable[tuple[Item, bytes]], limits: DataSetLimits, processes: int | None = None
) -> Iterator[tuple[Item, ReadPiece | Unread]]:
    """Every file read, in the order they came; no more are held in memory than are being read and wait for their turn.

    Args:
        items: something to know each file by, and its bytes.
        limits: what a file may be, and how long and with how much memory it may be read.
        processes: how many at once (default: as many as there are processors, and one for a few files).
    """
    waiting = iter(items)
    first = list(islice(waiting, WORTH_A_PROCESS))
    count = processes or (MOST_AT_ONCE if len(first) == WORTH_A_PROCESS else 1)
    with ThreadPoolExecutor(count, thread_name_prefix="reads-midi") as threads:
        queue: list[tuple[Item, Future[ReadPiece | Unread]]] = []
        try:
            for item, data in chain(first, waiting):
                queue.append((item, threads.submit(read_one, data, limits)))
                if len(queue) > 2 * count:
                    item, future = queue.pop(0)
                    yield item, future.result()
            while queue:
                item, future = queue.pop(0)
                yield item, future.result()
        finally:
            for _, future in queue:
                future.cancel()


def read_one(data: bytes, limits: DataSetLimits) -> ReadPiece | Unread:
    """One file, read by a process that is idle or by a new one."""
    with _AT_ONCE:
        for _ in range(2):  # an idle process may have ended by itself just now: then a new one gets the file
            reader = _idle_or_new()
            was_used = reader.files > 0
            answer = reader.read(data, limits)
            if reader.can_go_on:
                with _LOCK:
                    _IDLE.append(reader)
            if answer is not None:
                return answer
            if not was_used:
                break
    return Unread("The process that read it died; export the file again and send the new one.", "died")


def end_idle() -> None:
    """End the processes that wait for a file."""
    with _LOCK:
        readers, _IDLE[:] = list(_IDLE), []
    for reader in readers:
        reader.end()


class _Reader:
    """One process; `can_go_on` is False once it was ended or has read its share."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"PYTHONPATH": str(Path(model.__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "model.datasets.reading"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C is for who asked; it ends when its pipe closes
        )
        self.files = 0
        self.can_go_on = True
        self._is_late = False

    def read(self, data: bytes, limits: DataSetLimits) -> ReadPiece | Unread | None:
        """What came of one file; None where the process was gone."""
        try:
            if not self.files:
                with self._within(STARTING_S):
                    self._wait_until_it_stands()
            with self._within(limits.seconds):
                return self._asked(data, limits)
        except (OSError, ValueError):  # ValidationError is a ValueError
            self.end()
            return self._late(limits)
        finally:
            self.files += 1
            self.can_go_on &= self.files < FILES_OF_ONE
            if not self.can_go_on:
                self.end()

    @contextlib.contextmanager
    def _within(self, limit_s: float) -> Iterator[None]:
        """End the process when what is done here takes longer."""
        timer = threading.Timer(limit_s, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _wait_until_it_stands(self) -> None:
        if self._process.stdout is None or receive(self._process.stdout, ANSWER_ROOM) is None:
            raise ValueError("the process ended before it could read")

    def _asked(self, data: bytes, limits: DataSetLimits) -> ReadPiece | Unread | None:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise ValueError("the process has no pipes")
        send(pipe_in, {"limits": _midi_limits(limits), "memory_bytes": limits.memory_bytes}, data)
        answer = receive(pipe_out, ANSWER_ROOM + GROWTH * limits.file_bytes)
        if answer is None:
            self.end()
            return self._late(limits)
        said, written = answer
        if "refused" in said:
            return Unread(str(said["refused"])[:300], str(said.get("code", ""))[:40])
        sketch = np.frombuffer(bytes.fromhex(said["sketch"]), dtype=np.uint64)
        if len(sketch) > SKETCH or (np.diff(sketch) <= 0).any() or not written:
            raise ValueError("the answer makes no sense")
        return ReadPiece(Facts.model_validate(said["facts"]), sketch, written)

    def _late(self, limits: DataSetLimits) -> Unread | None:
        if self._is_late:
            return Unread(f"Reading it takes longer than {limits.seconds:g} s; send a shorter piece.", "slow")
        return None

    def _end_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def end(self) -> None:
        """Stop the process, whatever it does."""
        self.can_go_on = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent yet is of no use any more
                    pipe.close()


def _midi_limits(limits: DataSetLimits) -> dict[str, int | float | bool]:
    """The fields of `MidiLimits` that a data set's files are held to; none is trusted."""
    return {
        "size_bytes": limits.file_bytes,
        "notes": limits.notes,
        "duration_s": limits.minutes * 60,
        "tracks": limits.tracks,
    }


def _idle_or_new() -> _Reader:
    with _LOCK:
        if _IDLE:
            return _IDLE.pop()
    return _Reader()


_LOCK = threading.Lock()
_AT_ONCE = threading.Semaphore(MOST_AT_ONCE)
_IDLE: list[_Reader] = []
atexit.register(end_idle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_IDLE.clear)  # the other side of their pipes is the parent's

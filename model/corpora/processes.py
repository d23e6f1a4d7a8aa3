"""Applies a function to many items in other processes, each with a time limit. Used by `model.classic.corpus` alone.

A process that hangs or dies affects only its item. `model.isolated.map_isolated` does the same without pickles; it takes
the place of this wherever items and results are JSON and bytes.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

STARTING_S = 120.0  # that a new process may take to import what it needs, on a busy machine


class Failure(str):
    """Why an item has no result, in one sentence."""


def in_processes(
    function: Callable[[Any], Any], items: Sequence[Any], processes: int, limit_s: float
) -> Iterator[tuple[int, Any]]:
    """`(index, function(item))` as they come ready; a `Failure` where it raised, died, or took over `limit_s`.

    Args:
        function: importable by its name, because the processes are spawned.
        processes: how many at once, at least 1.
        limit_s: seconds for one item, without the start of a process.
    """
    waiting = iter(enumerate(items))
    running = [_Process(function, limit_s) for _ in range(max(1, min(processes, len(items))))]
    try:
        busy = [one for one in running if one.take(next(waiting, None))]
        while busy:
            wait([one.pipe for one in busy], timeout=max(0.0, min(one.deadline for one in busy) - time.monotonic()))
            for one in busy:
                outcome = one.outcome()
                if outcome is not None:
                    yield outcome
                    one.take(next(waiting, None))
            busy = [one for one in running if one.is_busy]
    finally:
        for one in running:
            one.end()


class _Process:
    """One process and the item it works on."""

    def __init__(self, function: Callable[[Any], Any], limit_s: float) -> None:
        self.function, self.limit_s = function, limit_s
        self.index: int | None = None
        self.deadline = 0.0
        self._start()

    @property
    def is_busy(self) -> bool:
        return self.index is not None

    def _start(self) -> None:
        # spawned, because Keras may have started threads by now, and a fork would copy their locks as they are
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.function, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.is_ready = False

    def take(self, numbered: tuple[int, Any] | None) -> bool:
        """Send the next item; False where none is left."""
        if numbered is None:
            return False
        self.index, item = numbered
        if not self.process.is_alive():
            self._start()
        self.deadline = time.monotonic() + self.limit_s + (0 if self.is_ready else STARTING_S)
        self.pipe.send(item)
        return True

    def outcome(self) -> tuple[int, Any] | None:
        """Index and result of the item, or None while it is still running in time."""
        index = -1 if self.index is None else self.index
        try:
            if self.pipe.poll():
                result = self.pipe.recv()
                self.index, self.is_ready = None, True
                return index, result
        except (EOFError, OSError):
            return self._lost(index, "The process that read it died.")
        if time.monotonic() >= self.deadline:
            return self._lost(index, f"It takes longer than {self.limit_s:g} s.")
        return None

    def _lost(self, index: int, sentence: str) -> tuple[int, Failure]:
        self.end()
        self.index = None
        return index, Failure(sentence)

    def end(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(function: Callable[[Any], Any], pipe: Connection) -> None:
    """Answer every item until the other side closes the pipe."""
    try:
        while True:
            item = pipe.recv()
            try:
                answer = function(item)
            except Exception as error:  # noqa: BLE001 -- whatever a parser raises costs its file alone
                answer = Failure(f"It cannot be read ({type(error).__name__}: {error}).")
            pipe.send(answer)
    except (EOFError, OSError, KeyboardInterrupt):
        return

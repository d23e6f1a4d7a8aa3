"""The sampling engine: many pieces drawn side by side, each as if it were alone (continuous batching).

Pieces join and leave between two chunks of steps (Yu et al. 2022, "Orca", which calls it iteration-level scheduling).
Each has a slot with its own state, wishes, plan and random numbers. A thread of its own draws; those who ask wait.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.engine.requests import Chunk, Drawn, Request, Standing, Ticket
from model.errors import EngineError
from model.network import NoteNetwork
from model.sampling.plan import Plan
from model.sampling.position import Position
from model.sampling.priming import Primer
from model.sampling.step import Tastes

log = logging.getLogger(__name__)

SLOTS = 32
CHUNK = 16  # steps between two looks at the outside world: 10 to 50 ms on a CPU
CHUNK_ALONE = 32  # of a piece that is alone, whose steps are the shortest: 8 ms


class Slots(Protocol):
    """What carries steps out: `processor.Processor` on a CPU, `accelerator.Accelerator` on what TensorFlow has."""

    @property
    def memory_bytes(self) -> int:
        """What the weights and all slots take."""

    def join(self, slot: int, position: Position, tastes: Tastes, plan: Plan | None) -> None:
        """Put one piece into a slot; everything has a batch of one."""

    def leave(self, slot: int) -> None:
        """Forget the piece in a slot."""

    def draw(self, slots: list[int], uniforms: NDArray[np.float32]) -> Drawn:
        """The next steps of the pieces in `slots`; float32 (steps, rows, draws) in [0, 1), a row for each."""

    def standing(self, slot: int) -> Standing:
        """How far the piece in a slot is."""

    def close(self) -> None:
        """Let go of threads."""


class Engine:
    """Draws from one network. Making one takes seconds, and compiles what it needs before the first request."""

    def __init__(self, network: NoteNetwork, slots: int = SLOTS, device: str = "cpu") -> None:
        """Make an engine and start its thread.

        Args:
            network: what to draw from.
            slots: how many pieces are drawn at the same time; further ones wait in the order they come.
            device: 'cpu', or what TensorFlow calls a device, as 'gpu:0'.
        """
        self.representation = network.representation
        self.primer = Primer(network)
        self._slots = _slots(network, self.primer.start(), slots, device)
        self._fields = [field.name for field in self.representation.fields]
        self._free = list(reversed(range(slots)))
        self._running: dict[int, Ticket] = {}
        self._waiting: deque[Ticket] = deque()
        self._change = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    @property
    def memory_bytes(self) -> int:
        """What it holds in memory, beside the network itself."""
        return self._slots.memory_bytes

    def submit(self, request: Request) -> Ticket:
        """Ask for a piece; returns at once.

        Raises:
            EngineError: the engine was closed.
        """
        ticket = Ticket(request)
        with self._change:
            if self._is_closed:
                raise EngineError("The model was put away while a piece was asked of it: ask again.")
            self._waiting.append(ticket)
            self._change.notify()
        return ticket

    def close(self) -> None:
        """End the thread after the chunk under way; pieces not done yet fail."""
        with self._change:
            self._is_closed = True
            self._change.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._slots.close()

    def _work(self) -> None:
        while self._admit():
            try:
                self._draw_chunk()
            except Exception as error:
                log.exception("drawing failed")
                self._give_up(EngineError("Drawing the notes failed. Try again."), error)
        self._give_up(EngineError("The model was put away before the piece was done: ask again."), None)

    def _admit(self) -> bool:
        """Give free slots to those that wait; False once the engine is closed."""
        with self._change:
            while not (self._is_closed or self._running or self._waiting):
                self._change.wait()
            if self._is_closed:
                return False
            joining = [self._waiting.popleft() for _ in range(min(len(self._free), len(self._waiting)))]
        for ticket in joining:
            self._join(ticket)
        return True

    def _join(self, ticket: Ticket) -> None:
        request = ticket.request
        slot = self._free.pop()
        try:
            tastes = Tastes.of(request.taste, self._fields, 1, request.guard)
            self._slots.join(slot, request.position, tastes, request.plan)
        except Exception as error:
            log.exception("a piece could not begin")
            self._free.append(slot)
            ticket.failed(_caused(EngineError("The piece could not be begun."), error))
        else:
            self._running[slot] = ticket

    def _draw_chunk(self) -> None:
        slots = sorted(self._running)
        if not slots:
            return
        most = max(self._running[slot].steps_left for slot in slots)
        shape = min(CHUNK_ALONE if len(slots) == 1 else CHUNK, most), 1, len(self._fields) + 2
        uniforms = [self._running[slot].request.random.random(shape, dtype=np.float32) for slot in slots]
        drawn = self._slots.draw(slots, np.concatenate(uniforms, axis=1))
        for row, slot in enumerate(slots):
            kept = ~drawn.is_past_end[:, row]
            kept[self._running[slot].steps_left :] = False
            chunk = Chunk(drawn.steps[kept, row], drawn.is_given[kept, row], self._slots.standing(slot))
            if self._running[slot].took(chunk):
                self._leave(slot)

    def _leave(self, slot: int) -> None:
        del self._running[slot]
        self._slots.leave(slot)
        self._free.append(slot)

    def _give_up(self, error: EngineError, cause: Exception | None) -> None:
        """Fail every piece under way, and once the engine is closed those that wait as well."""
        failed = list(self._running.values())
        for slot in list(self._running):
            self._leave(slot)
        with self._change:
            if self._is_closed:
                failed += self._waiting
                self._waiting.clear()
        for ticket in failed:
            ticket.failed(_caused(error, cause))


def _caused(error: EngineError, cause: Exception | None) -> EngineError:
    error.__cause__ = cause
    return error


def _slots(network: NoteNetwork, start: Position, count: int, device: str) -> Slots:
    if device == "cpu":
        from model.engine.processor import Processor

        return Processor(network, start, count)
    from model.engine.accelerator import Accelerator

    return Accelerator(network, start, count, device)

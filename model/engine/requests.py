"""What an engine is asked to draw, and what it gives back while it draws: chunk after chunk, then the whole."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.sampling.plan import Plan
from model.sampling.position import Position
from model.sampling.taste import Taste


class Drawn(NamedTuple):
    """Steps of some pieces: raw int32 (steps, rows, fields), and of each whether it was given, or lies past the end."""

    steps: NDArray[np.int32]
    is_given: NDArray[np.bool_]
    is_past_end: NDArray[np.bool_]


class Standing(NamedTuple):
    """How far a piece is.

    Attributes:
        left: own time units until its last onset, -1 where nobody said how long it is to be.
        filled: steps drawn.
        woven: notes of its plan brought in.
        acted: steps at which the repetition guard stepped in.
        is_over: whether it has ended.
    """

    left: int
    filled: int
    woven: int
    acted: int
    is_over: bool


@dataclass(frozen=True)
class Request:
    """One piece to draw. The same request gives the same steps, whatever else is drawn beside it.

    Attributes:
        position: where it begins, a batch of one.
        random: its own stream of random numbers; nobody else may draw from it.
        taste: how to draw.
        plan: what is given beforehand, a batch of one.
        guard: whether loops of few notes are broken.
        most_steps: after so many it is cut.
    """

    position: Position
    random: np.random.Generator
    taste: Taste = field(default_factory=Taste)
    plan: Plan | None = None
    guard: bool = True
    most_steps: int = 1 << 30


class Chunk(NamedTuple):
    """What was drawn since the chunk before: raw steps int32 (steps, fields), which were given, and how far it is."""

    steps: NDArray[np.int32]
    is_given: NDArray[np.bool_]
    standing: Standing


@dataclass(frozen=True)
class Drawing:
    """A whole piece as it was drawn.

    Attributes:
        steps: raw int32 (notes, fields).
        is_given: which of them the plan gave, bool (notes,).
        stopped: whether it was stopped before its end.
        ended: whether it came to its end by itself.
        guarded: at how many steps the repetition guard stepped in.
    """

    steps: NDArray[np.int32]
    is_given: NDArray[np.bool_]
    stopped: bool
    ended: bool
    guarded: int


class Ticket:
    """A request under way; safe to use from any thread."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.future: Future[Drawing] = Future()
        self._chunks: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        self._parts: list[Chunk] = []
        self._taken = 0  # steps in all parts
        self._is_stopped = False

    @property
    def steps_left(self) -> int:
        """How many the piece may still have."""
        return self.request.most_steps - self._taken

    def stop(self) -> None:
        """End the piece where it is; it takes effect within a chunk, and what was drawn is kept."""
        self._is_stopped = True

    def chunks(self) -> Iterator[Chunk]:
        """The piece as it grows, for one listener; ends with the piece.

        Raises:
            EngineError: the engine could not go on.
        """
        while (chunk := self._chunks.get()) is not None:
            yield chunk
        self.result()

    def result(self) -> Drawing:
        """The whole piece; waits for its end.

        Raises:
            EngineError: the engine could not go on.
        """
        return self.future.result()

    def took(self, chunk: Chunk) -> bool:
        """Take the next chunk, for the engine; says whether the piece is done."""
        self._parts.append(chunk)
        self._taken += len(chunk.steps)
        self._chunks.put(chunk)
        is_done = chunk.standing.is_over or self._is_stopped or chunk.standing.filled >= self.request.most_steps
        if is_done:
            self._finish(chunk.standing)
        return is_done

    def _finish(self, standing: Standing) -> None:
        steps, is_given = (np.concatenate(parts) for parts in list(zip(*self._parts, strict=True))[:2])
        stopped = self._is_stopped and not standing.is_over
        self.future.set_result(Drawing(steps, is_given, stopped, standing.is_over, standing.acted))
        self._chunks.put(None)

    def failed(self, error: Exception) -> None:
        """Say to whoever waits that there will be no piece."""
        self.future.set_exception(error)
        self._chunks.put(None)

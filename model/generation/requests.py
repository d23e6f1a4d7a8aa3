"""What an engine is asked to draw, and what it gives back while it draws: chunk after chunk, then the whole."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.generation.decoder import DecoderState
from model.generation.parameters import SamplingParameters
from model.generation.plan import Plan


class Progress(NamedTuple):
    """How far a piece is.

    Attributes:
        left: own time units until its last onset, -1 where nobody said how long it is to be.
        filled: steps drawn.
        woven: notes of its plan brought in.
        is_over: whether it has ended.
    """

    left: int
    filled: int
    woven: int
    is_over: bool


@dataclass(frozen=True)
class Request:
    """One piece to draw. The same request gives the same steps, whatever else is drawn beside it.

    Attributes:
        state: where it begins; stays as it is.
        random: its own stream of random numbers; nobody else may draw from it.
        sampling: how to draw.
        plan: what is given beforehand.
        is_penalised: whether loops of few notes are broken.
        most_steps: after so many it is cut.
    """

    state: DecoderState
    random: np.random.Generator
    sampling: SamplingParameters = field(default_factory=SamplingParameters)
    plan: Plan | None = None
    is_penalised: bool = True
    most_steps: int = 1 << 30


class Chunk(NamedTuple):
    """What was drawn since the chunk before: raw steps int32 (steps, fields), which were given, and how far it is."""

    steps: NDArray[np.int32]
    is_given: NDArray[np.bool_]
    progress: Progress


@dataclass(frozen=True)
class Drawing:
    """A whole piece as it was drawn.

    Attributes:
        steps: raw int32 (notes, fields).
        is_given: which of them the plan gave, bool (notes,).
        stopped: whether it was stopped before its end.
        ended: whether it came to its end by itself.
        penalised: at how many steps the repetition penalty stepped in.
    """

    steps: NDArray[np.int32]
    is_given: NDArray[np.bool_]
    stopped: bool
    ended: bool
    penalised: int


class Handle:
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

    def took(self, chunk: Chunk, state: DecoderState) -> bool:
        """Take the next chunk and where the piece stands after it, for the engine; says whether the piece is done."""
        self._parts.append(chunk)
        self._taken += len(chunk.steps)
        self._chunks.put(chunk)
        is_done = state.is_over or self._is_stopped or chunk.progress.filled >= self.request.most_steps
        if is_done:
            steps, is_given = (np.concatenate(parts) for parts in list(zip(*self._parts, strict=True))[:2])
            stopped = self._is_stopped and not state.is_over
            self.future.set_result(Drawing(steps, is_given, stopped, state.is_over, state.penalised))
            self._chunks.put(None)
        return is_done

    def failed(self, error: Exception) -> None:
        """Tell whoever waits that there is no piece."""
        self.future.set_exception(error)
        self._chunks.put(None)

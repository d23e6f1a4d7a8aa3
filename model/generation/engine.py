"""The sampling engine: many pieces drawn side by side, each as if it were alone (continuous batching).

Pieces join and leave between two chunks of steps (Yu et al. 2022, "Orca", which calls it iteration-level scheduling).
With a recurrent stack on the CPU every thread draws a chunk of one piece after another, without the GIL; no piece
shares anything with another. Other stacks, and a GPU, take one step for all pieces at a time (`KerasStack`).
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import EngineError
from model.generation.decoder import Decoders, DecoderState
from model.generation.keras_stack import KerasStack
from model.generation.kernels.known_answers import check
from model.generation.options import SamplingParameters
from model.generation.plan import Plan
from model.generation.processors import rules_of
from model.generation.step import draw, embed, run
from model.generation.weights import Scratch, new_scratch, weights_of
from model.network import NoteNetwork
from model.network.stacks import RecurrentStack

log = logging.getLogger(__name__)

SLOTS = 32
CHUNK = 16  # steps between two looks at the outside world: some milliseconds


@dataclass
class _Piece:
    """A piece in a slot."""

    handle: Handle
    slot: int
    state: DecoderState
    uniforms: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))


class Engine:
    """Draws from one network. Making one compiles what it needs before the first request."""

    def __init__(self, network: NoteNetwork, slots: int = SLOTS, device: str = "cpu") -> None:
        """Make an engine and start its threads.

        Args:
            network: what to draw from.
            slots: how many pieces are drawn at the same time; further ones wait in the order they come.
            device: 'cpu', or what TensorFlow calls a device, as 'gpu:0'.

        Raises:
            EngineError: compiled code computes wrong numbers.
        """
        check()
        self.representation, self._network = network.representation, network
        self._weights, self._rules = weights_of(network), rules_of(network.representation)
        is_compiled = device == "cpu" and isinstance(network.stack, RecurrentStack)
        self._stack = None if is_compiled else KerasStack(network, slots, device)
        self.decoders = Decoders(network, self._weights, self._stack)
        self._free = list(reversed(range(slots)))
        self._waiting: deque[Handle] = deque()
        self._ready: deque[_Piece] = deque()  # pieces in slots that no thread draws just now
        self._running: set[int] = set()  # their slots, and those of pieces that one draws
        self._change = threading.Condition()
        self._is_closed = False
        self._helpers = ThreadPoolExecutor(_cores(), thread_name_prefix="law") if self._stack else None
        self._warm_up()
        self._threads = [
            threading.Thread(target=self._work, name=f"engine-{number}", daemon=True)
            for number in range(_cores() if is_compiled else 1)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def memory_bytes(self) -> int:
        """What it holds in memory, beside the network itself."""
        decoder = self.decoders.start().decoder
        each = sum(part.nbytes for part in (*decoder.memory, *decoder.pointer))
        held = sum(part.nbytes for part in self._weights) + (self._stack.nbytes if self._stack else 0)
        return held + each * (len(self._free) + len(self._running))

    def submit(self, request: Request) -> Handle:
        """Ask for a piece; returns at once.

        Raises:
            EngineError: the engine was closed.
        """
        handle = Handle(request)
        with self._change:
            if self._is_closed:
                raise EngineError("The model was put away while a piece was asked of it: ask again.")
            self._waiting.append(handle)
            self._change.notify()
        return handle

    def close(self) -> None:
        """End the threads after the chunks under way; pieces not done yet fail."""
        with self._change:
            self._is_closed = True
            self._change.notify_all()
        for thread in self._threads:
            if threading.current_thread() is not thread:
                thread.join()
        if self._helpers:
            self._helpers.shutdown()
        with self._change:
            failed = [*self._waiting, *(piece.handle for piece in self._ready)]
            self._waiting.clear()
            self._ready.clear()
        for handle in failed:
            handle.failed(EngineError("The model was put away before the piece was done: ask again."))

    def _work(self) -> None:
        scratch = new_scratch(self._network)
        while pieces := self._next():
            try:
                chunks = [self._draw(pieces[0], scratch)] if self._stack is None else self._draw_together(pieces)
            except Exception as error:
                log.exception("drawing failed")
                failure = EngineError("Drawing the notes failed. Try again.")
                failure.__cause__ = error
                for piece in pieces:
                    piece.handle.failed(failure)
                    self._leave(piece)
                continue
            for piece, chunk in zip(pieces, chunks, strict=True):
                if piece.handle.took(chunk, piece.state):
                    self._leave(piece)
                else:
                    self._return(piece)

    def _next(self) -> list[_Piece]:
        """What to draw next: one piece, or all where a step is for all; none once the engine is closed."""
        with self._change:
            while not self._is_closed:
                while self._waiting and self._free:
                    self._join(self._waiting.popleft())
                if self._ready:
                    count = 1 if self._stack is None else len(self._ready)
                    return [self._ready.popleft() for _ in range(count)]
                self._change.wait()
            return []

    def _join(self, handle: Handle) -> None:
        request = handle.request
        try:
            state = request.state.begun(self._network, request.sampling, request.plan, request.is_penalised)
            piece = _Piece(handle, self._free[-1], state)
            if self._stack is not None:
                self._stack.join(piece.slot, state.stack or {})
        except Exception as error:
            log.exception("a piece could not begin")
            failure = EngineError("The piece could not be begun.")
            failure.__cause__ = error
            handle.failed(failure)
            return
        self._running.add(self._free.pop())
        self._ready.append(piece)

    def _return(self, piece: _Piece) -> None:
        with self._change:
            self._ready.append(piece)
            self._change.notify()

    def _leave(self, piece: _Piece) -> None:
        with self._change:
            self._running.discard(piece.slot)
            self._free.append(piece.slot)
            self._change.notify()

    def _uniforms(self, piece: _Piece) -> NDArray[np.float32]:
        """Random numbers for the next chunk, from the piece's own stream, float32 (steps, fields + 2)."""
        steps = min(CHUNK, piece.handle.steps_left)
        return piece.handle.request.random.random((steps, len(self._rules.sizes) + 2), dtype=np.float32)

    def _draw(self, piece: _Piece, scratch: Scratch) -> Chunk:
        """The next chunk of one piece."""
        uniforms = self._uniforms(piece)
        raw = np.zeros((len(uniforms), len(self._rules.sizes)), dtype=np.int32)
        is_given = np.zeros(len(uniforms), dtype=np.uint8)
        given, decoder = raw[:0], piece.state.decoder
        count = run(decoder, self._weights, self._rules, given, uniforms, scratch, raw, is_given)
        return _chunk(piece, raw[:count], is_given[:count])

    def _draw_together(self, pieces: list[_Piece]) -> list[Chunk]:
        """The next chunk of all pieces, step by step."""
        if self._stack is None or self._helpers is None:
            raise RuntimeError("pieces of a compiled stack are drawn one by one")
        drawn: list[list[tuple[NDArray[np.int32], bool]]] = [[] for _ in pieces]
        fields, scratches = len(self._rules.sizes), [new_scratch(self._network) for _ in pieces]
        inputs = np.zeros((len(pieces), self._network.config.embedding), dtype=np.float32)
        for piece in pieces:
            piece.uniforms = self._uniforms(piece)
        nothing = np.zeros((0, fields), dtype=np.int32)
        for step in range(CHUNK):
            rows = [row for row, piece in enumerate(pieces) if step < len(piece.uniforms) and not piece.state.is_over]
            if not rows:
                break
            for row in rows:
                decoder, written = pieces[row].state.decoder, inputs[row : row + 1]
                embed(decoder, self._weights, self._rules, nothing, scratches[row], written)
            outputs = self._stack.step([pieces[row].slot for row in rows], inputs[rows])
            tasks = [
                self._helpers.submit(self._draw_step, pieces[row], outputs[place], step, scratches[row])
                for place, row in enumerate(rows)
            ]
            for row, task in zip(rows, tasks, strict=True):
                raw, is_given, is_end = task.result()
                if not is_end:
                    drawn[row].append((raw, is_given))
        return [
            _chunk(
                piece, np.array([raw for raw, _ in steps]).reshape(-1, fields), np.array([given for _, given in steps])
            )
            for piece, steps in zip(pieces, drawn, strict=True)
        ]

    def _draw_step(
        self, piece: _Piece, output: NDArray[np.float32], step: int, scratch: Scratch
    ) -> tuple[NDArray[np.int32], bool, bool]:
        raw = np.zeros(len(self._rules.sizes), dtype=np.int32)
        decoder, uniforms = piece.state.decoder, piece.uniforms[step]
        return raw, *draw(decoder, self._weights, self._rules, output, uniforms, scratch, raw)

    def _warm_up(self) -> None:
        """Compile, or load from disk, what the first request needs."""
        state = self.decoders.start()
        step = np.zeros((1, len(self._rules.sizes)), dtype=np.int32)
        self.decoders.prefill(step)
        request = Request(state, np.random.default_rng(0), most_steps=1)
        begun = state.begun(self._network, request.sampling, None, is_penalised=True)
        piece = _Piece(Handle(request), 0, begun)
        if self._stack is None:
            self._draw(piece, new_scratch(self._network))
        else:
            self._stack.join(0, state.stack or {})
            self._draw_together([piece])


def _chunk(piece: _Piece, raw: NDArray[np.int32], is_given: NDArray) -> Chunk:
    """What was drawn, and how far the piece is."""
    now = piece.state.decoder.piece[0]
    progress = Progress(piece.state.left, int(now["filled"]), int(now["woven"]), piece.state.is_over)
    return Chunk(raw.astype(np.int32), is_given.astype(bool), progress)


def _cores() -> int:
    """Processor cores that this process may use; not every system can tell these from all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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

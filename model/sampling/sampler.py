"""The compiled sampling loop: a chunk of steps for a batch of pieces, state carried from chunk to chunk."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from model.network import NoteNetwork
from model.representation.arrays import NUMPY
from model.representation.base import UNKNOWN, Situation, Tensor
from model.sampling.guard import Guard, Watch
from model.sampling.plan import Plan, filled_in
from model.sampling.pulse import Beat
from model.sampling.steering import Steer, Steering
from model.sampling.step import Choice, Tastes, Turn
from model.sampling.taste import Taste

CHUNK = 16  # steps between two looks at the outside world: 20 to 60 ms on a CPU


class Position(NamedTuple):
    """Where a batch of pieces stands.

    Attributes:
        previous: the last step's classes, int32 (batch, fields).
        latest: its raw values, int32 (batch, fields).
        situation: after it.
        state: of the stack, after it.
        watch: what the repetition guard remembers.
        steer: key, pace and pulse to be kept, and what was heard of them.
        now: own time units since the composing started, int32 (batch,).
        woven: how many of the plan's notes were brought in, int32 (batch,).
        filled: how many steps were drawn, int32 (batch,).
        is_over: whether the piece has ended, bool (batch,).
    """

    previous: Tensor
    latest: Tensor
    situation: Situation
    state: dict[str, Tensor]
    watch: Watch
    steer: Steer
    now: Tensor
    woven: Tensor
    filled: Tensor
    is_over: Tensor


class Drawn(NamedTuple):
    """A chunk of steps: raw int32 (steps, batch, fields), and of each whether it was given, or lies past the end."""

    steps: Tensor
    is_given: Tensor
    is_past_end: Tensor


class Sampler:
    """Draws steps from a network on TensorFlow. Compiling takes a few seconds per batch size, once."""

    def __init__(self, network: NoteNetwork) -> None:
        self.network = network
        self.representation = network.representation
        self._guard = Guard(self.representation)
        self._steering = Steering(self.representation)
        self._turn = Turn(network, self._guard, self._steering)
        # The loop is written as a graph already: letting AutoGraph rewrite it would double the time to compile it, and
        # leave generated files behind in the temporary folder of a killed worker.
        self._prime = tf.function(self._prime_graph, reduce_retracing=True, autograph=False)
        self._chunk = tf.function(self._chunk_graph, reduce_retracing=True, autograph=False)

    def start(self, batch: int, controls: NDArray[np.float32] | None = None, left: int = UNKNOWN) -> Position:
        """Before the first note.

        Args:
            batch: how many pieces.
            controls: what is asked of them, float32 (width,); None asks for nothing.
            left: own time units until the last onset of each, or UNKNOWN.
        """
        previous, state = self.network.start(batch)
        none = np.zeros(batch, dtype=np.int32)
        position = Position(
            previous=previous,
            latest=np.zeros_like(previous),
            situation=self.representation.situation(batch, NUMPY),
            state=state,
            watch=self._guard.start(batch),
            steer=self._steering.start(batch),
            now=none,
            woven=none,
            filled=none,
            is_over=np.zeros(batch, dtype=bool),
        )
        return self.asked(position, controls, left)

    def asked(self, position: Position, controls: NDArray[np.float32] | None, left: int) -> Position:
        """`position` with other wishes for what follows; see `start`."""
        situation = dict(position.situation)
        batch = len(position.is_over)
        if controls is not None:
            situation["controls"] = np.tile(controls.astype(np.float32), (batch, 1))
        situation["left"] = np.full(batch, left, dtype=np.int32)
        return position._replace(situation=situation)

    def steered(
        self, position: Position, key: str | None, notes_per_s: float | None, beat: Beat | None = None
    ) -> Position:
        """`position` from which on every piece is led towards a key, a density and a beat; see `Steering.start`."""
        return position._replace(steer=self._steering.start(len(position.is_over), key, notes_per_s, beat))

    def prime(
        self, steps: NDArray[np.int32], controls: NDArray[np.float32] | None = None, left: int = UNKNOWN
    ) -> Position:
        """After a given beginning.

        Args:
            steps: raw steps of one piece, int32 (notes, fields), at least one.
            controls: what was asked of them, as of `start`.
            left: own time units from the last of them to the last onset of the piece, or UNKNOWN.
        """
        whole = left if left == UNKNOWN else left + int(self.representation.onsets(steps)[-1])
        start = self.start(1, controls, whole)
        before, after = self.representation.trace(steps[None], start.situation)
        classes = self.representation.classes(steps[None], before, NUMPY)  # (1, notes, fields)
        previous = np.concatenate([start.previous[:, None], classes[:, :-1]], axis=1)
        state = self._prime(previous, before, start.state)
        return start._replace(previous=classes[:, -1], latest=steps[-1:], situation=after, state=state)

    def chunk(
        self,
        position: Position,
        uniforms: NDArray[np.float32],
        taste: Taste,
        plan: Plan | None = None,
        guard: bool = True,
    ) -> tuple[Drawn, Position]:
        """The next steps of every piece, and the position after them.

        Args:
            position: where the batch stands.
            uniforms: float32 (steps, batch, fields + 2) in [0, 1): one number for each draw.
            taste: how to draw.
            plan: what is given beforehand.
            guard: whether loops of few notes are broken.
        """
        batch = uniforms.shape[1]
        drawn, position = self._chunk(position, uniforms, self._tastes(taste, batch, guard), plan)
        return Drawn(*(part.numpy() for part in drawn)), position

    def _tastes(self, taste: Taste, batch: int, is_guarded: bool) -> Tastes:
        return Tastes.of(taste, [field.name for field in self.representation.fields], batch, is_guarded)

    def warm_up(self) -> None:
        """Compile the graphs for one piece: hearing a seed of any length, drawing freely, and by any plan.

        Each runs once as well: TensorFlow makes the last of its arrangements then.
        """
        start = self.start(1)
        fields = start.previous.shape[1]
        step = np.zeros((1, fields), dtype=np.int32)
        before, _ = self.representation.trace(step[None], start.situation)
        opened = {name: _open(value, 1) for name, value in before.items()}
        self._prime.get_concrete_function(_open(start.previous[:, None], 1), opened, start.state)
        self._prime(start.previous[:, None], before, start.state)
        plan = filled_in(step, step, step[:, 0], 0.0)
        open_plan = Plan(*(_open(part, 1) if part.ndim > 1 else part for part in plan))
        uniforms = np.zeros((CHUNK, 1, fields + 2), dtype=np.float32)
        self._chunk.get_concrete_function(start, uniforms, self._tastes(Taste(), 1, True), open_plan)
        for given in (None, plan):
            self.chunk(start, uniforms, Taste(), given)

    def _prime_graph(self, previous: Tensor, situation: Situation, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """The state after hearing (batch, time, ...) in one pass: one graph for every length and every stack."""
        return self.network.sequence(previous, situation, state)[1]

    def _chunk_graph(
        self, position: Position, uniforms: Tensor, tastes: Tastes, plan: Plan | None
    ) -> tuple[Drawn, Position]:
        count = tf.shape(uniforms)[0]

        def body(index: Tensor, position: Position, drawn: Drawn) -> tuple:
            after, choice = self._step(position, uniforms[index], tastes, plan)
            past_end = ops.logical_or(position.is_over, choice.is_end)
            written = zip(drawn, (choice.raw, choice.is_woven, past_end), strict=True)
            return index + 1, after, Drawn(*(array.write(index, value) for array, value in written))

        arrays = Drawn(*(tf.TensorArray(kind, size=count) for kind in (tf.int32, tf.bool, tf.bool)))
        _, position, drawn = tf.while_loop(lambda index, *_: index < count, body, (tf.constant(0), position, arrays))
        return Drawn(*(array.stack() for array in drawn)), position

    def _step(self, position: Position, uniform: Tensor, tastes: Tastes, plan: Plan | None) -> tuple[Position, Choice]:
        """One step of every piece."""
        choice, state = self._turn.take(position, uniform, tastes, plan)
        raw = choice.raw
        step = {field.name: raw[:, index] for index, field in enumerate(self.representation.fields)}
        situation = self.representation.advance(position.situation, step, ops)
        is_over = ops.logical_or(position.is_over, choice.is_end)
        if plan is not None:
            is_over = ops.logical_or(is_over, position.filled + 1 >= plan.length)
        return position._replace(
            previous=choice.classes,
            latest=raw,
            situation=situation,
            state=state,
            watch=choice.watch,
            steer=choice.steer,
            now=position.now + self._turn.wait(raw),
            woven=position.woven + ops.cast(choice.is_woven, "int32"),
            filled=position.filled + 1,
            is_over=is_over,
        ), choice


def _open(array: NDArray, axis: int) -> tf.TensorSpec:
    """What an array looks like whose length along `axis` is left open."""
    shape = [None if index == axis else size for index, size in enumerate(array.shape)]
    return tf.TensorSpec(shape, array.dtype)

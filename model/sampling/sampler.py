"""The compiled sampling loop: a chunk of steps for a batch of pieces, state carried from chunk to chunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from model.network import NoteNetwork
from model.network.heads import REFUSED
from model.network.note import States
from model.representation.arrays import NUMPY
from model.representation.base import Situation, Tensor
from model.sampling.drawing import draw
from model.sampling.taste import Taste

CHUNK = 16  # steps between two looks at the outside world: 20 to 60 ms on a CPU


@dataclass
class Position:
    """Where a batch of pieces stands: the last step's classes, the situation, the stack's states."""

    previous: Tensor  # int32 (batch, fields)
    situation: Situation
    states: States


class Sampler:
    """Draws steps from a network on TensorFlow. Compiling takes a few seconds per batch size, once."""

    def __init__(self, network: NoteNetwork) -> None:
        self.network = network
        self.representation = network.representation
        # The loop is written as a graph already: letting AutoGraph rewrite it would double the time to compile it, and
        # leave generated files behind in the temporary folder of a killed worker.
        self._prime = tf.function(self._prime_graph, reduce_retracing=True, autograph=False)
        self._chunk = tf.function(self._chunk_graph, reduce_retracing=True, autograph=False)

    def start(self, batch: int) -> Position:
        """Before the first note."""
        previous, states = self.network.start(batch)
        return Position(previous, self.representation.situation(batch, NUMPY), states)

    def prime(self, steps: NDArray[np.int32]) -> Position:
        """After a given beginning, heard in one pass through the stack.

        Args:
            steps: raw steps of one piece, int32 (notes, fields), at least one.
        """
        start = self.start(1)
        before, after = self.representation.trace(steps[None], start.situation)
        classes = self.representation.classes(steps[None], before)  # (1, notes, fields)
        previous = np.concatenate([start.previous[:, None], classes[:, :-1]], axis=1)
        states = self._prime(previous, before, start.states)
        return Position(classes[:, -1], after, states)

    def chunk(
        self, position: Position, uniforms: NDArray[np.float32], taste: Taste
    ) -> tuple[NDArray[np.int32], Position]:
        """The next raw steps of every piece, int32 (steps, batch, fields), and the position after them.

        Args:
            position: where the batch stands.
            uniforms: float32 (steps, batch, fields + 2) in [0, 1): one number for each draw.
            taste: how to draw.
        """
        batch = uniforms.shape[1]
        tastes = [np.full(batch, value, dtype=np.float32) for value in (taste.temperature, taste.top_p, taste.min_p)]
        steps, previous, situation, states = self._chunk(
            tf.constant(position.previous), position.situation, position.states, uniforms, tastes
        )
        return steps.numpy(), Position(previous, situation, states)

    def _prime_graph(self, previous: Tensor, situation: Situation, states: States) -> States:
        _, states = self.network.sequence(previous, situation, states)
        return states

    def _chunk_graph(
        self, previous: Tensor, situation: Situation, states: States, uniforms: Tensor, tastes: list[Tensor]
    ) -> tuple[Tensor, Tensor, Situation, States]:
        count = tf.shape(uniforms)[0]

        def body(index: Tensor, previous: Tensor, situation: Situation, states: States, drawn: tf.TensorArray) -> tuple:
            raw, classes, situation, states = self._step(previous, situation, states, uniforms[index], tastes)
            return index + 1, classes, situation, states, drawn.write(index, raw)

        loop = (tf.constant(0), previous, situation, states, tf.TensorArray(tf.int32, size=count))
        _, previous, situation, states, drawn = tf.while_loop(lambda index, *_: index < count, body, loop)
        return drawn.stack(), previous, situation, states

    def _step(
        self, previous: Tensor, situation: Situation, states: States, uniform: Tensor, tastes: list[Tensor]
    ) -> tuple[Tensor, Tensor, Situation, States]:
        """One step of every piece: raw values and classes (batch, fields), and what is carried on."""
        representation = self.representation
        output, states = self.network.step(previous, situation, states)
        logits = ops.where(representation.drawable(), self.network.logits(0, output, [], situation), REFUSED)
        classes = [draw(logits, uniform[:, 0], *tastes)]
        raw = [representation.raw(0, classes[0], uniform[:, -2], situation, ops)]
        later = representation.elapse(situation, raw[0], ops)
        for index in range(1, len(representation.fields)):
            drawn = draw(self.network.logits(index, output, classes, later), uniform[:, index], *tastes)
            classes.append(drawn)
            raw.append(representation.raw(index, drawn, uniform[:, -1], later, ops))
        step = {field.name: value for field, value in zip(representation.fields, raw, strict=True)}
        situation = representation.advance(situation, step, ops)
        return ops.stack(raw, axis=-1), ops.stack(classes, axis=-1), situation, states

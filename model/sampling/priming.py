"""Where a piece begins: before its first note, or after a seed that the network hears in one pass."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from model.network import NoteNetwork
from model.representation.arrays import NUMPY
from model.representation.base import UNKNOWN, Situation, Tensor
from model.sampling.ensemble_lean import Playing
from model.sampling.guard import Guard
from model.sampling.position import Position
from model.sampling.pulse import Beat
from model.sampling.steering import Steering


class Primer:
    """Makes positions of one piece each for one network, on TensorFlow; safe to use from any thread."""

    def __init__(self, network: NoteNetwork) -> None:
        """Compile the pass through a seed of any length."""
        self.network = network
        self.representation = network.representation
        self._guard, self._steering = Guard(self.representation), Steering(self.representation)
        self._beginning = self._before_all()
        # autograph off: it would double the time to compile, and leave files in the temporary folder of a killed worker
        self._hear = tf.function(self._heard, reduce_retracing=True, autograph=False)
        self._warm_up()

    def start(self, controls: NDArray[np.float32] | None = None, left: int = UNKNOWN) -> Position:
        """Before the first note.

        Args:
            controls: what is asked of the piece, float32 (width,); None asks for nothing.
            left: own time units until its last onset, or UNKNOWN.
        """
        return self.asked(self._beginning, controls, left)

    def _before_all(self) -> Position:
        """Where every piece begins that nothing is asked of; made once, for Keras takes milliseconds for it."""
        previous, state = self.network.start(1)
        none = np.zeros(1, dtype=np.int32)
        position = Position(
            previous=previous,
            latest=np.zeros_like(previous),
            situation=self.representation.situation(1, NUMPY),
            state=state,
            watch=self._guard.start(1),
            steer=self._steering.start(1),
            now=none,
            woven=none,
            filled=none,
            is_over=np.zeros(1, dtype=bool),
        )
        return tree.map_structure(_constant, position)

    def asked(self, position: Position, controls: NDArray[np.float32] | None, left: int) -> Position:
        """`position` with other wishes for what follows; see `start`."""
        situation = dict(position.situation)
        if controls is not None:
            situation["controls"] = controls.astype(np.float32)[None]
        situation["left"] = np.full(1, left, dtype=np.int32)
        return position._replace(situation=situation)

    def steered(
        self,
        position: Position,
        key: str | None,
        notes_per_s: float | None,
        beat: Beat | None = None,
        playing: Playing | None = None,
    ) -> Position:
        """`position` from which the piece is led towards a key, a density, a beat and an ensemble; see `Steering`."""
        return position._replace(steer=self._steering.start(1, key, notes_per_s, beat, playing))

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
        start = self.start(controls, whole)
        before, after = self.representation.trace(steps[None], start.situation)
        classes = self.representation.classes(steps[None], before, NUMPY)  # (1, notes, fields)
        previous = np.concatenate([start.previous[:, None], classes[:, :-1]], axis=1)
        state = self._hear(previous, before, start.state)
        return start._replace(previous=classes[:, -1], latest=steps[-1:], situation=after, state=state)

    def _heard(self, previous: Tensor, situation: Situation, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """The state after hearing (batch, time, ...) in one pass: one graph for every length and every stack."""
        return self.network.sequence(previous, situation, state)[1]

    def _warm_up(self) -> None:
        """Compile for a seed of any length, and run once: TensorFlow makes the last of its arrangements then."""
        start = self.start()
        step = np.zeros((1, 1, start.previous.shape[1]), dtype=np.int32)
        before, _ = self.representation.trace(step, start.situation)
        opened = {name: _any_length(value) for name, value in before.items()}
        self._hear.get_concrete_function(_any_length(start.previous[:, None]), opened, start.state)
        self._hear(start.previous[:, None], before, start.state)


def _constant(values: Tensor) -> NDArray:
    array = np.array(values)
    array.setflags(write=False)
    return array


def _any_length(array: NDArray) -> tf.TensorSpec:
    """What an array (batch, time, ...) looks like whose time is left open."""
    return tf.TensorSpec((array.shape[0], None, *array.shape[2:]), array.dtype)

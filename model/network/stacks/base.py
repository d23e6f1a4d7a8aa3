"""What every stack promises to the network around it."""

from __future__ import annotations

from abc import abstractmethod

import keras
from keras import ops

from model.representation.base import Tensor

State = dict[str, Tensor]  # float32, batch first; all zeros before the first step, so that a row is reset by zeros


class Stack(keras.layers.Layer):
    """Inputs (embeddings of the last step) to outputs (what the heads read), with a state in between.

    `sequence` over many steps and `step` one by one compute the same; tests hold every stack to it.
    """

    units: int  # width of the outputs

    @abstractmethod
    def state_sizes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each part of the state, without the batch."""

    @abstractmethod
    def sequence(self, inputs: Tensor, state: State, training: bool = False) -> tuple[Tensor, State]:
        """Outputs (batch, time, units) of a whole window (batch, time, width), and the state after it."""

    @abstractmethod
    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Output (batch, units) of one step (batch, width), and the state after it."""

    def start(self, batch: int) -> State:
        """The state before the first step."""
        return {name: ops.zeros((batch, *size), dtype="float32") for name, size in self.state_sizes().items()}

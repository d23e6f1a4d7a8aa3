"""What every representation promises to the network, the training loop and the sampler.

A representation turns a Piece into *steps*, an int32 table with one row per note and one column per field, and back.
It also keeps the *situation*: what follows from the steps so far and a network would waste itself on remembering
(which keys still sound, for how long). The same code runs on numpy while training data is prepared and on
`keras.ops` inside the compiled sampling loop: functions that must run on both take the array module as `ops`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.piece import Piece
from model.representation.arrays import NUMPY

Tensor = Any  # a numpy array or a tensor of the running Keras backend
Situation = dict[str, Tensor]


@dataclass(frozen=True)
class Field:
    """One part of a step: `size` classes drawn from a head; the input embedding has one row more, for START."""

    name: str
    size: int


class Representation(ABC):
    """A bijection, up to the stated quantisation, between pieces and steps."""

    name: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    end_class: ClassVar[int]  # the class of the first field that says the piece is over
    quantisation: ClassVar[str]  # what a round trip may change, in one sentence
    context_sizes: ClassVar[dict[str, int]]  # width of `context` for 'input' and for each field that has one

    @abstractmethod
    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The steps of `piece`, int32 (notes, fields); raw values, not classes."""

    @abstractmethod
    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """The piece that `steps` (notes, fields) describe."""

    @abstractmethod
    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where that would leave the instrument's range."""

    @abstractmethod
    def situation(self, batch: int, ops: Any) -> Situation:
        """The situation before the first step, for `batch` pieces."""

    @abstractmethod
    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """The situation after `step`, whose values are raw integers of shape (batch,)."""

    def trace(self, steps: NDArray[np.int32], situation: Situation) -> tuple[Situation, Situation]:
        """The situation before each of raw `steps` (batch, time, fields), and the one after the last; numpy only."""
        before = []
        for position in range(steps.shape[1]):
            before.append(situation)
            step = {field.name: steps[:, position, index] for index, field in enumerate(self.fields)}
            situation = self.advance(situation, step, NUMPY)
        return {name: np.stack([moment[name] for moment in before], axis=1) for name in situation}, situation

    @abstractmethod
    def drawable(self) -> NDArray[np.bool_]:
        """Classes of the first field that composing may draw, (size,): the caller decides how long a piece is."""

    @abstractmethod
    def raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation, ops: Any) -> Tensor:
        """Raw values int32 (batch,) of the drawn classes of field `index`; `uniform` chooses within a bucket."""

    @abstractmethod
    def elapse(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """The situation once the first field is known and before the other fields are."""

    @abstractmethod
    def context(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """What `part` ('input' or a field) may look at, float32 (..., context_sizes[part])."""

    @abstractmethod
    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor | None:
        """Which classes of `field` can follow, bool (..., size), or None where all can."""

    @abstractmethod
    def classes(self, steps: NDArray[np.int32], situation: Situation) -> NDArray[np.int32]:
        """The classes (..., fields) of raw `steps` (..., fields) in `situation`; numpy only."""

    @abstractmethod
    def residual_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """What saying the exact raw values costs beyond their classes (..., fields), in nats (...,)."""

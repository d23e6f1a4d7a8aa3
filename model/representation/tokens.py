"""What representations of one field have in common: a step is one token, and a token's class is its raw value."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError
from model.representation.base import BLOCK, Representation, Situation, Tensor


class Tokens(Representation):
    """One token of a closed vocabulary a step; END is the class after the last token."""

    music_sizes: ClassVar[dict[str, int]] = {}
    control_names = ()
    symbol = "token"

    def steps_of_tokens(self, tokens: list[int] | NDArray) -> NDArray[np.int32]:
        """Tokens (steps,) as raw steps, int32 (steps, 1)."""
        return np.asarray(tokens, dtype=np.int32).reshape(-1, 1)

    def symbols(self, steps: NDArray[np.int32]) -> NDArray[np.integer]:
        """The tokens, int32 (steps,)."""
        return steps[:, 0]

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` as they are: not every token can be moved."""
        return steps

    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` as they are: time is counted in beats."""
        return steps

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """One time unit for each step, int64 (steps,)."""
        return np.arange(1, len(steps) + 1, dtype=np.int64)

    def measured(self, steps: NDArray[np.int32], style: str = "") -> NDArray[np.float32]:
        """Nothing is asked of tokens: zeros, (blocks, controls.width)."""
        return np.zeros((max(1, -(-len(steps) // BLOCK)), self.controls.width), dtype=np.float32)

    def silence(self, batch: int, ops: Any) -> Situation:
        """Nothing needs to be kept beside what every situation holds."""
        return {}

    def elapse(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """`situation`: a step has no second field that would look at it."""
        return situation

    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """One time unit later."""
        return {**situation, **self.waited(situation, ops.ones_like(step[self.fields[0].name]), ops)}

    def music(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """Tokens say everything themselves: `music_sizes` is empty.

        Raises:
            KeyError: always.
        """
        raise KeyError(part)

    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor | None:
        """None: any token may follow any other."""
        return None

    def classes(self, steps: Tensor, situation: Situation, ops: Any) -> Tensor:
        """`steps`: the class of a token is the token."""
        return steps

    def raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation, ops: Any) -> Tensor:
        """`drawn`: nothing is left to choose within a class."""
        return drawn

    def accompaniment(self, steps: NDArray[np.int32]) -> None:
        """Tokens are no notes: raises RequestError."""
        raise RequestError("This model cannot accompany a melody: let it continue it, or choose another model.")

    def drawable(self) -> NDArray[np.bool_]:
        """Every token, and not END."""
        return np.arange(self.fields[0].size) != self.end_class

    def residual_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Zeros: a class says the exact value."""
        return np.zeros(classes.shape[:-1], dtype=np.float32)

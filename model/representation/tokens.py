"""What representations of one field have in common: a step is one token, and a token's class is its raw value."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError
from model.representation import token_laws
from model.representation.base import BLOCK, Representation


class Tokens(Representation):
    """One token of a closed vocabulary a step; END is the class after the last token."""

    state = token_laws.TOKEN_STATE
    start = staticmethod(token_laws.start_tokens)
    feature_sizes: ClassVar[dict[str, int]] = {}
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

    def accompaniment(self, steps: NDArray[np.int32]) -> None:
        """Tokens are no notes: raises RequestError."""
        raise RequestError("This model cannot accompany a melody: let it continue it, or choose another model.")

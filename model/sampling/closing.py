"""What keeps the last chord of a piece in free time one chord.

A piece ends at its last onset, wherever that was asked to be. A network strikes its last chord a little before that, a
fifth of a second perhaps, may not end yet, and fills the time with more and more notes of the same chord. So an onset
that would come so close to the end is put off until the end, and the last chord has as long as its notes take.
"""

from __future__ import annotations

from keras import ops

from model.representation import Representation
from model.representation.base import Tensor

CLOSE_S = 0.5  # before the last onset: what falls there is put off
CHORD_S = 0.02  # that the notes of the last chord take


class Closing:
    """Of representations whose steps are notes in free time; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        per_second = representation.units_per_second or 0.0
        self._close, self._chord = round(CLOSE_S * per_second), round(CHORD_S * per_second)

    def put_off(self, wait: Tensor, left: Tensor) -> Tensor:
        """The wait until the next onset, int32 (batch,).

        Args:
            wait: own time units as drawn, int32 (batch,).
            left: own time units until the last onset, int32 (batch,); negative where nobody said.
        """
        after = left - wait
        is_close = ops.logical_and(after > self._chord, after <= self._close)
        return ops.where(is_close, left - self._chord, wait)

"""What keeps a piece as dense as it was asked to be: a lean of the waits towards longer or shorter ones.

A network that draws from its own music grows denser and denser: a busy passage makes the next busy note likelier, and
half of what it learnt from, counted by notes, is busy. So the sampler measures how many notes a second were struck of
late and tilts the waits by a power of their length: up where there were too many, down where there were too few. Waits
within a chord, near 0, hardly change. A bent of the network that lasts is learnt on the way, so that none of it is left
(a proportional-integral controller).
"""

from __future__ import annotations

import numpy as np
from keras import ops

from model.representation import Representation
from model.representation.base import Tensor

STRENGTH = 1.0  # the power for a rate that is e times too high; by trial (docs/experiments.md)
LEARNING = 1.0  # what comes to the power for good when the rate was e times too high for as long as the memory lasts
STEEPEST = 3.0  # how far that may go
LEAST = 1e-3  # notes; keeps the logarithm finite
AT_FIRST_S = 4.0  # for which a piece is taken to have gone on as asked before its first note
MEMORY_S = 10.0  # over which the memory of a note fades: a phrase may breathe, a piece may not race

Pace = dict[str, Tensor]


class Pacing:
    """Leans the first field of representations whose steps are notes in free time; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        per_second = representation.units_per_second
        waits = representation.waits()
        self.can_lean = bool(representation.opens_with_wait and per_second and waits is not None)
        self._memory = MEMORY_S * (per_second or 1.0)
        self._per_second = per_second or 1.0
        self._waits = np.zeros(1, dtype=np.float32) if waits is None else waits.astype(np.float32)

    def start(self, batch: int, notes_per_s: float | None = None) -> Pace:
        """As if it had gone on at `notes_per_s` before; None lets it go as it likes.

        float32 (batch, 1): `rate` notes per own time unit, 0 where none is asked; `struck` notes and `passed` own time
        units, of late; `tilt` what was learnt of the network's bent.
        """
        rate = notes_per_s / self._per_second if notes_per_s is not None and self.can_lean else 0.0
        before = AT_FIRST_S * self._per_second
        rows = {"rate": rate, "struck": rate * before, "passed": before, "tilt": 0.0}
        return {name: np.full((batch, 1), value, dtype=np.float32) for name, value in rows.items()}

    def towards(self, pace: Pace) -> Tensor:
        """What to add to the logits of the wait, float32 (batch, classes)."""
        power = STRENGTH * self._too_fast(pace) + pace["tilt"]  # (batch, 1)
        return power * ops.log1p(pace["rate"] * self._waits)

    def heard(self, pace: Pace, raw: Tensor) -> Pace:
        """The pace after one more step, whose raw values are int32 (batch, fields)."""
        if not self.can_lean:
            return pace
        wait = ops.cast(raw[:, :1], "float32")
        share = wait / self._memory
        kept = ops.exp(-share)
        tilt = pace["tilt"] + LEARNING * self._too_fast(pace) * share
        return {
            **pace,
            "struck": pace["struck"] * kept + 1.0,
            "passed": pace["passed"] * kept + wait,
            "tilt": ops.minimum(ops.maximum(tilt, -STEEPEST), STEEPEST),
        }

    def _too_fast(self, pace: Pace) -> Tensor:
        """The logarithm of how many times the rate asked for the latest one is, (batch, 1); 0 where none is asked."""
        asked = pace["rate"] * pace["passed"]
        return ops.where(asked > 0, ops.log(ops.maximum(pace["struck"], LEAST) / ops.maximum(asked, LEAST)), 0.0)

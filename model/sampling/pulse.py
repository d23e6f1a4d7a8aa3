"""What lets a continuation go on in the pulse of its seed: waits lean towards a beat after something was struck.

A network that plays in free time has no beat to count by, and loses that of its seed. Where music keeps a pulse, far
more notes have another one beat before them than elsewhere: that is what a listener taps to and a detector correlates
(Ellis 2007, "Beat tracking by dynamic programming"). So a wait is likelier if it ends one beat after one of the latest
onsets. The beat is counted from what was just played and not from a clock, so that the music may hurry and linger.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from model.representation import Representation
from model.representation.base import Tensor

STRENGTH = 0.6  # logits; by trial (docs/experiments.md)
REMEMBERED = 32  # onsets
BLUR_S = 0.025  # standard deviation: the hands of a player are that far apart
CHORD_S = 0.03  # waits up to it stay within a chord
LONG_AGO = 1e6  # own time units

Pulse = dict[str, Tensor]


class Beat(NamedTuple):
    """How long a beat lasts, in seconds, and the onsets so far, in seconds and ascending; the last of them is now."""

    length_s: float
    onsets_s: NDArray[np.float64]


class Pulsing:
    """Leans the first field of representations whose steps are notes in free time; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        per_second = representation.units_per_second
        waits = representation.waits()
        self.can_lean = bool(representation.opens_with_wait and per_second and waits is not None)
        self._per_second = per_second or 1.0
        self._waits = np.zeros(1, dtype=np.float32) if waits is None else waits.astype(np.float32)
        self._is_apart = (self._waits > CHORD_S * self._per_second).astype(np.float32)

    def start(self, batch: int, beat: Beat | None = None) -> Pulse:
        """The pulse to go on in; None goes on in any.

        float32: `beat` (batch, 1) own time units, 0 where none is to be kept; `ages` (batch, 32) own time units since
        each of the latest onsets.
        """
        length, ages = np.zeros(1), np.full(REMEMBERED, LONG_AGO)
        if beat is not None and self.can_lean:
            latest = beat.onsets_s[-REMEMBERED:]
            length += beat.length_s * self._per_second
            ages[REMEMBERED - len(latest) :] = (latest[-1] - latest) * self._per_second
        return {name: np.tile(row.astype(np.float32), (batch, 1)) for name, row in (("beat", length), ("ages", ages))}

    def towards(self, pulse: Pulse) -> Tensor:
        """What to add to the logits of the wait, float32 (batch, classes)."""
        beat = pulse["beat"]
        wanted = beat - pulse["ages"]  # (batch, remembered) waits that end a beat after an onset
        off = ops.min(ops.abs(ops.expand_dims(wanted, -1) - self._waits), axis=1) / (BLUR_S * self._per_second)
        nearness = ops.exp(-0.5 * off * off)  # (batch, classes)
        return ops.where(beat > 0, STRENGTH * nearness * self._is_apart, 0.0)

    def heard(self, pulse: Pulse, raw: Tensor) -> Pulse:
        """The pulse after one more step, whose raw values are int32 (batch, fields)."""
        if not self.can_lean:
            return pulse
        ages = pulse["ages"] + ops.cast(raw[:, :1], "float32")
        return {**pulse, "ages": ops.concatenate([ages[:, 1:], ops.zeros_like(ages[:, :1])], axis=-1)}

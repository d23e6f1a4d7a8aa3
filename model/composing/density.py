"""How dense a piece is to be, in notes a second: as was asked, or as its seed is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.controls import Controls
from model.representation import Representation
from model.representation.base import BLOCK
from model.representation.measuring import MIDDLES, NOTES_PER_SECOND

SLOWEST, FASTEST = 1.0, 30.0  # notes a second that a seed may set: one note is no pace, and nobody plays faster


def asked_rate(controls: Controls) -> float | None:
    """Notes a second in the middle of the density asked for; None where none is."""
    return None if controls.density is None else MIDDLES[controls.density - 1]


def rate_of(representation: Representation, steps: NDArray[np.int32]) -> float | None:
    """Notes a second at the end of raw `steps` (notes, fields); None where they are not in free time or too few."""
    if representation.units_per_second is None or not representation.opens_with_wait:
        return None
    onsets = representation.onsets(steps)[-BLOCK:] / representation.units_per_second
    if len(onsets) < 2 or onsets[-1] == onsets[0]:
        return None
    return float(np.clip((len(onsets) - 1) / (onsets[-1] - onsets[0]), SLOWEST, FASTEST))


def at_rate(controls: Controls, notes_per_s: float | None) -> Controls:
    """`controls` with the density that has `notes_per_s`; as they are for None."""
    if notes_per_s is None:
        return controls
    return controls.model_copy(update={"density": int(np.searchsorted(NOTES_PER_SECOND, notes_per_s)) + 1})

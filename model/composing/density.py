"""How dense a piece is to be, and in which key: as was asked, as its seed is, or drawn for its random seed.

A network that is left to itself plays densely, whatever its random seed: what it learnt from is mostly busy if counted
by notes, and of its own busy passages it makes busier ones. Real music is now sparse, now busy. Nor does it choose a
key and stay there: it wanders, where real music has a home. So both are drawn as often as the training set has them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.bundles.habits import Habits
from model.composing.options import ComposeOptions
from model.controls import Controls
from model.representation import Representation
from model.representation.base import BLOCK
from model.representation.measuring import MIDDLES, NOTES_PER_SECOND

DENSITY, KEY = 2, 3  # of the random seed's streams, apart from those of notes and headings
SLOWEST, FASTEST = 1.0, 30.0  # notes a second that a seed may set: one note is no pace, and nobody plays faster


def asked_rate(controls: Controls) -> float | None:
    """Notes a second in the middle of the density asked for; None where none is."""
    return None if controls.density is None else MIDDLES[controls.density - 1]


def drawn_rate(options: ComposeOptions, habits: Habits | None) -> float | None:
    """Notes a second as asked, else drawn for the random seed from what real music has; None where that is unknown."""
    if options.controls.density is not None or habits is None:
        return asked_rate(options.controls)
    return habits.density(_chance(options.random_seed, DENSITY))


def with_key(options: ComposeOptions, habits: Habits | None) -> Controls:
    """What is asked, and where no key is, one that is drawn for the random seed; none where that is unknown."""
    if options.controls.key is not None or habits is None:
        return options.controls
    return options.controls.model_copy(update={"key": habits.key(_chance(options.random_seed, KEY))})


def _chance(random_seed: int, stream: int) -> float:
    return float(np.random.Generator(np.random.Philox(random_seed).jumped(stream)).random())


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

"""What nobody asked for, drawn for the random seed as often as the training set has it: density, key, style, players.

A network that is left to itself plays densely, whatever its random seed: what it learnt from is mostly busy if counted
by notes, and of its own busy passages it makes busier ones. Real music is now sparse, now busy. Nor does it choose a
key and stay there: it wanders, where real music has a home. And one that knows many ensembles begins with whoever it
heard begin most often, mostly alone. So all of these are settled before the first note.
"""

from __future__ import annotations

import numpy as np

from model.bundles.habits import Habits
from model.composing.density import asked_rate
from model.composing.options import ComposeOptions
from model.controls import Controls

DENSITY, KEY, ENSEMBLE = 2, 3, 4  # of the random seed's streams, apart from those of notes and headings


def drawn_rate(options: ComposeOptions, habits: Habits | None) -> float | None:
    """Notes a second as asked, else drawn for the random seed from what real music has; None where that is unknown."""
    if options.controls.density is not None or habits is None:
        return asked_rate(options.controls)
    return habits.density(_chance(options.random_seed, DENSITY))


def completed(options: ComposeOptions, habits: Habits | None) -> Controls:
    """What is asked, with a key, a style and instruments drawn where they are not and what is usual is known."""
    if habits is None:
        return options.controls
    asked = options.controls
    update: dict[str, object] = {}
    if asked.key is None:
        update["key"] = habits.key(_chance(options.random_seed, KEY))
    if asked.style is None or not asked.instruments:
        chance = _chance(options.random_seed, ENSEMBLE)
        if (ensemble := habits.ensemble(chance, asked.style, asked.instruments)) is not None:
            update["style"] = asked.style or ensemble.style
            update["instruments"] = asked.instruments or ensemble.instruments
    return asked.model_copy(update=update)


def _chance(random_seed: int, stream: int) -> float:
    return float(np.random.Generator(np.random.Philox(random_seed).jumped(stream)).random())

"""What nobody asked for, drawn for the random seed as often as the training set has it: density, key, style, players.

A network that is left to itself plays densely, whatever its random seed: what it learnt from is mostly busy if counted
by notes, and of its own busy passages it makes busier ones. Real music is now sparse, now busy. Nor does it choose a
key and stay there: it wanders, where real music has a home. And one that knows many ensembles begins with whoever it
heard begin most often, mostly alone. So all of these are settled before the first note.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from model.bundles.habits import Habits
from model.composing.density import asked_rate
from model.composing.options import ComposeOptions
from model.controls import Controls
from model.sampling.ensemble_lean import Playing

DENSITY, KEY, ENSEMBLE = 2, 3, 4  # of the random seed's streams, apart from those of notes and headings


def drawn_rate(options: ComposeOptions, habits: Habits | None) -> float | None:
    """Notes a second as asked, else drawn for the random seed from what real music has; None where that is unknown."""
    if options.controls.density is not None or habits is None:
        return asked_rate(options.controls)
    return habits.density(_chance(options.random_seed, DENSITY))


class Settled(NamedTuple):
    """Wishes that leave less open: what is asked and drawn, and who plays it and how, None where that is open."""

    controls: Controls
    playing: Playing | None = None


def settled(options: ComposeOptions, habits: Habits | None) -> Settled:
    """What is asked, with a key, a style and players drawn where they are not and what is usual is known."""
    asked = options.controls
    if habits is None:
        return Settled(asked)
    update: dict[str, object] = {}
    if asked.key is None:
        update["key"] = habits.key(_chance(options.random_seed, KEY))
    ensemble = habits.ensemble(_chance(options.random_seed, ENSEMBLE), asked.style, asked.instruments)
    if ensemble is None:
        return Settled(asked.model_copy(update=update))
    update["style"] = asked.style or ensemble.style
    update["instruments"] = asked.instruments or ensemble.instruments
    wanted = [one for one in ensemble.players if not asked.instruments or one.family in asked.instruments]
    together = ensemble.together if asked.density is None else None  # chords are what makes music dense
    playing = Playing(tuple((one.program, one.share) for one in wanted), together)
    return Settled(asked.model_copy(update=update), playing)


def _chance(random_seed: int, stream: int) -> float:
    return float(np.random.Generator(np.random.Philox(random_seed).jumped(stream)).random())

"""What nobody asked for, drawn for the random seed as often as the training set has it: density, key, style, players.

A network that is left to itself plays densely, whatever its random seed: what it learnt from is mostly busy if counted
by notes, and of its own busy passages it makes busier ones. Real music is now sparse, now busy. Nor does it choose a
key and stay there: it wanders, where real music has a home. And one that knows many ensembles begins with whoever it
heard begin most often, mostly alone. So all of these are settled before the first note.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from model.bundles.habits import Habits
from model.composing.casting import cast
from model.composing.density import asked_rate
from model.composing.options import ComposeOptions
from model.controls import Controls
from model.errors import RequestError
from model.generation.processors import Playing
from model.instruments import FAMILIES, PER_FAMILY, families
from model.wording import listing

DENSITY, KEY, ENSEMBLE = 2, 3, 4  # of the random seed's streams, apart from those of notes and headings


def drawn_rate(options: ComposeOptions, habits: Habits | None) -> float | None:
    """Notes a second as asked, else drawn for the random seed from what real music has; None where that is unknown."""
    if options.controls.density is not None or habits is None:
        return asked_rate(options.controls)
    return habits.density(_chance(options.random_seed, DENSITY))


class Settled(NamedTuple):
    """Controls that leave less open.

    Attributes:
        controls: what is asked and drawn, in families of the programs that are drawn.
        playing: who plays and how; None where that is open.
        programs: the program that is drawn for each one that is written, where that is another.
        missing: instruments that were asked for and that the network cannot play.
    """

    controls: Controls
    playing: Playing | None = None
    programs: Mapping[int, int] = MappingProxyType({})
    missing: tuple[str, ...] = ()


def settled(options: ComposeOptions, habits: Habits | None) -> Settled:
    """What is asked, with a key, a style and players drawn where they are not and what is usual is known.

    Raises:
        RequestError: the network has learnt none of the instruments that are asked for.
    """
    asked = options.controls
    if habits is None:
        return Settled(asked)
    update: dict[str, object] = {}
    if asked.key is None:
        update["key"] = habits.key(_chance(options.random_seed, KEY))
    chance = _chance(options.random_seed, ENSEMBLE)
    if asked.instruments and habits.ensembles and not _is_usual(asked, habits):
        chosen = players_of(asked, habits)
        return chosen._replace(controls=chosen.controls.model_copy(update=update))
    ensemble = habits.ensemble(chance, asked.style, families(asked.instruments))
    if ensemble is None:
        return Settled(asked.model_copy(update=update))
    update["style"] = asked.style or ensemble.style
    update["instruments"] = asked.instruments or ensemble.instruments
    together = ensemble.together if asked.density is None else None  # chords are what makes music dense
    playing = Playing(tuple((one.program, one.share) for one in ensemble.players), together)
    return Settled(asked.model_copy(update=update), playing)


def players_of(asked: Controls, habits: Habits) -> Settled:
    """Who plays the instruments that are asked for, one by one: whoever the network knows that is like each.

    Raises:
        RequestError: it knows nobody who is like any of them.
    """
    found = cast(asked.instruments, habits, asked.style)
    if not found.parts:
        names = listing(found.missing)
        raise RequestError(f"This model hasn't learnt {names}. Choose other instruments, or leave `instruments` out.")
    playing = Playing(
        tuple((part.drawn, part.share) for part in found.parts), found.together if asked.density is None else None
    )
    drawn_families = tuple(dict.fromkeys(FAMILIES[part.drawn // PER_FAMILY] for part in found.parts))
    programs = {part.written: part.drawn for part in found.parts if part.written != part.drawn}
    controls = asked.model_copy(update={"instruments": drawn_families, "style": found.style})
    return Settled(controls, playing, programs, found.missing)


def _is_usual(asked: Controls, habits: Habits) -> bool:
    """Whether families are asked for, and just those play together in the training set, each of them a good deal."""
    wanted = set(asked.instruments)
    return wanted <= set(FAMILIES) and any(
        one.gives_each(wanted) and asked.style in (None, one.style) for one in habits.ensembles
    )


def _chance(random_seed: int, stream: int) -> float:
    return float(np.random.Generator(np.random.Philox(random_seed).jumped(stream)).random())

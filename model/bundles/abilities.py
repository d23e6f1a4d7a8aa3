"""What a bundle can be asked for, told by its configuration and by the record of what it learnt from.

Loads neither Keras nor TensorFlow. Called by the worker, which tells the bot, and by the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model.bundles.habits import Habits
from model.bundles.instrumentation import playable
from model.controls import ATTRIBUTES, KEYS, METERS, MODES
from model.network.config import NetworkConfig
from model.representation import representation_of

if TYPE_CHECKING:
    from model.bundles.bundle import Bundle


@dataclass(frozen=True)
class Abilities:
    """What a bundle can be asked for.

    Attributes:
        modes: what it makes of a seed.
        controls: which fields of `Controls` it follows.
        styles, keys, meters, instruments: the values it knows for them.
        has_beat: whether it counts bars.
    """

    modes: tuple[str, ...] = MODES
    controls: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    has_beat: bool = False


def abilities_of(config: NetworkConfig, habits: Habits | None) -> Abilities:
    """What a bundle of this configuration, that learnt from music with these habits, can be asked for."""
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    known = representation.controls.slices
    return Abilities(
        controls=tuple(ATTRIBUTES[name] for name in known),
        styles=config.styles if "style" in known else (),
        keys=KEYS if "key" in known else (),
        meters=METERS if "meter" in known else (),
        instruments=playable(habits) if "instruments" in known else (),
        has_beat=representation.units_per_second is None,
    )


@dataclass(frozen=True)
class Candidate(Abilities):
    """A bundle that may be chosen to compose: see `model.choosing`."""

    name: str = ""
    default: bool = False
    guild_id: int | None = field(default=None)


def candidate(bundle: Bundle, is_default: bool) -> Candidate:
    """`bundle` as one that may be chosen."""
    found = abilities_of(bundle.config, bundle.habits)
    return Candidate(**vars(found), name=bundle.name, default=is_default)

"""What a bundle can be asked for: modes, controls, and the values of each that it knows.

Read from its configuration and its priors, without Keras or TensorFlow. The worker tells the bot, and the command line
uses it to choose a bundle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model.bundles.instrumentation import playable
from model.bundles.priors import Priors
from model.controls import ATTRIBUTES, METERS, MODES
from model.keys import KEYS
from model.network.config import NetworkConfig
from model.representation import representation_of

if TYPE_CHECKING:
    from model.bundles.bundle import Bundle


@dataclass(frozen=True)
class Abilities:
    """What a bundle can be asked for.

    Attributes:
        modes: what it can do with a seed.
        controls: the fields of `Controls` it follows.
        styles, keys, meters, instruments: the values it knows for them.
        has_beat: whether it counts bars.
        is_classic: whether it is of the classic kind, see `model.classic`.
    """

    modes: tuple[str, ...] = MODES
    controls: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    has_beat: bool = False
    is_classic: bool = False


def abilities_of(config: NetworkConfig, priors: Priors | None) -> Abilities:
    """What a bundle with this configuration and these priors can be asked for."""
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    known = representation.controls.slices
    return Abilities(
        modes=("continue",) if config.window else MODES,
        controls=tuple(ATTRIBUTES[name] for name in known),
        styles=config.styles if "style" in known else (),
        keys=KEYS if "key" in known else (),
        meters=METERS if "meter" in known else (),
        instruments=playable(priors) if "instruments" in known else (),
        has_beat=representation.units_per_second is None,
        is_classic=config.window > 0,
    )


@dataclass(frozen=True)
class Candidate(Abilities):
    """A bundle that can be chosen to compose."""

    name: str = ""
    default: bool = False
    guild_id: int | None = field(default=None)


def candidate(bundle: Bundle, is_default: bool) -> Candidate:
    """`bundle` as a candidate."""
    found = abilities_of(bundle.config, bundle.priors)
    return Candidate(**vars(found), name=bundle.name, default=is_default)

"""Which model composes when nobody named one: the one that knows what is asked for and fits the seed, and why.

A seed tells by who plays it and by how metrical it is. A style or instruments that only one model knows outweigh that;
a tempo or a meter do not, because a performance in free time makes no sense on a beat grid. Called by the worker for
what members ask, and by the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from model.instruments import DRUMS, canonical
from model.piece import Piece
from model.seed_traits import SeedTraits, traits
from model.wording import listing

CHORALE = "chorale"  # in the name of a model that writes in four voices


class Known(Protocol):
    """What a choice looks at of a model: see `model.bundles.abilities.Candidate`."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def default(self) -> bool:
        """Whether it composes where nothing tells models apart."""

    @property
    def guild_id(self) -> int | None:
        """The server it belongs to; None where all have it."""

    @property
    def modes(self) -> tuple[str, ...]:
        """What it makes of a seed."""

    @property
    def controls(self) -> tuple[str, ...]:
        """Which controls it follows."""

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles it knows."""

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments it plays."""

    @property
    def has_beat(self) -> bool:
        """Whether it counts bars."""


Model = TypeVar("Model", bound=Known)


@dataclass(frozen=True)
class Wanted:
    """What is asked of the model.

    Attributes:
        mode: what is to become of the seed.
        bars: whether the length is asked in bars.
        asked: the controls that ask for something, by name of their field.
        preferred: the model that the server prefers.
    """

    mode: str = "continue"
    bars: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)
    preferred: str | None = None


def choose(models: Sequence[Model], wanted: Wanted, seed: Piece | None) -> tuple[Model, str | None]:
    """The one of `models` (at least one) that composes, and why, as a sentence; None where nothing has to be explained.

    The first of these that tells two models apart decides: the mode and bars; what the server prefers; style and
    instruments; the seed; the other controls; which is the default.
    """
    known = traits(seed) if seed is not None and len(seed) else None
    ranked = sorted(models, key=lambda model: _rank(model, wanted, known), reverse=True)
    return ranked[0], None if len(models) == 1 else _reason(ranked[0], ranked[1:], wanted, known)


def _rank(model: Known, wanted: Wanted, seed: SeedTraits | None) -> tuple[float, ...]:
    return (
        _can(model, wanted, seed),
        model.name == wanted.preferred,
        _follows(model, wanted, ("style", "instruments")),
        _fit(model, seed),
        _follows(model, wanted, ("key", "tempo_bpm", "meter", "density")),
        model.default,
        model.guild_id is None,  # a server's own composes when asked for or preferred
        len(model.instruments) + len(model.styles),  # who can do more is the better guess
    )


def _can(model: Known, wanted: Wanted, seed: SeedTraits | None) -> bool:
    """Whether the model would not refuse the request: it knows the mode, and bars where a length is asked in them."""
    knows_mode = seed is None or wanted.mode in model.modes
    return knows_mode and (not wanted.bars or model.has_beat)


def _follows(model: Known, wanted: Wanted, names: Sequence[str]) -> float:
    """How much of what is asked under `names` the model can follow: up to 1 for each control."""
    return sum(_share(model, name, value) for name, value in wanted.asked.items() if name in names)


def _share(model: Known, name: str, value: Any) -> float:
    if name not in model.controls:
        return 0.0
    if name == "style":
        return float(str(value).casefold() in (style.casefold() for style in model.styles))
    if name == "instruments":
        return sum(canonical(one) in model.instruments for one in value) / max(len(value), 1)
    return 1.0


def _fit(model: Known, seed: SeedTraits | None) -> int:
    """How well the model goes with the seed: 2 and more made for it, 1 can play it, 0 neither."""
    if seed is None:
        return 0
    if CHORALE in model.name:
        return 2 if seed.is_chorale else 0
    plays_all = 2 if seed.has_drums and DRUMS in model.instruments else 0
    on_grid = seed.is_ensemble or seed.is_metrical
    return plays_all + (1 if model.has_beat == on_grid else 0)


def _reason(best: Known, others: Sequence[Known], wanted: Wanted, seed: SeedTraits | None) -> str | None:
    """Why `best` and none of the `others`, in the order in which they were compared."""
    if best.name == wanted.preferred:
        return None
    words = [name.removesuffix("_bpm") for name, value in wanted.asked.items() if _share(best, name, value) > 0]
    words += ["length in bars"] * wanted.bars
    mine = _rank(best, wanted, seed)
    told_by_request = any(_rank(other, wanted, seed)[:3] < mine[:3] for other in others)
    if words and (told_by_request or (seed is None and not best.default)):
        return f"Composed by {best.name}, which supports the {listing(words)} you asked for."
    if seed is not None and _fit(best, seed):
        return f"Chosen for your seed: {seed.description}."
    return None

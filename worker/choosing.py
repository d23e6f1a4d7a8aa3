"""Which model composes when nobody named one: the one that knows what is asked for and fits the seed, and why.

A seed tells by who plays it and by how metrical it is. A style or instruments that only one model knows outweigh that;
a tempo or a meter do not, because a performance in free time makes no sense on a beat grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.contract import ComposeRequest, ModelInfo
from model.errors import BundleError
from model.piece import Piece
from worker.seed_traits import SeedTraits, traits

CHORALE = "chorale"  # in the name of a model that writes in four voices


@dataclass(frozen=True)
class Choice:
    """A model and the reason, as a sentence for the member; None where there is nothing to explain."""

    model: ModelInfo
    reason: str | None = None


def choose(models: Sequence[ModelInfo], request: ComposeRequest, seed: Piece | None) -> Choice:
    """The one of `models` (at least one, the default marked) that composes what `request` asks for.

    The first of these that tells two models apart decides: the mode and bars; what the server prefers; style and
    instruments; the seed; the other wishes; which is the default.

    Raises:
        BundleError: the model that was named is not among them.
    """
    if request.model is not None:
        return Choice(_named(models, request.model))
    known = traits(seed) if seed is not None else None
    ranked = sorted(models, key=lambda model: _rank(model, request, known), reverse=True)
    best = ranked[0]
    if len(models) == 1:
        return Choice(best)
    return Choice(best, _reason(best, ranked[1:], request, known))


def _named(models: Sequence[ModelInfo], name: str) -> ModelInfo:
    for model in models:
        if model.name == name:
            return model
    known = ", ".join(sorted(model.name for model in models)) or "none"
    raise BundleError(f"There is no model called '{name}'. These are here: {known}.")


def _rank(model: ModelInfo, request: ComposeRequest, seed: SeedTraits | None) -> tuple[float, ...]:
    return (
        _can(model, request),
        model.name == request.preferred,
        _follows(model, request, ("style", "instruments")),
        _fit(model, seed),
        _follows(model, request, ("key", "tempo_bpm", "meter", "density")),
        model.default,
        model.guild_id is None,  # a server's own composes when asked for or preferred
        len(model.instruments) + len(model.styles),  # who can do more is the better guess
    )


def _can(model: ModelInfo, request: ComposeRequest) -> bool:
    """Whether the model would not refuse the request: it knows the mode, and bars where a length is asked in them."""
    knows_mode = request.seed is None or request.mode in model.modes
    return knows_mode and (request.bars is None or model.has_beat)


def _follows(model: ModelInfo, request: ComposeRequest, names: Sequence[str]) -> int:
    """How many of the wishes `names` the model can follow."""
    return sum(_knows(model, name, value) for name, value in request.asked.items() if name in names)


def _knows(model: ModelInfo, name: str, value: object) -> bool:
    if name not in model.controls:
        return False
    if name == "style":
        return str(value).casefold() in (style.casefold() for style in model.styles)
    return True


def _fit(model: ModelInfo, seed: SeedTraits | None) -> int:
    """How well the model goes with the seed: 2 made for it, 1 can play it, 0 neither."""
    if seed is None:
        return 0
    if CHORALE in model.name:
        return 2 if seed.is_chorale else 0
    on_grid = seed.is_ensemble or seed.is_metrical
    return 1 if model.has_beat == on_grid else 0


def _reason(
    best: ModelInfo, others: Sequence[ModelInfo], request: ComposeRequest, seed: SeedTraits | None
) -> str | None:
    """Why `best` and none of the `others`, in the order in which they were compared."""
    if best.name == request.preferred:
        return None
    wishes = [name for name, value in request.asked.items() if _knows(best, name, value)]
    words = [name.removesuffix("_bpm") for name in wishes] + ["length in bars"] * (request.bars is not None)
    mine = _rank(best, request, seed)
    told_by_wish = any(_rank(other, request, seed)[:3] < mine[:3] for other in others)
    if words and (told_by_wish or (seed is None and not best.default)):
        return f"The model {best.name} composed, because it knows the {_listing(words)} you asked for."
    if seed is not None and _fit(best, seed):
        return f"The model {best.name} was chosen for your seed, because it {seed.description}."
    return None


def _listing(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

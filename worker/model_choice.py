"""Chooses the model for a request that names none, and says why: by what is asked for, then by the seed.

A seed is judged by who plays it and how metrical it is. A style or instruments that only one model knows count more
than that; a tempo or a meter count less, because a performance in free time makes no sense on a beat grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.contract import ComposeRequest, ModelInfo
from model.errors import BundleError
from model.piece import Piece

GRIDS = (4, 6, 8, 12)  # parts of a quarter note: sixteenths, triplets, thirty-seconds, triplets of sixteenths
NEAR = 1 / 40  # quarter notes; 12 ms at 120 a minute, what a careful player misses a beat by
METRICAL = 0.6
FEWEST_NOTES = 8  # with fewer, chance alone puts them on a grid
KEYBOARDS = (0, 2)  # families of eight General MIDI programs: pianos and harpsichords; organs
CHORALE_NOTES, CHORALE_VOICES, CHORALE_SHARE = 16, 4, 0.8
CHORALE_RANGE = (36, 84)  # MIDI pitches of a choir, with room to spare


@dataclass(frozen=True)
class SeedTraits:
    """What a choice looks at. `metrical` runs from about 0 (onsets anywhere) to 1 (all on the grid)."""

    metrical: float
    families: frozenset[int]  # of the pitched instruments that play, program // 8
    players: int  # pitched instruments that play
    has_drums: bool
    is_chorale: bool

    @property
    def is_metrical(self) -> bool:
        """Whether its onsets lie on its own beat."""
        return self.metrical >= METRICAL

    @property
    def is_ensemble(self) -> bool:
        """Whether several different instruments play, or drums."""
        return self.has_drums or len(self.families) > 1

    @property
    def description(self) -> str:
        """What it is, as the end of a sentence."""
        if self.is_chorale:
            return "is written in four voices, as a chorale is"
        if self.has_drums:
            return "has drums and other instruments" if self.players else "has drums"
        if self.is_ensemble:
            return "has several instruments"
        if self.is_metrical:
            return "keeps to a beat"
        return "is a keyboard performance in free time" if self.families <= set(KEYBOARDS) else "is played in free time"


def traits(seed: Piece) -> SeedTraits:
    """What `seed` is like."""
    playing = [seed.instruments[index] for index in np.unique(seed.notes["instrument"])]
    pitched = [instrument for instrument in playing if not instrument.is_drum]
    metrical = metricality(seed)
    return SeedTraits(
        metrical=metrical,
        families=frozenset(instrument.program // 8 for instrument in pitched),
        players=len(pitched),
        has_drums=len(pitched) < len(playing),
        is_chorale=metrical >= METRICAL and len(pitched) == len(playing) and _is_in_four_voices(seed),
    )


def metricality(piece: Piece) -> float:
    """How much more of the onsets lie near one of `GRIDS` than would by chance, 1 for all of them.

    Each grid is tried by itself: a finer one catches more by chance, and is worth less for that. Where a file's first
    beat lies does not matter: each grid is laid where the onsets gather.
    """
    onsets = np.unique(piece.notes["onset"]) / piece.ticks_per_quarter
    if len(onsets) < FEWEST_NOTES:
        return 0.0
    return max(_beyond_chance(onsets * parts, NEAR * parts) for parts in GRIDS)


def _beyond_chance(onsets: NDArray[np.float64], near: float) -> float:
    """How much more of `onsets`, counted in parts of the grid, lie within `near` of it than would by chance."""
    offset = np.angle(np.exp(2j * np.pi * onsets).mean()) / (2 * np.pi)  # the circular mean of where they lie
    away = np.abs(onsets - offset - np.rint(onsets - offset))
    return float((np.mean(away <= near) - 2 * near) / (1 - 2 * near))


def _is_in_four_voices(piece: Piece) -> bool:
    """Whether four notes within a choir's range sound nearly all the time."""
    pitches = piece.notes["pitch"]
    if len(pitches) < CHORALE_NOTES or pitches.min() < CHORALE_RANGE[0] or pitches.max() > CHORALE_RANGE[1]:
        return False
    starts, ends = piece.notes["onset"], piece.notes["onset"] + piece.notes["duration"]
    moments = np.unique(np.concatenate([starts, ends]))
    middles, spans = (moments[:-1] + moments[1:]) / 2, np.diff(moments)
    sounding = np.searchsorted(np.sort(starts), middles, "right") - np.searchsorted(np.sort(ends), middles, "right")
    return bool(spans[sounding == CHORALE_VOICES].sum() >= CHORALE_SHARE * spans.sum())


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

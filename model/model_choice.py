"""Chooses the model that composes if the member named none, and says why: it supports the request and fits the seed.

A seed is described by its instruments and by how metrical it is. A style or instruments that only one model knows
outweigh that; a tempo or a meter do not, because a performance in free time makes no sense on a beat grid. The worker
and the command line call this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.errors import listing
from model.instruments import DRUMS, canonical
from model.piece import Piece

CHORALE = "chorale"  # in the name of a model that writes in four voices
GRIDS = (4, 6, 8, 12)  # parts of a quarter note: sixteenths, triplets, thirty-seconds, triplets of sixteenths
NEAR = 1 / 40  # quarter notes; 12 ms at 120 a minute, what a careful player misses a beat by
METRICAL = 0.6
FEWEST_NOTES = 8  # with fewer, chance alone puts them near a grid
FEWEST_ONSETS = 3  # with fewer, their ends have to tell as well
PIANOS, ORGANS = 0, 2  # families of eight General MIDI programs; harpsichords are among the pianos
KEYBOARDS = {PIANOS, ORGANS}
MOST_MOMENTS = 2000  # looked at in a long piece
CHORALE_NOTES, CHORALE_VOICES, CHORALE_SHARE = 16, 4, 0.8
CHORALE_RANGE = (36, 84)  # MIDI pitches of a choir, with room to spare
MOST_BLOCKS = 0.5  # of the time: one chord held by the lower three under a melody that goes on
LOWER_MOVES = 0.6  # of the moves of the highest voice: what the others make of it at least, on average, in a chorale


class SelectableModel(Protocol):
    """The properties of a model that the choice reads; `Candidate` has them."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def default(self) -> bool:
        """Whether it is the default."""

    @property
    def guild_id(self) -> int | None:
        """The server it belongs to; None if all servers have it."""

    @property
    def modes(self) -> tuple[str, ...]:
        """What it makes of a seed."""

    @property
    def controls(self) -> tuple[str, ...]:
        """The controls it follows."""

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles it knows."""

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments it plays."""

    @property
    def has_beat(self) -> bool:
        """Whether it counts bars."""

    @property
    def is_classic(self) -> bool:
        """Whether it is of the classic kind, which composes only where it is named or preferred."""


Model = TypeVar("Model", bound=SelectableModel)


@dataclass(frozen=True)
class ModelRequirements:
    """The request, as far as the choice depends on it.

    Attributes:
        mode: what to do with the seed.
        bars: whether the length is given in bars.
        asked: the requested controls, by name of their field.
        preferred: the server's preferred model.
    """

    mode: str = "continue"
    bars: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)
    preferred: str | None = None


def choose(models: Sequence[Model], wanted: ModelRequirements, seed: Piece | None) -> tuple[Model, str | None]:
    """The model that composes, out of at least one, and the reason as a sentence; None if there is nothing to explain.

    The first criterion that distinguishes two models decides: mode and bars; the server's preference; style and
    instruments; the seed; the other controls; the default.
    """
    known = traits(seed) if seed is not None and len(seed) else None
    models = [model for model in models if not model.is_classic or model.name == wanted.preferred] or models
    ranked = sorted(models, key=lambda model: _rank(model, wanted, known), reverse=True)
    return ranked[0], None if len(models) == 1 else _reason(ranked[0], ranked[1:], wanted, known)


def _rank(model: SelectableModel, wanted: ModelRequirements, seed: SeedTraits | None) -> tuple[float, ...]:
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


def _can(model: SelectableModel, wanted: ModelRequirements, seed: SeedTraits | None) -> bool:
    """Whether the model accepts the request: it knows the mode, and bars if the length is in bars."""
    knows_mode = seed is None or wanted.mode in model.modes
    return knows_mode and (not wanted.bars or model.has_beat)


def _follows(model: SelectableModel, wanted: ModelRequirements, names: Sequence[str]) -> float:
    """How many of the requested controls `names` the model can follow: up to 1 for each."""
    return sum(_share(model, name, value) for name, value in wanted.asked.items() if name in names)


def _share(model: SelectableModel, name: str, value: Any) -> float:
    if name not in model.controls:
        return 0.0
    if name == "style":
        return float(str(value).casefold() in (style.casefold() for style in model.styles))
    if name == "instruments":
        return sum(canonical(one) in model.instruments for one in value) / max(len(value), 1)
    return 1.0


def _fit(model: SelectableModel, seed: SeedTraits | None) -> int:
    """How well the model fits the seed: 2 or more if made for it, 1 if it can play it, else 0."""
    if seed is None:
        return 0
    if CHORALE in model.name:
        return 2 if seed.is_chorale else 0
    plays_all = 2 if seed.has_drums and DRUMS in model.instruments else 0
    on_grid = seed.is_ensemble or seed.is_metrical
    return plays_all + (1 if model.has_beat == on_grid else 0)


def _reason(
    best: SelectableModel, others: Sequence[SelectableModel], wanted: ModelRequirements, seed: SeedTraits | None
) -> str | None:
    """The reason for `best`, in the order in which the models were compared."""
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


@dataclass(frozen=True)
class SeedTraits:
    """Traits of a seed. `metrical` runs from about 0 (onsets anywhere) to 1 (all on the grid).

    A recorded performance has a meaningless tempo map: its onsets lie anywhere between the beats. A score has them on
    simple fractions of the beat."""

    metrical: float
    families: frozenset[int]  # of the pitched instruments that play, program // 8
    players: int  # pitched instruments that play
    has_drums: bool
    is_chorale: bool
    is_single: bool = False  # whether all its notes are struck at once

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
        """A description in a few words."""
        if self.is_chorale:
            return "four voices, like a chorale"
        if self.has_drums:
            return "a band with drums" if self.players else "a drum loop"
        if self.is_ensemble:
            return "music for several instruments"
        if self.is_metrical:
            return "music with a beat"
        if self.is_single:
            return "a single note or chord"
        if self.families == {PIANOS}:
            return "a piano performance in free time"
        return "a keyboard performance in free time" if self.families <= KEYBOARDS else "a performance in free time"


def traits(seed: Piece) -> SeedTraits:
    """The traits of `seed`."""
    playing = [seed.instruments[index] for index in np.unique(seed.notes["instrument"])]
    pitched = [instrument for instrument in playing if not instrument.is_drum]
    metrical = metricality(seed)
    return SeedTraits(
        metrical=metrical,
        families=frozenset(instrument.program // 8 for instrument in pitched),
        players=len(pitched),
        has_drums=len(pitched) < len(playing),
        is_single=len(np.unique(seed.notes["onset"])) == 1,
        is_chorale=metrical >= METRICAL and len(pitched) == len(playing) and _is_in_four_voices(seed),
    )


def metricality(piece: Piece) -> float:
    """The share of onsets near one of `GRIDS`, beyond chance; 1 for all of them.

    Each grid is tried by itself; a finer one catches more by chance and counts less for that. Each grid is shifted to
    where the onsets gather, so the position of the first beat does not matter. If there are only a few notes, they must
    lie on the grid to the tick.
    """
    onsets = np.unique(piece.notes["onset"]) / piece.ticks_per_quarter
    if len(onsets) < FEWEST_NOTES:
        return float(_is_exact(piece))
    return max(_beyond_chance(onsets * parts, NEAR * parts) for parts in GRIDS)


def _beyond_chance(onsets: NDArray[np.float64], near: float) -> float:
    """The share of `onsets`, in grid units, within `near` of the grid, beyond chance."""
    offset = np.angle(np.exp(2j * np.pi * onsets).mean()) / (2 * np.pi)  # the circular mean of where they lie
    away = np.abs(onsets - offset - np.rint(onsets - offset))
    return float((np.mean(away <= near) - 2 * near) / (1 - 2 * near))


def _is_exact(piece: Piece) -> bool:
    """Whether a short motif lies on one of `GRIDS` to the tick: its onsets, and with fewer than three also its ends.

    False for a single note or chord.
    """
    onsets = np.unique(piece.notes["onset"])
    if len(onsets) < 2:
        return False
    ends = piece.notes["onset"] + piece.notes["duration"]
    moments = onsets if len(onsets) >= FEWEST_ONSETS else np.concatenate([onsets, ends])
    quarters = (moments - onsets[0]) / piece.ticks_per_quarter
    rounding = 1.0 / piece.ticks_per_quarter  # where a grid's places are no whole ticks
    return any(bool(np.all(np.abs(quarters - np.rint(quarters * parts) / parts) < rounding)) for parts in GRIDS)


def _is_in_four_voices(piece: Piece) -> bool:
    """Whether four notes within a choir's range sound nearly all the time, and the lower three move like voices.

    Chords under a melody also make four notes, but don't move while the melody moves.
    """
    pitches = piece.notes["pitch"]
    if len(pitches) < CHORALE_NOTES or pitches.min() < CHORALE_RANGE[0] or pitches.max() > CHORALE_RANGE[1]:
        return False
    starts, ends = piece.notes["onset"], piece.notes["onset"] + piece.notes["duration"]
    moments = np.unique(np.concatenate([starts, ends]))
    middles, spans = (moments[:-1] + moments[1:]) / 2, np.diff(moments)
    sounding = np.searchsorted(np.sort(starts), middles, "right") - np.searchsorted(np.sort(ends), middles, "right")
    is_four = sounding == CHORALE_VOICES
    if spans[is_four].sum() < CHORALE_SHARE * spans.sum():
        return False
    moves, blocks = _texture(piece, middles[is_four][:MOST_MOMENTS])
    return bool(moves[0] > 0 and moves[1:].mean() >= LOWER_MOVES * moves[0] and blocks <= MOST_BLOCKS)


def _texture(piece: Piece, moments: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """How often each of four voices moves, from the highest, (4,), and the share of moments with a held chord.

    Moments are ticks in which four notes sound. A held chord means that the lower three notes begin and end together,
    and the highest does not.
    """
    starts, ends = piece.notes["onset"], piece.notes["onset"] + piece.notes["duration"]
    order = np.argsort(-piece.notes["pitch"], kind="stable")
    voices = np.array([order[(starts[order] <= moment) & (ends[order] > moment)] for moment in moments])
    moves = (np.diff(piece.notes["pitch"][voices], axis=0) != 0).mean(axis=0) if len(voices) > 1 else np.zeros(4)
    begun, ended = starts[voices], ends[voices]
    lower_alike = (np.ptp(begun[:, 1:], axis=1) == 0) & (np.ptp(ended[:, 1:], axis=1) == 0)
    top_alike = (begun[:, 0] == begun[:, 1]) & (ended[:, 0] == ended[:, 1])
    return moves, float(np.mean(lower_alike & ~top_alike))

"""What a seed is like, as far as the choice of a model needs to know: who plays, how metrical it is, how many voices.

A performance that was recorded as MIDI carries a tempo map that means nothing: its onsets lie anywhere between the
beats. A score that was written or quantised has them on simple fractions of the beat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

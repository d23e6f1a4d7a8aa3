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
FEWEST_NOTES = 8  # with fewer, chance alone puts them near a grid
FEWEST_ONSETS = 3  # with fewer, their ends have to tell as well
PIANOS, ORGANS = 0, 2  # families of eight General MIDI programs; harpsichords are among the pianos
KEYBOARDS = {PIANOS, ORGANS}
MOST_MOMENTS = 2000  # looked at in a long piece
CHORALE_NOTES, CHORALE_VOICES, CHORALE_SHARE = 16, 4, 0.8
CHORALE_RANGE = (36, 84)  # MIDI pitches of a choir, with room to spare
MOST_BLOCKS = 0.5  # of the time: one chord held by the lower three under a melody that goes on
LOWER_MOVES = 0.6  # of the moves of the highest voice: what the others make of it at least, on average, in a chorale


@dataclass(frozen=True)
class SeedTraits:
    """What a choice looks at. `metrical` runs from about 0 (onsets anywhere) to 1 (all on the grid)."""

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
        """What it is, in a few words."""
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
    """What `seed` is like."""
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
    """How much more of the onsets lie near one of `GRIDS` than would by chance, 1 for all of them.

    Each grid is tried by itself: a finer one catches more by chance, and is worth less for that. Where a file's first
    beat lies does not matter: each grid is laid where the onsets gather. A few notes are on a grid only if they are
    written there: to the tick.
    """
    onsets = np.unique(piece.notes["onset"]) / piece.ticks_per_quarter
    if len(onsets) < FEWEST_NOTES:
        return float(_is_exact(piece))
    return max(_beyond_chance(onsets * parts, NEAR * parts) for parts in GRIDS)


def _beyond_chance(onsets: NDArray[np.float64], near: float) -> float:
    """How much more of `onsets`, counted in parts of the grid, lie within `near` of it than would by chance."""
    offset = np.angle(np.exp(2j * np.pi * onsets).mean()) / (2 * np.pi)  # the circular mean of where they lie
    away = np.abs(onsets - offset - np.rint(onsets - offset))
    return float((np.mean(away <= near) - 2 * near) / (1 - 2 * near))


def _is_exact(piece: Piece) -> bool:
    """Whether a short motif stands to the tick on one of `GRIDS`: its onsets, and of fewer than three its ends too.

    A single note or chord tells nothing.
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
    """Whether four notes within a choir's range sound nearly all the time, and the lower three move as voices do.

    Chords under a melody sound as four, too, but stand still while the melody moves.
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
    """How often each of four voices moves, from the highest, (4,), and how often the lower three are one long chord.

    Of moments (ticks) in which four notes sound; the second is the share of those in which the lower three begin and
    end together, and the highest does not begin and end with them.
    """
    starts, ends = piece.notes["onset"], piece.notes["onset"] + piece.notes["duration"]
    order = np.argsort(-piece.notes["pitch"], kind="stable")
    voices = np.array([order[(starts[order] <= moment) & (ends[order] > moment)] for moment in moments])
    moves = (np.diff(piece.notes["pitch"][voices], axis=0) != 0).mean(axis=0) if len(voices) > 1 else np.zeros(4)
    begun, ended = starts[voices], ends[voices]
    lower_alike = (np.ptp(begun[:, 1:], axis=1) == 0) & (np.ptp(ended[:, 1:], axis=1) == 0)
    top_alike = (begun[:, 0] == begun[:, 1]) & (ended[:, 0] == ended[:, 1])
    return moves, float(np.mean(lower_alike & ~top_alike))

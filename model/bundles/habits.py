"""What the music a bundle learnt from is usually like, so that what nobody asks for is as varied as it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from model.representation import Representation

PART_S = 30.0  # of music: as long as a piece is when no length is asked
GROUPS = 20  # of half minutes, from the sparsest to the densest
FEWEST_NOTES = 8  # of a part: the silence between two movements is no music


class Habits(BaseModel):
    """Figures of half minutes of the training set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notes_per_s: tuple[float, ...] = Field(
        min_length=2, description="notes a second: medians of equal groups of half minutes, from sparse to dense"
    )

    def density(self, chance: float) -> float:
        """Notes a second below which a share `chance`, 0..1, of half minutes is; the outermost are left out."""
        return float(np.interp(chance, _middles(len(self.notes_per_s)), self.notes_per_s))


def habits_of(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> Habits | None:
    """The habits of `pieces`, raw steps (notes, fields) each.

    None where steps are no notes in free time, or no piece has half a minute.
    """
    per_second = representation.units_per_second
    if per_second is None or not representation.opens_with_wait:
        return None
    counts = [_notes_of_parts(representation.onsets(steps) / per_second) for steps in pieces]
    rates = np.concatenate([*counts, np.zeros(0)]) / PART_S
    rates = rates[rates >= FEWEST_NOTES / PART_S]
    if not len(rates):
        return None
    return Habits(notes_per_s=tuple(round(float(rate), 3) for rate in np.quantile(rates, _middles(GROUPS))))


def _middles(groups: int) -> NDArray[np.float64]:
    """Where the medians of so many equal groups lie, as shares of the whole."""
    return (np.arange(groups) + 0.5) / groups


def _notes_of_parts(onsets_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many notes each whole half minute has, (parts,)."""
    parts = int(onsets_s[-1] // PART_S) if len(onsets_s) else 0
    return np.histogram(onsets_s, bins=np.arange(parts + 1) * PART_S)[0].astype(float) if parts else np.zeros(0)

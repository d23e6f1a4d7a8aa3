"""What the music a bundle learnt from is usually like, so that what nobody asks for is as varied as it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.controls import KEYS

if TYPE_CHECKING:
    from model.representation import Representation

PART_S = 30.0  # of music: as long as a piece is when no length is asked
GROUPS = 20  # of half minutes, from the sparsest to the densest
FEWEST_NOTES = 8  # of a part: the silence between two movements is no music


class Habits(BaseModel):
    """Figures of the training set; what could not be measured there is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notes_per_s: tuple[float, ...] = Field(
        default=(), description="notes a second: medians of equal groups of half minutes, from sparse to dense"
    )
    keys: tuple[float, ...] = Field(default=(), description="how often each of `KEYS` is found; shares")

    @field_validator("keys")
    @classmethod
    def _one_for_each(cls, keys: tuple[float, ...]) -> tuple[float, ...]:
        if keys and (len(keys) != len(KEYS) or min(keys) < 0 or not sum(keys) > 0):
            raise ValueError(f"{len(KEYS)} shares of keys are wanted, none below 0 and not all 0")
        return keys

    def density(self, chance: float) -> float | None:
        """Notes a second below which a share `chance`, 0..1, of half minutes is; the outermost are left out.

        None where it is not known.
        """
        if not self.notes_per_s:
            return None
        return float(np.interp(chance, _middles(len(self.notes_per_s)), self.notes_per_s))

    def key(self, chance: float) -> str | None:
        """One of `KEYS`, each for its share of `chance`, 0..1; None where that is not known."""
        if not self.keys:
            return None
        upto = np.cumsum(self.keys)
        last = int(np.flatnonzero(self.keys)[-1])
        return KEYS[min(int(np.searchsorted(upto, chance * upto[-1], side="right")), last)]


def habits_of(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> Habits:
    """The habits of `pieces`, raw steps (notes, fields) each.

    Densities are of music in free time that has half a minute; keys of representations that know them.
    """
    return Habits(notes_per_s=_densities(representation, pieces), keys=_keys(representation, pieces))


def _densities(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> tuple[float, ...]:
    per_second = representation.units_per_second
    if per_second is None or not representation.opens_with_wait:
        return ()
    counts = [_notes_of_parts(representation.onsets(steps) / per_second) for steps in pieces]
    rates = np.concatenate([*counts, np.zeros(0)]) / PART_S
    rates = rates[rates >= FEWEST_NOTES / PART_S]
    return tuple(np.quantile(rates, _middles(GROUPS)).round(3).tolist()) if len(rates) else ()


def _keys(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> tuple[float, ...]:
    part = representation.controls.slices.get("key")
    if part is None or not len(pieces):
        return ()
    found = np.sum([representation.measured(steps)[:, part].sum(axis=0) for steps in pieces], axis=0)
    return tuple(round(float(share), 4) for share in found / found.sum()) if found.any() else ()


def _middles(groups: int) -> NDArray[np.float64]:
    """Where the medians of so many equal groups lie, as shares of the whole."""
    return (np.arange(groups) + 0.5) / groups


def _notes_of_parts(onsets_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many notes each whole half minute has, (parts,)."""
    parts = int(onsets_s[-1] // PART_S) if len(onsets_s) else 0
    return np.histogram(onsets_s, bins=np.arange(parts + 1) * PART_S)[0].astype(float) if parts else np.zeros(0)

"""Priors: statistics of a bundle's training set, from which options that the member left out are sampled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.controls import FAMILIES
from model.instruments import DRUMS_PROGRAM as DRUMS_PROGRAM
from model.keys import KEYS
from model.representation.base import BLOCK
from model.representation.engraving import FIRST_PROGRAM, INSTRUMENTS
from model.representation.score_law import PROGRAMS_PER_FAMILY

if TYPE_CHECKING:
    from model.representation import Representation

PART_S = 30.0  # of music: as long as a piece is when no length is asked
GROUPS = 20  # of half minutes, from the sparsest to the densest
FEWEST_NOTES = 8  # of a part: the silence between two movements is no music
SEVERAL = 1.5  # notes sounding at once, on average, above which music is more than one line
MOST_ENSEMBLES = 200  # the most frequent; of what is rarer only so many as are needed for every program to be known
LEAST_KNOWN = 0.002  # of all notes: a program that plays as much is known by ensembles that have about as much of it
MOST_FOR_PROGRAMS = 150  # ensembles taken for that
LEAST_ASKED = 0.12  # of the notes for each family that is asked for; what has less of one is hardly heard
LEAST_SHARE = 0.02  # of an ensemble's notes; who plays less is not one of it
Who = tuple[str, tuple[int, ...]]  # a style, and programs


class Player(BaseModel):
    """One instrument of an ensemble and its share of the notes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: int = Field(ge=0, le=DRUMS_PROGRAM, description="of General MIDI, 0 to 127; 128 for the drums")
    share: float = Field(gt=0, le=1, description="of the ensemble's notes")

    @property
    def family(self) -> str:
        """One of `FAMILIES`."""
        return FAMILIES[self.program // PROGRAMS_PER_FAMILY]


class Ensemble(BaseModel):
    """Instruments that play together, their style, and their share of the training set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: str | None = None
    players: tuple[Player, ...] = Field(min_length=1, description="in the order of their programs")
    share: float = Field(gt=0, description="of all blocks of notes")
    voices: float = Field(ge=0, description="how many notes sound at once, on average")
    together: float = Field(ge=0, le=1, description="share of the notes that are struck with the one before")

    @property
    def instruments(self) -> tuple[str, ...]:
        """The families that play, in the order of `FAMILIES`."""
        families = {player.family for player in self.players}
        return tuple(family for family in FAMILIES if family in families)

    def gives_each(self, families: Collection[str]) -> bool:
        """Whether exactly these families play, each at least LEAST_ASKED of the notes."""
        shares = dict.fromkeys(self.instruments, 0.0)
        for player in self.players:
            shares[player.family] += player.share
        return set(families) == set(shares) and min(shares.values()) >= LEAST_ASKED


class Priors(BaseModel):
    """Statistics of the training set; those that could not be measured are empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notes_per_s: tuple[float, ...] = Field(
        default=(), description="notes a second: medians of equal groups of half minutes, from sparse to dense"
    )
    keys: tuple[float, ...] = Field(default=(), description="how often each of `KEYS` is found; shares")
    ensembles: tuple[Ensemble, ...] = Field(default=(), description="who plays together, the most frequent first")

    @field_validator("keys")
    @classmethod
    def _one_for_each(cls, keys: tuple[float, ...]) -> tuple[float, ...]:
        if keys and (len(keys) != len(KEYS) or min(keys) < 0 or not sum(keys) > 0):
            raise ValueError(f"{len(KEYS)} shares of keys are wanted, none below 0 and not all 0")
        return keys

    def density(self, chance: float) -> float | None:
        """The density in notes a second at quantile `chance`, 0..1, without the extremes; None if unknown."""
        if not self.notes_per_s:
            return None
        return float(np.interp(chance, _middles(len(self.notes_per_s)), self.notes_per_s))

    def key(self, chance: float) -> str | None:
        """The key that `chance`, 0..1, selects by frequency; None if unknown."""
        if not self.keys:
            return None
        return KEYS[_drawn(self.keys, chance)]

    def ensemble(self, chance: float, style: str | None, instruments: Sequence[str]) -> Ensemble | None:
        """The ensemble that `chance`, 0..1, selects by frequency; None if none fits the request.

        Args:
            chance: selects the ensemble.
            style: requested. Without style and instruments, single lines are left out if there is other music: they may
                be most of a training set, but are not what people expect of an ensemble.
            instruments: requested; the ensemble has all of them, and no others if such an ensemble exists.
        """
        asked = set(instruments)
        fitting = [one for one in self.ensembles if style in (None, one.style) and asked <= set(one.instruments)]
        narrower = [one for one in fitting if one.gives_each(asked)] or [
            one for one in fitting if asked == set(one.instruments)
        ]
        if style is None and not asked:
            narrower = [one for one in fitting if one.voices >= SEVERAL]
        among = narrower or fitting
        return drawn_of(among, chance) if among else None


def drawn_of(ensembles: Sequence[Ensemble], chance: float) -> Ensemble:
    """One of `ensembles`, at least one, each for its share of `chance`, 0..1."""
    return ensembles[_drawn([one.share for one in ensembles], chance)]


def _drawn(shares: Sequence[float], chance: float) -> int:
    """The index of the entry of `shares` (not all 0) that `chance`, 0..1, selects."""
    upto = np.cumsum(shares)
    last = int(np.flatnonzero(shares)[-1])
    return min(int(np.searchsorted(upto, chance * upto[-1], side="right")), last)


def priors_of(
    representation: Representation, pieces: Sequence[NDArray[np.int32]], styles: Sequence[str] = ()
) -> Priors:
    """The priors of `pieces`, raw steps (notes, fields) each.

    Densities are measured on music in free time of at least half a minute; keys and ensembles need a representation
    that knows them.

    Args:
        representation: of the steps.
        pieces: the training set.
        styles: of each piece; styles that the representation does not know are ignored.
    """
    return Priors(
        notes_per_s=_densities(representation, pieces),
        keys=_keys(representation, pieces),
        ensembles=_ensembles(representation, pieces, styles or [""] * len(pieces)),
    )


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


def _ensembles(
    representation: Representation, pieces: Sequence[NDArray[np.int32]], styles: Sequence[str]
) -> tuple[Ensemble, ...]:
    if "instruments" not in representation.controls.slices:
        return ()
    blocks: Counter[Who] = Counter()
    voices: Counter[Who] = Counter()
    together: Counter[Who] = Counter()
    notes: dict[Who, NDArray] = defaultdict(lambda: np.zeros(DRUMS_PROGRAM + 1, dtype=int))
    for steps, style in zip(pieces, styles, strict=True):
        played = _programs(representation, steps)
        texture = zip(_voices(representation, steps), _together(representation, steps), strict=True)
        for counts, (sounding, at_once) in zip(played, texture, strict=True):
            who = style, tuple(np.flatnonzero(counts >= max(1, LEAST_SHARE * counts.sum())).tolist())
            blocks[who] += 1
            voices[who] += sounding
            together[who] += at_once
            notes[who] += counts
    known, whole = representation.controls.styles, sum(blocks.values())
    return tuple(
        Ensemble(
            style=who[0] if who[0] in known else None,
            players=_players(who[1], notes[who]),
            share=round(count / whole, 5),
            voices=round(voices[who] / count, 2),
            together=round(together[who] / count, 3),
        )
        for who in _chosen(blocks, notes)
        if (count := blocks[who])
    )


def _chosen(blocks: Counter[Who], notes: Mapping[Who, NDArray]) -> list[Who]:
    """The most frequent ensembles, and as many others as cover every program with a share of LEAST_KNOWN."""
    in_order = [who for who, _ in blocks.most_common() if who[1]]
    chosen, others = in_order[:MOST_ENSEMBLES], in_order[MOST_ENSEMBLES:]
    shares = {who: blocks[who] * notes[who] / max(int(notes[who].sum()), 1) / blocks.total() for who in in_order}
    whole = sum(shares.values(), np.zeros(DRUMS_PROGRAM + 1))
    known = sum((shares[who] for who in chosen), np.zeros(DRUMS_PROGRAM + 1))
    added: list[Who] = []
    for who in others:
        lacks = (whole >= LEAST_KNOWN) & (known < np.minimum(LEAST_KNOWN, whole / 2))
        if len(added) < MOST_FOR_PROGRAMS and lacks[list(who[1])].any():
            added.append(who)
            known = known + shares[who]
    return [*chosen, *added]


def _players(programs: Sequence[int], counts: NDArray[np.int64]) -> tuple[Player, ...]:
    whole = sum(int(counts[program]) for program in programs)
    return tuple(Player(program=program, share=round(int(counts[program]) / whole, 3)) for program in programs)


def _programs(representation: Representation, steps: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """Notes per program in each block of steps, (129,) each; the last entry is the drums."""
    instruments = steps[:, [field.name for field in representation.fields].index("instrument")]
    blocks = np.split(instruments, range(BLOCK, len(steps), BLOCK))
    return [np.bincount(block, minlength=INSTRUMENTS)[FIRST_PROGRAM:] for block in blocks]


def _voices(representation: Representation, steps: NDArray[np.int32]) -> NDArray[np.float64]:
    """Average number of simultaneous notes in each block of steps, (blocks,)."""
    durations = steps[:, [field.name for field in representation.fields].index("duration")]
    onsets, starts = representation.onsets(steps), np.arange(0, len(steps), BLOCK)
    until = np.append(onsets[starts[1:]], onsets[-1] + durations[-1])
    return np.add.reduceat(durations, starts) / np.maximum(until - onsets[starts], 1)


def _together(representation: Representation, steps: NDArray[np.int32]) -> NDArray[np.float64]:
    """Share of the steps of each block that start with the one before, (blocks,)."""
    starts = np.arange(0, len(steps), BLOCK)
    at_once = np.diff(representation.onsets(steps), prepend=-1) == 0
    return np.add.reduceat(at_once, starts, dtype=float) / np.diff(np.append(starts, len(steps)))


def _middles(groups: int) -> NDArray[np.float64]:
    """The positions of the medians of so many equal groups, as shares of the whole."""
    return (np.arange(groups) + 0.5) / groups


def _notes_of_parts(onsets_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Notes in each complete half minute, (parts,)."""
    parts = int(onsets_s[-1] // PART_S) if len(onsets_s) else 0
    return np.histogram(onsets_s, bins=np.arange(parts + 1) * PART_S)[0].astype(float) if parts else np.zeros(0)

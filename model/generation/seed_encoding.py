"""What a model hears of a seed, and where on the seed's clock its steps stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from model.analysis.key_and_tempo import tapped_tempo
from model.bundles.instrumentation import substitutes
from model.bundles.priors import DRUMS_PROGRAM, Priors
from model.errors import RequestError
from model.generation import seeds
from model.generation.joining import SplicePoint
from model.generation.processors import Beat
from model.instruments import HIGHEST_PITCH, LOWEST_PITCH
from model.piece import Piece
from model.representation import Representation

BEAT_FROM_S = 15.0  # of the seed's end: its beat there is the one to go on in
LONGEST_PRIMING = 1024  # steps of the seed that the network hears: its last two minutes or so


class SeedEncoder:
    """Encodes seeds as one representation does."""

    def __init__(self, representation: Representation) -> None:
        self._representation = representation
        self.in_beats = representation.units_per_second is None

    def steps(self, seed: Piece) -> NDArray[np.int32]:
        """The seed as raw steps, int32 (notes, fields), at least one.

        Raises:
            RequestError: nothing in it can be heard.
        """
        steps = self._representation.encode(seed)
        if len(steps) <= self._representation.headings:
            raise RequestError("The seed has only drums: send one with notes that have a pitch.")
        return steps

    def latest(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The last of `steps`, as many as the network hears; those that say meter and tempo come before them."""
        if len(steps) <= LONGEST_PRIMING:
            return steps
        headings = self._representation.headings
        if not headings:
            return steps[-LONGEST_PRIMING:]
        latest = self._representation.excerpt(steps, headings, LONGEST_PRIMING - headings)
        if len(latest) <= LONGEST_PRIMING:
            return latest
        return np.concatenate([steps[:headings], steps[headings - LONGEST_PRIMING :]])

    def as_before(self, heard: NDArray[np.int32], asked: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is asked, float32 (width,), and beyond it that the music stay as it is at the end of steps `heard`."""
        controls = asked.copy()
        measured = self._representation.measured(heard)[-1]
        for part in self._representation.controls.slices.values():
            if not asked[part].any():
                controls[part] = measured[part]
        return controls

    def beat(self, heard: NDArray[np.int32]) -> Beat | None:
        """The beat at the end of steps `heard`; None where time is counted in beats anyway, or too little was heard."""
        if self.in_beats:
            return None
        latest = seeds.last_part(self._representation.decode(heard), BEAT_FROM_S)
        tempo_bpm = tapped_tempo(latest)
        return None if tempo_bpm is None else Beat(60 / tempo_bpm, np.sort(latest.onsets_s))

    def origin(self, seed: Piece, steps: NDArray[np.int32]) -> int:
        """The seed's tick that is time 0 of its `steps`."""
        heard = seed if self._representation.hears_drums else seeds.pitched_part(seed)
        first = int(heard.notes["onset"].min())
        if not self.in_beats:
            return first
        written = self._representation.decode(steps)
        on_grid = self._on_grid(seed, first)
        before = int(written.notes["onset"].min()) * seed.ticks_per_quarter / written.ticks_per_quarter
        return round(on_grid - before)

    def splice_point(self, seed: Piece, steps: NDArray[np.int32]) -> SplicePoint:
        """Where music that follows `steps` of the seed begins: their last onset if a wait comes next, else the end."""
        opens_with_wait = self._representation.opens_with_wait
        if not self.in_beats:
            ends = seed.notes["onset"] + seed.notes["duration"]
            return SplicePoint(int(seed.notes["onset"].max() if opens_with_wait else ends.max()))
        units = int(self._representation.onsets(steps)[-1]) + (not opens_with_wait)
        passed = units * seed.ticks_per_quarter / self._representation.units_per_quarter
        return SplicePoint(self.origin(seed, steps) + round(passed), in_beats=True)

    def first_onset(self) -> int:
        """When a piece's first step happens where steps follow one another at even distances, 0 or 1."""
        one_step = np.zeros((1, len(self._representation.fields)), dtype=np.int32)
        return int(self._representation.onsets(one_step)[0])

    def _on_grid(self, seed: Piece, tick: int) -> float:
        """The nearest tick to `tick` that is a whole time unit of the representation."""
        per_unit = seed.ticks_per_quarter / self._representation.units_per_quarter
        return round(tick / per_unit) * per_unit


ENOUGH = 0.05  # of the training set's pieces that have one velocity: such music is known
OVERLAP, FEW_OVERLAPS = 0.25, 0.03  # of a note, beyond which it is no mere legato; of the notes of one line
SOLO_VOICES, LEAST_SOLO = 1.1, 0.02  # notes sounding at once in a solo; its share of the training set, to be known
OCTAVE = 12
BASSES, BASS_PLACE = range(32, 40), 0.33  # programs of basses, and where in its range a bass usually plays
FALLBACK_VELOCITY = 64


@dataclass(frozen=True)
class SeedNormalization:
    """How a seed is heard and what was drawn is written.

    Attributes:
        programs: for each program of the seed (or that is asked for) that the network draws as another, that other.
        velocity: at which the seed is heard; None where its own velocities are.
        own_velocities: of each program of the seed, where it is heard at another.
        asked: programs that are asked for and not heard in a seed: their notes are moved into their range.
    """

    programs: Mapping[int, int] = field(default_factory=dict)
    velocity: int | None = None
    own_velocities: Mapping[int, int] = field(default_factory=dict)
    asked: frozenset[int] = frozenset()

    def heard(self, seed: Piece) -> Piece:
        """`seed` as the network is to hear it."""
        notes = seed.notes
        if self.velocity is not None and len(notes):
            notes = notes.copy()
            notes["velocity"] = self.velocity
        instruments = tuple(
            one if one.is_drum or one.program not in self.programs else replace(one, program=self.programs[one.program])
            for one in seed.instruments
        )
        return replace(seed, notes=notes, instruments=instruments)

    def written(self, composed: Piece) -> Piece:
        """`composed`, as it was drawn, with the programs and velocities it is to have."""
        back = {drawn: own for own, drawn in self.programs.items()}
        notes, instruments = composed.notes.copy(), []
        for index, one in enumerate(composed.instruments):
            own = one.program if one.is_drum else back.get(one.program, one.program)
            mine = notes["instrument"] == index
            if self.velocity is not None:
                level = self.own_velocities.get(own, _mean(self.own_velocities.values()))
                louder = notes["velocity"][mine] + (level - self.velocity)
                notes["velocity"][mine] = np.clip(louder, 1, 127)
            if own != one.program and own in self.asked:
                notes["pitch"][mine] = within_range(notes["pitch"][mine], own)
            instruments.append(one if own == one.program else replace(one, program=own))
        return replace(composed, notes=notes, instruments=tuple(instruments))


def with_asked(normalization: SeedNormalization, programs: Mapping[int, int]) -> SeedNormalization:
    """`normalization` with the programs that are drawn for those asked for, by these."""
    return replace(
        normalization, programs={**normalization.programs, **programs}, asked=normalization.asked | set(programs)
    )


def _mean(values: Iterable[int]) -> int:
    found = list(values)
    return round(sum(found) / len(found)) if found else FALLBACK_VELOCITY


def normalization_of(
    seed: Piece, representation: Representation, priors: Priors | None, level_velocity: int | None
) -> SeedNormalization:
    """How `seed` is to be heard.

    Args:
        seed: with at least one note.
        representation: of the network.
        priors: of its training set, where they are known.
        level_velocity: that of training music with one velocity; None where that is not known.
    """
    playing = [seed.instruments[index] for index in np.unique(seed.notes["instrument"])]
    pitched = list(dict.fromkeys(one.program for one in playing if not one.is_drum))
    names = [part.name for part in representation.fields]
    programs: dict[int, int] = {}
    if "instrument" in names and priors is not None and priors.ensembles:
        programs = substitutes(pitched, priors)
    own = _one_velocity_each(seed)
    if own is not None and len(playing) == len(pitched) == 1 and is_one_line(seed) and "instrument" in names and priors:
        programs = {**programs, **solo_program(seed, pitched[0], priors)}
    if own is None or level_velocity is None or "velocity" not in names:
        return SeedNormalization(programs)
    return SeedNormalization(programs, level_velocity, own)


def _one_velocity_each(seed: Piece) -> dict[int, int] | None:
    """The velocity of each pitched program, where every instrument of `seed` has one only; None elsewhere."""
    found: dict[int, int] = {}
    for index, one in enumerate(seed.instruments):
        velocities = seed.notes["velocity"][seed.notes["instrument"] == index]
        if not len(velocities) or one.is_drum:
            continue
        if np.ptp(velocities) > 0:
            return None
        found.setdefault(one.program, int(velocities[0]))
    return found or None


def is_one_line(seed: Piece) -> bool:
    """Whether next to no note of `seed` begins while another sounds."""
    onsets, ends = seed.notes["onset"], seed.notes["onset"] + seed.notes["duration"]
    overlaps = ends[:-1] - onsets[1:] > OVERLAP * seed.notes["duration"][:-1]
    return bool(np.mean(overlaps) <= FEW_OVERLAPS) if len(seed) > 1 else True


def solo_program(seed: Piece, program: int, priors: Priors) -> dict[int, int]:
    """The program that a single line is heard as, by the seed's own; empty where the training set has solos on that.

    Of the programs that play alone there, the one with most music that has all pitches of the seed in its range.
    """
    shares: dict[int, float] = {}
    for one in priors.ensembles:
        if len(one.players) == 1 and one.voices <= SOLO_VOICES and one.players[0].program < DRUMS_PROGRAM:
            shares[one.players[0].program] = shares.get(one.players[0].program, 0.0) + one.share
    solos = {number: share for number, share in shares.items() if share >= LEAST_SOLO}
    if not solos or program in solos:
        return {}
    lowest, highest = int(seed.notes["pitch"].min()), int(seed.notes["pitch"].max())
    reach = {number: lowest >= LOWEST_PITCH[number] and highest <= HIGHEST_PITCH[number] for number in solos}
    return {program: max(solos, key=lambda number: (reach[number], solos[number]))}


def level_velocity(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> int | None:
    """The velocity of training music that has only one, 1..127; where such is rare the median of all; None for none.

    Args:
        representation: of the steps.
        pieces: a sample of the training set, raw steps each.
    """
    names = [part.name for part in representation.fields]
    if "velocity" not in names or not pieces:
        return None
    velocities = [representation.decode(steps).notes["velocity"] for steps in pieces if len(steps)]
    constant = [int(one[0]) for one in velocities if len(one) and np.ptp(one) == 0]
    if len(constant) < ENOUGH * len(velocities):
        return int(np.median(np.concatenate(velocities)))
    return int(np.bincount(constant).argmax())


def within_range(pitches: NDArray, program: int) -> NDArray:
    """`pitches` moved by octaves into the range of `program`: all alike to its middle, then those still out of it."""
    if not len(pitches):
        return pitches
    low, high = int(LOWEST_PITCH[program]), int(HIGHEST_PITCH[program])
    is_bass = program in BASSES
    if pitches.min() >= low and pitches.max() <= high and not is_bass:
        return pitches
    middle = low + (high - low) * (BASS_PLACE if is_bass else 0.5)
    moved = pitches + OCTAVE * round((middle - float(np.median(pitches))) / OCTAVE)
    moved = moved + OCTAVE * np.maximum(-(-(low - moved) // OCTAVE), 0)
    return moved - OCTAVE * np.maximum(-(-(moved - high) // OCTAVE), 0)

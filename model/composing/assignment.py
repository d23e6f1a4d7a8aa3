"""What is to be done for each mode: where the drawing starts, what is given beforehand, what becomes of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.composing import joining, plans, seeds
from model.composing.joining import Joint
from model.composing.length import length_of
from model.composing.options import MAX_LENGTH_S, ComposeOptions
from model.errors import RequestError
from model.piece import Piece
from model.sampling import Sampler
from model.sampling.plan import Plan
from model.sampling.sampler import Position

if TYPE_CHECKING:
    from model.composing.performing import Drawing

LONGEST_PRIMING = 1024  # steps of the seed that the network hears: its last two minutes or so
MOST_NOTES_PER_SECOND = 60  # a piece denser than this is cut, so that every request ends
BETWEEN_S = 1.0  # from the end of a seed to its variation, where there are no bars


@dataclass(frozen=True)
class Finished:
    """A piece, the seconds of its start that are the seed, the new notes alone, and what is to be said about it."""

    piece: Piece
    seed_s: float
    composed: Piece
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """What the sampler is to do, and what becomes of it."""

    position: Position
    plan: Plan | None
    most_steps: int
    progress: Callable[[Position], float]
    finish: Callable[[Drawing], Finished]


class Assignments:
    """Makes them for one model."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._representation = sampler.representation
        self._in_beats = self._representation.units_per_second is None

    def of(self, seed: Piece | None, options: ComposeOptions) -> Assignment:
        """What `options` ask for.

        Raises:
            RequestError: there is nothing to vary or accompany, or the model cannot do it.
        """
        if seed is None:
            if options.mode != "continue":
                raise RequestError(f"There is nothing to {options.mode}: send a seed with it.")
            return self._from_nothing(options)
        make = {"continue": self._continued, "vary": self._varied, "accompany": self._accompanied}[options.mode]
        return make(seed, options)

    def _from_nothing(self, options: ComposeOptions) -> Assignment:
        length = length_of(self._representation, options, options.controls)
        first = 0 if self._representation.opens_with_wait else 1 - self._first_onset()
        controls = self._representation.controls.vector(options.controls)
        position = self._sampler.start(1, controls, length.left - first)

        def finish(drawing: Drawing) -> Finished:
            composed = self._decoded(drawing.steps, None, options)
            return Finished(joining.alone(composed, length.seconds, length.ring_s, self._in_beats), 0.0, composed)

        return self._free(position, length.left, length.seconds, finish)

    def _continued(self, seed: Piece, options: ComposeOptions) -> Assignment:
        steps = self._heard(seed)
        joint = self._joint_after(seed, steps)
        phase = seeds.ticks_into_bar(seed, joint.tick) / seed.ticks_per_quarter
        controls = seeds.with_clock_of(seed, joint.tick, options.controls) if self._in_beats else options.controls
        length = length_of(self._representation, options, controls, phase)
        position = self._sampler.prime(steps[-LONGEST_PRIMING:], length.left)
        position = self._sampler.asked(position, self._representation.controls.vector(options.controls), length.left)

        def finish(drawing: Drawing) -> Finished:
            composed = self._decoded(drawing.steps, (seed, joint.tick), options)
            if not options.include_seed:
                piece = joining.alone(composed, length.seconds, length.ring_s, self._in_beats)
                return Finished(piece, 0.0, composed)
            clock = seeds.at_tempo(seed, joint.tick, options.controls) if self._in_beats else seed
            joined = joining.continued(clock, composed, joint, length.seconds, length.ring_s, MAX_LENGTH_S)
            return Finished(*joined[:2], composed, joined[2])

        return self._free(position, length.left, length.seconds, finish)

    def _varied(self, seed: Piece, options: ComposeOptions) -> Assignment:
        part, remarks = self._part(seed, options, MAX_LENGTH_S / 2 if options.include_seed else MAX_LENGTH_S)
        steps = self._heard(part)
        plan, _ = plans.variation(self._representation, steps, options.strength)

        def finish(drawing: Drawing) -> Finished:
            composed = self._decoded(drawing.steps, (part, 0), options)
            if not options.include_seed:
                return Finished(composed, 0.0, composed, remarks)
            theme = seeds.from_tick(part, seeds.start_of(part, self._in_beats))
            end = int((theme.notes["onset"] + theme.notes["duration"]).max())
            after = seeds.next_bar(theme, end) if self._in_beats else theme.ticks_at(theme.end_s + BETWEEN_S)
            piece, seed_s = joining.together(theme, composed, Joint(int(after), self._in_beats))
            return Finished(piece, seed_s, composed, remarks)

        return self._planned(plan, steps, options, finish)

    def _accompanied(self, seed: Piece, options: ComposeOptions) -> Assignment:
        part, remarks = self._part(seed, options, MAX_LENGTH_S)
        steps = self._heard(part)
        plan, freedom = plans.accompaniment(self._representation, steps)
        origin = self._origin(part, steps)

        def finish(drawing: Drawing) -> Finished:
            composed = self._around(drawing, freedom)
            if not options.include_seed:
                return Finished(self._timed(composed, (part, 0), options), 0.0, composed, remarks)
            start = seeds.start_of(part, self._in_beats)
            joint = Joint(origin - start, self._in_beats, is_part_of_seed=False)
            piece, _ = joining.together(seeds.from_tick(part, start), composed, joint)
            return Finished(piece, 0.0, composed, remarks)

        return self._planned(plan, steps, options, finish)

    def _around(self, drawing: Drawing, freedom: NDArray[np.int32] | None) -> Piece:
        """What was drawn around given notes."""
        if freedom is not None:
            return self._representation.drawn_part(drawing.steps, freedom[: len(drawing.steps)])
        return self._representation.decode(plans.without(self._representation, drawing.steps, drawing.is_given))

    def _free(
        self, position: Position, left: int, seconds: float, finish: Callable[[Drawing], Finished]
    ) -> Assignment:
        most = max(int(seconds * MOST_NOTES_PER_SECOND), left + 1 if self._representation.waits() is None else 0)
        return Assignment(position, None, most, lambda now: 1 - int(now.situation["left"][0]) / left, finish)

    def _first_onset(self) -> int:
        """When a piece's first step happens where steps follow at even distances, 0 or 1."""
        one_step = np.zeros((1, len(self._representation.fields)), dtype=np.int32)
        return int(self._representation.onsets(one_step)[0])

    def _planned(
        self, plan: Plan, steps: NDArray[np.int32], options: ComposeOptions, finish: Callable[[Drawing], Finished]
    ) -> Assignment:
        left = int(self._representation.onsets(steps)[-1])
        position = self._sampler.start(1, self._representation.controls.vector(options.controls), left)
        is_woven = plan.onsets.shape[1] > 1
        most = len(steps)
        if is_woven:
            most += int((left / (self._representation.units_per_second or 1) + 1) * MOST_NOTES_PER_SECOND)
        return Assignment(position, plan, most, lambda now: int((now.woven if is_woven else now.filled)[0]) / most, finish)

    def _heard(self, seed: Piece) -> NDArray[np.int32]:
        steps = self._representation.encode(seed)
        if not len(steps):
            raise RequestError("The seed has only drums: send one with notes that have a pitch.")
        return steps

    def _part(self, seed: Piece, options: ComposeOptions, longest_s: float) -> tuple[Piece, tuple[str, ...]]:
        """As much of the beginning of `seed` as is asked for or may be, and a sentence where that is not all."""
        asked = options.length_s is not None or options.bars is not None
        if asked:
            controls = seeds.with_clock_of(seed, 0, options.controls) if self._in_beats else options.controls
            longest_s = min(longest_s, length_of(self._representation, options, controls).seconds)
        part = seeds.first_part(seed, longest_s)
        if asked or len(part) == len(seed):
            return part, ()
        return part, (f"Your seed is long: only its first {longest_s:.0f} seconds were taken.",)

    def _origin(self, seed: Piece, steps: NDArray[np.int32]) -> int:
        """The seed's tick that is time 0 of its `steps`."""
        heard = seed if self._representation.hears_drums else seeds.pitched_part(seed)
        first = int(heard.notes["onset"].min())
        if not self._in_beats:
            return first
        per_unit = seed.ticks_per_quarter / self._representation.units_per_quarter
        return round((round(first / per_unit) - int(self._representation.onsets(steps)[0])) * per_unit)

    def _joint_after(self, seed: Piece, steps: NDArray[np.int32]) -> Joint:
        """Where music that follows `steps` of the seed begins: their last onset, from which a wait counts, or the end."""
        if not self._in_beats:
            ends = seed.notes["onset"] + seed.notes["duration"]
            return Joint(int(seed.notes["onset"].max() if self._representation.opens_with_wait else ends.max()))
        per_unit = seed.ticks_per_quarter / self._representation.units_per_quarter
        passed = int(self._representation.onsets(steps)[-1]) + (not self._representation.opens_with_wait)
        return Joint(self._origin(seed, steps) + round(passed * per_unit), in_beats=True)

    def _decoded(self, steps: NDArray[np.int32], clock: tuple[Piece, int] | None, options: ComposeOptions) -> Piece:
        return self._timed(self._representation.decode(steps), clock, options)

    def _timed(self, composed: Piece, clock: tuple[Piece, int] | None, options: ComposeOptions) -> Piece:
        """New music in beats at the tempo and in the meter asked for, else those of the seed at a tick."""
        if not self._in_beats:
            return composed
        controls = options.controls if clock is None else seeds.with_clock_of(*clock, options.controls)
        return seeds.at_tempo(composed, 0, controls)

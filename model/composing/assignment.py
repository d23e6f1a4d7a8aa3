"""What is to be done for each mode: where the drawing starts, what is given beforehand, what becomes of the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bundles.habits import Habits
from model.composing import joining, plans, seeds
from model.composing.density import asked_rate, at_rate, rate_of
from model.composing.hearing import Hearing
from model.composing.joining import Joint
from model.composing.length import LONGEST_RING_S, length_of
from model.composing.options import MAX_LENGTH_S, ComposeOptions
from model.composing.unasked import drawn_rate, settled
from model.controls import Controls
from model.engine import Drawing, Engine, Request, Standing
from model.errors import RequestError
from model.piece import Piece
from model.representation.base import UNKNOWN
from model.sampling.plan import Plan
from model.sampling.position import Position

MOST_NOTES_PER_SECOND = 60  # a piece denser than this is cut, so that every request ends
MOST_TOKENS_PER_NOTE = 8  # where notes take several steps
SAME_TEMPO = 0.01  # share: a smaller difference is not worth a sentence
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
    progress: Callable[[Standing], float]
    finish: Callable[[Drawing], Finished]


class Assignments:
    """Makes them for one model."""

    def __init__(self, engine: Engine, habits: Habits | None = None) -> None:
        self._engine, self._primer = engine, engine.primer
        self._representation = engine.representation
        self._habits = habits
        self._hearing = Hearing(self._representation)
        self._in_beats = self._hearing.in_beats

    def of(self, seed: Piece | None, options: ComposeOptions) -> Assignment:
        """What `options` ask for.

        Raises:
            RequestError: there is nothing to vary or accompany, or the model cannot do it.
        """
        if seed is None and options.mode != "continue":
            raise RequestError(f"There is nothing to {options.mode}: send a seed with it.")
        if seed is not None and len(seed):
            seed = seeds.without_later_changes(seed)
        make = {"continue": self._continued, "vary": self._varied, "accompany": self._accompanied}[options.mode]
        return self._from_nothing(options) if seed is None else make(seed, options)

    def _from_nothing(self, options: ComposeOptions) -> Assignment:
        notes_per_s = drawn_rate(options, self._habits)
        wishes, playing = settled(options, self._habits)
        asked = self._representation.controls.vector(at_rate(wishes, notes_per_s))
        heading, clock = self._heading(asked, options)
        length = length_of(self._representation, options, clock)
        left = length.left if self._representation.opens_with_wait else length.left - 1 + self._hearing.first_onset()
        position = self._after(heading, asked, left)

        def finish(drawing: Drawing) -> Finished:
            composed = self._timed(self._representation.decode(drawing.steps), clock)
            return Finished(joining.alone(composed, length.seconds, length.ring_s, self._in_beats), 0.0, composed)

        position = self._primer.steered(position, wishes.key, notes_per_s, playing=playing)
        return self._free(position, length.left, length.seconds, finish)

    def _after(self, heading: NDArray[np.int32], asked: NDArray[np.float32], left: int) -> Position:
        """The position after the steps that say meter and tempo, where there are such."""
        return self._primer.prime(heading, asked, left) if len(heading) else self._primer.start(asked, left)

    def _heading(self, asked: NDArray[np.float32], options: ComposeOptions) -> tuple[NDArray[np.int32], Controls]:
        """The steps that say meter and tempo, drawn where they are not asked for, and what they say.

        They are drawn before anything else, because how long a piece in beats lasts depends on them.
        """
        representation = self._representation
        if not representation.headings:
            return np.zeros((0, len(representation.fields)), dtype=np.int32), options.controls
        request = Request(
            position=self._primer.start(asked, UNKNOWN),
            random=np.random.Generator(np.random.Philox(options.random_seed).jumped()),
            taste=options.sampling(representation),
            most_steps=representation.headings,
        )
        drawn = self._engine.submit(request).result()
        heading = representation.headed(drawn.steps[: representation.headings], options.controls)
        tempo_bpm, meter = representation.clock(heading)
        update = {"tempo_bpm": options.controls.tempo_bpm or tempo_bpm, "meter": meter}
        return heading, options.controls.model_copy(update=update)

    def _continued(self, seed: Piece, options: ComposeOptions) -> Assignment:
        sent, seed = seed, seeds.going_on(seed)
        steps = self._hearing.steps(seed)
        joint = self._hearing.joint(seed, steps)
        phase = seeds.ticks_into_bar(seed, joint.tick) / seed.ticks_per_quarter
        clock = self._clock(seed, joint.tick, options)
        length = length_of(self._representation, options, clock, phase)
        latest = self._hearing.latest(steps)
        asked = self._hearing.as_before(latest, self._representation.controls.vector(options.controls))
        position = self._primer.asked(self._primer.prime(latest, left=length.left), asked, length.left)
        notes_per_s = asked_rate(options.controls) or rate_of(self._representation, latest)
        position = self._primer.steered(position, options.controls.key, notes_per_s, self._hearing.beat(latest))
        remarks = self._tempo_left_behind(sent, seed, options)

        def finish(drawing: Drawing) -> Finished:
            composed = self._timed(self._representation.decode(drawing.steps), clock)
            if not options.include_seed:
                composed = seeds.in_phase(composed, phase) if self._in_beats else composed
                piece = joining.alone(composed, length.seconds, length.ring_s, self._in_beats)
                return Finished(piece, 0.0, composed, remarks)
            first = seeds.at_tempo(seed, joint.tick, clock) if self._in_beats else seed
            joined = joining.continued(first, composed, joint, length.seconds, length.ring_s, MAX_LENGTH_S)
            return Finished(*joined[:2], composed, (*remarks, *joined[2]))

        return self._free(position, length.left, length.seconds, finish)

    def _tempo_left_behind(self, sent: Piece, seed: Piece, options: ComposeOptions) -> tuple[str, ...]:
        """A sentence where the new music goes on at another tempo than the seed as it was `sent` ends in."""
        at_end, main = sent.tempos["quarter_us"][-1], seed.tempos["quarter_us"][-1]
        is_same = abs(at_end / main - 1) < SAME_TEMPO
        if is_same or not self._in_beats or options.controls.tempo_bpm is not None:
            return ()
        return (f"Continues at {60e6 / main:.0f} bpm, the seed's main tempo.",)

    def _varied(self, seed: Piece, options: ComposeOptions) -> Assignment:
        part, remarks = self._part(seed, options, MAX_LENGTH_S / 2 if options.include_seed else MAX_LENGTH_S)
        steps = self._hearing.steps(part)
        plan = plans.variation(self._representation, steps, options.strength)
        asked = self._representation.controls.vector(options.controls)
        position = self._primer.start(asked, int(self._representation.onsets(steps)[-1]))
        position = self._primer.steered(position, options.controls.key, None)
        joint = Joint(self._hearing.origin(part, steps), self._in_beats)

        def finish(drawing: Drawing) -> Finished:
            composed = self._representation.decode(drawing.steps)
            if not options.include_seed:
                piece = seeds.at_tempo(joining.placed(part, composed, joint), 0, self._asked_clock(options))
                return Finished(seeds.from_tick(piece, seeds.start_of(piece)), 0.0, composed, remarks)
            into_bar = seeds.ticks_into_bar(part, seeds.start_of(part)) if self._in_beats else 0
            theme = seeds.from_tick(part, seeds.start_of(part))
            end = int((theme.notes["onset"] + theme.notes["duration"]).max())
            after = seeds.next_bar(theme, end) if self._in_beats else int(theme.ticks_at(theme.end_s + BETWEEN_S))
            both = seeds.at_tempo(seeds.repeated_maps(theme, after, into_bar), after, self._asked_clock(options))
            piece, seed_s = joining.together(both, composed, Joint(after, self._in_beats))
            return Finished(piece, seed_s, composed, remarks)

        return Assignment(position, plan, len(steps), lambda now: now.filled / len(steps), finish)

    def _accompanied(self, seed: Piece, options: ComposeOptions) -> Assignment:
        part, remarks = self._part(seed, options, MAX_LENGTH_S)
        steps = self._hearing.steps(part)
        asked = self._representation.controls.vector(options.controls)
        headings, left = self._representation.headings, int(self._representation.onsets(steps)[-1])
        plan, freedom = plans.accompaniment(self._representation, steps[headings:])
        position = self._after(steps[:headings], asked, left)
        position = self._primer.steered(position, options.controls.key, asked_rate(options.controls))
        joint = Joint(max(0, self._hearing.origin(part, steps)), self._in_beats, is_part_of_seed=False)

        def finish(drawing: Drawing) -> Finished:
            composed = plans.around(self._representation, drawing.steps, drawing.is_given, freedom)
            piece = joining.placed(part, composed, joint)
            if options.include_seed:
                piece, _ = joining.together(part, composed, joint)
            start = seeds.start_of(piece)
            end_s = part.end_s - float(piece.seconds_at(start))
            piece = joining.ending(seeds.from_tick(piece, start), end_s, LONGEST_RING_S, in_beats=False)
            return Finished(piece, 0.0, composed, remarks)

        if freedom is not None:
            return Assignment(position, plan, len(steps), lambda now: now.filled / len(steps), finish)
        most = len(steps) + int((part.end_s + 1) * MOST_NOTES_PER_SECOND)
        return Assignment(position, plan, most, lambda now: now.woven / len(steps), finish)

    def _free(self, position: Position, left: int, seconds: float, finish: Callable[[Drawing], Finished]) -> Assignment:
        is_even = self._representation.waits() is None
        steps_per_note = 1 if self._representation.opens_with_wait else MOST_TOKENS_PER_NOTE
        most = left + 1 if is_even else int(seconds * MOST_NOTES_PER_SECOND * steps_per_note)
        return Assignment(position, None, most, lambda now: 1 - now.left / left, finish)

    def _part(self, seed: Piece, options: ComposeOptions, longest_s: float) -> tuple[Piece, tuple[str, ...]]:
        """As much of the beginning of `seed` as is asked for or may be, and a sentence where that is not all."""
        asked = options.length_s is not None or options.bars is not None
        if asked:
            length = length_of(self._representation, options, self._clock(seed, 0, options))
            longest_s = min(longest_s, length.seconds)
        part = seeds.without_later_changes(seeds.first_part(seed, longest_s))
        if asked or len(part) == len(seed):
            return part, ()
        return part, (f"Your seed is long: only its first {longest_s:.0f} seconds were taken.",)

    def _clock(self, seed: Piece, tick: int, options: ComposeOptions) -> Controls:
        """What is asked for, in beats with the seed's tempo and meter at `tick` where no others are."""
        return seeds.with_clock_of(seed, tick, options.controls) if self._in_beats else options.controls

    def _asked_clock(self, options: ComposeOptions) -> Controls:
        """The tempo and meter that are asked for, where the music can have them."""
        return options.controls if self._in_beats else Controls()

    def _timed(self, composed: Piece, clock: Controls) -> Piece:
        """New music in beats at a tempo and in a meter; other music as it is."""
        return seeds.at_tempo(composed, 0, clock) if self._in_beats else composed

"""What is to be done for each mode: where the drawing starts, what is given beforehand, what becomes of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.bundles.instrumentation import learnt_programs, played_lately, substitutes
from model.bundles.priors import Priors
from model.controls import Controls
from model.errors import RequestError
from model.generation import joining, seeds
from model.generation.conditions import (
    LONGEST_RING_S,
    ResolvedControls,
    asked_rate,
    at_rate,
    drawn_rate,
    length_of,
    players_of,
    rate_of,
    resolve_accompaniment,
    resolve_controls,
)
from model.generation.control_checks import parts_left_behind, played_by
from model.generation.decoder import DecoderState
from model.generation.engine import Drawing, Engine, Progress, Request
from model.generation.finishing import in_key, limited, named
from model.generation.joining import SplicePoint
from model.generation.options import MAX_LENGTH_S, ComposeOptions
from model.generation.plan import Plan, accompaniment, around, variation
from model.generation.processors import Playing
from model.generation.seed_encoding import SeedEncoder, SeedNormalization, normalization_of, with_asked
from model.instruments import DRUMS_PROGRAM, FAMILIES, PER_FAMILY
from model.piece import Piece
from model.representation.base import UNKNOWN
from model.representation.engraving import DRUMS, FIRST_PROGRAM

MOST_NOTES_PER_SECOND = 60  # a piece denser than this is cut, so that every request ends
MOST_TOKENS_PER_NOTE = 8  # where notes take several steps
SAME_TEMPO = 0.01  # share: a smaller difference is not worth a sentence
MOST_ACCOMPANYING = 8  # notes that sound at once beside a melody
BETWEEN_S = 1.0  # from the end of a seed to its variation, where there are no bars


@dataclass(frozen=True)
class Finished:
    """A piece and what there is to know of it.

    Attributes:
        piece: as it goes into the file.
        seed_s: seconds of its start that are the seed.
        composed: the new notes alone, as they were drawn.
        written: the new notes alone, as they stand in the piece.
        remarks: what is to be said about it.
        not_learnt: instruments that were asked for and that the network cannot play.
        new_s: seconds of new music.
    """

    piece: Piece
    seed_s: float
    composed: Piece
    written: Piece
    remarks: tuple[str, ...] = ()
    not_learnt: tuple[str, ...] = ()
    new_s: float | None = None


@dataclass(frozen=True)
class GenerationTask:
    """What the sampler is to do, and what becomes of it."""

    state: DecoderState
    plan: Plan | None
    most_steps: int
    progress: Callable[[Progress], float]
    finish: Callable[[Drawing], Finished]


class TaskBuilder:
    """Makes them for one model."""

    def __init__(self, engine: Engine, priors: Priors | None = None, usual_velocity: int | None = None) -> None:
        """For the network of `engine`.

        Args:
            engine: which draws.
            priors: of the training set, where they are known.
            usual_velocity: of training music with one velocity, where that is known.
        """
        self._usual_velocity = usual_velocity
        self._engine, self._decoders = engine, engine.decoders
        self._representation = engine.representation
        self._priors = priors
        self._seed_encoder = SeedEncoder(self._representation)
        self._in_beats = self._seed_encoder.in_beats
        self._fields = [field.name for field in self._representation.fields]

    def of(self, seed: Piece | None, options: ComposeOptions) -> GenerationTask:
        """What `options` ask for.

        Raises:
            RequestError: there is nothing to vary or accompany, or the model cannot do it.
        """
        if seed is None and options.mode != "continue":
            raise RequestError(f"There is nothing to {options.mode}: send a seed with it.")
        if seed is not None:
            self._check(seed)
            seed = seeds.without_later_changes(seed)
        make = {"continue": self._continued, "vary": self._varied, "accompany": self._accompanied}[options.mode]
        return self._from_nothing(options) if seed is None else make(seed, options)

    def _from_nothing(self, options: ComposeOptions) -> GenerationTask:
        notes_per_s = drawn_rate(options, self._priors)
        chosen = resolve_controls(options, self._priors)
        controls, playing = chosen.controls, chosen.playing
        normalization = SeedNormalization(chosen.programs, asked=frozenset(chosen.programs))
        asked = self._representation.controls.vector(at_rate(controls, notes_per_s))
        heading, clock = self._heading(asked, options)
        length = length_of(self._representation, options, clock)
        left = (
            length.left if self._representation.opens_with_wait else length.left - 1 + self._seed_encoder.first_onset()
        )
        state = self._after(heading, asked, left)

        def finish(drawing: Drawing) -> Finished:
            composed = self._timed(self._decoded(drawing.steps), clock)
            written = named(normalization.written(composed))
            piece = in_key(joining.alone(written, length.seconds, length.ring_s, self._in_beats), controls.key)
            return Finished(piece, 0.0, composed, piece, (), chosen.missing, piece.end_s)

        is_key_asked = options.controls.key is not None
        state = self._decoders.steered(state, controls.key, notes_per_s, playing=playing, closes_in_key=is_key_asked)
        return self._free(state, length.left, length.seconds, finish)

    def _after(self, heading: NDArray[np.int32], asked: NDArray[np.float32], left: int) -> DecoderState:
        """The state after the steps that say meter and tempo, where there are such."""
        return self._decoders.prefill(heading, asked, left) if len(heading) else self._decoders.start(asked, left)

    def _heading(self, asked: NDArray[np.float32], options: ComposeOptions) -> tuple[NDArray[np.int32], Controls]:
        """The steps that say meter and tempo, drawn where they are not asked for, and what they say.

        They are drawn before anything else, because how long a piece in beats lasts depends on them.
        """
        representation = self._representation
        if not representation.headings:
            return np.zeros((0, len(representation.fields)), dtype=np.int32), options.controls
        request = Request(
            state=self._decoders.start(asked, UNKNOWN),
            random=np.random.Generator(np.random.Philox(options.random_seed).jumped()),
            sampling=options.sampling_for(representation),
            most_steps=representation.headings,
        )
        drawn = self._engine.submit(request).result()
        heading = representation.headed(drawn.steps[: representation.headings], options.controls)
        tempo_bpm, meter = representation.clock(heading)
        update = {"tempo_bpm": options.controls.tempo_bpm or tempo_bpm, "meter": meter}
        return heading, options.controls.model_copy(update=update)

    def _continued(self, seed: Piece, options: ComposeOptions) -> GenerationTask:
        sent, seed = seed, seeds.going_on(seed)
        normalization = normalization_of(seed, self._representation, self._priors, self._usual_velocity)
        steps = self._seed_encoder.steps(normalization.heard(seed))
        splice = self._seed_encoder.splice_point(seed, steps)
        phase = seeds.ticks_into_bar(seed, splice.tick) / seed.ticks_per_quarter
        clock = self._clock(seed, splice.tick, options)
        length = length_of(self._representation, options, clock, phase)
        latest = self._seed_encoder.latest(steps)
        chosen = self._players(options.controls, latest)
        if chosen.programs or chosen.missing:
            normalization = with_asked(normalization, chosen.programs)
        key = options.controls.key or seeds.key_of(seed)
        controls = chosen.controls.model_copy(update={"key": key})
        asked = self._seed_encoder.as_before(latest, self._representation.controls.vector(controls))
        state = self._decoders.conditioned(self._decoders.prefill(latest, left=length.left), asked, length.left)
        notes_per_s = asked_rate(options.controls) or rate_of(self._representation, latest)
        beat = self._seed_encoder.beat(latest)
        is_key_asked = options.controls.key is not None
        state = self._decoders.steered(state, key, notes_per_s, beat, chosen.playing, is_key_asked)
        remarks = self._tempo_left_behind(sent, seed, options)

        def finish(drawing: Drawing) -> Finished:
            composed = self._timed(self._decoded(drawing.steps), clock)
            written = normalization.written(composed)
            if not options.include_seed:
                written = seeds.in_phase(named(written), phase) if self._in_beats else named(written)
                piece = joining.alone(written, length.seconds, length.ring_s, self._in_beats)
                piece = in_key(self._signed_as(seed, piece), options.controls.key)
                left = self._parts_left_behind(seed, piece, options)
                return Finished(piece, 0.0, composed, piece, (*remarks, *left), chosen.missing, piece.end_s)
            first = seeds.at_tempo(seed, splice.tick, clock) if self._in_beats else seed
            joined, seed_s, said = joining.continued(
                first, written, splice, length.seconds, length.ring_s, MAX_LENGTH_S
            )
            begins = int(joined.ticks_at(seed_s))
            joined = in_key(named(joined, len(seed.instruments)), options.controls.key, begins)
            new = joined.with_notes(joined.notes[joined.onsets_s >= seed_s - 1e-6])
            left = self._parts_left_behind(seed, new, options)
            return Finished(
                joined, seed_s, composed, new, (*remarks, *said, *left), chosen.missing, joined.end_s - seed_s
            )

        return self._free(state, length.left, length.seconds, finish)

    @staticmethod
    def _signed_as(seed: Piece, piece: Piece) -> Piece:
        """`piece` with the key signature that `seed` ends in."""
        last = seed.key_signatures[-1:].copy()
        last["tick"] = 0
        return replace(piece, key_signatures=last)

    def _players(self, asked: Controls, heard: NDArray[np.int32]) -> ResolvedControls:
        """Who plays what follows steps `heard`: whoever is asked for, else whoever played in them."""
        if self._priors is None or not self._priors.ensembles or "instrument" not in self._fields:
            return ResolvedControls(asked)
        if asked.instruments:
            return players_of(asked, self._priors)
        instruments = heard[:, self._fields.index("instrument")]
        played = played_lately(instruments, learnt_programs(self._priors))
        if not played:
            return ResolvedControls(asked)
        families = tuple(dict.fromkeys(FAMILIES[program // PER_FAMILY] for program, _ in played))
        kit = frozenset(heard[instruments == DRUMS, self._fields.index("pitch")].tolist())
        return ResolvedControls(asked.model_copy(update={"instruments": families}), Playing(played, None, kit=kit))

    def _check(self, seed: Piece) -> None:
        """Refuse a seed of which the network knows nothing.

        Raises:
            RequestError: it has no notes, or only drums play in it and the network has learnt none.
        """
        if not len(seed):
            raise RequestError("Your seed has no notes. Send one that has some.")
        only_drums = all(seed.instruments[index].is_drum for index in np.unique(seed.notes["instrument"]))
        if only_drums and DRUMS_PROGRAM in self._not_learnt([DRUMS_PROGRAM]):
            raise RequestError(
                "Your seed has only drums, and this model hasn't learnt drums. Send a seed with pitched notes, "
                "or choose a model that plays drums."
            )

    def _not_learnt(self, programs: Iterable[int]) -> tuple[int, ...]:
        """Those of `programs` that the network has not learnt to play, nor anything like them."""
        if "instrument" not in self._fields or self._priors is None or not self._priors.ensembles:
            return ()
        learnt = learnt_programs(self._priors)
        like = substitutes(programs, self._priors)
        return tuple(program for program in programs if program not in learnt and program not in like)

    def _parts_left_behind(self, seed: Piece, new: Piece, options: ComposeOptions) -> tuple[str, ...]:
        """A sentence for what played in `seed` and does not play in what follows it, unless others were asked for."""
        if options.controls.instruments:
            return ()
        before = played_by(seed)
        if len(before) == 1 and not options.include_seed:
            return ()  # a single instrument's music may come back on another
        return parts_left_behind(seed, new, self._not_learnt(before))

    def _tempo_left_behind(self, sent: Piece, seed: Piece, options: ComposeOptions) -> tuple[str, ...]:
        """A sentence where the new music goes on at another tempo than the seed as it was `sent` ends in."""
        at_end, main = sent.tempos["quarter_us"][-1], seed.tempos["quarter_us"][-1]
        is_same = abs(at_end / main - 1) < SAME_TEMPO
        if is_same or not self._in_beats or options.controls.tempo_bpm is not None:
            return ()
        return (f"Continues at {60e6 / main:.0f} bpm, the seed's main tempo.",)

    def _varied(self, seed: Piece, options: ComposeOptions) -> GenerationTask:
        part, remarks = self._part(seed, options, MAX_LENGTH_S / 2 if options.include_seed else MAX_LENGTH_S)
        normalization = normalization_of(part, self._representation, self._priors, self._usual_velocity)
        steps = self._seed_encoder.steps(normalization.heard(part))
        plan = variation(self._representation, steps, options.strength)
        asked = self._representation.controls.vector(options.controls)
        state = self._decoders.start(asked, int(self._representation.onsets(steps)[-1]))
        state = self._decoders.steered(state, options.controls.key, None)
        splice = SplicePoint(self._seed_encoder.origin(part, steps), self._in_beats)

        def finish(drawing: Drawing) -> Finished:
            composed = self._representation.decode(drawing.steps)
            written = normalization.written(composed)
            placed = seeds.at_tempo(joining.placed(part, written, splice), 0, self._asked_clock(options))
            alone = named(seeds.from_tick(placed, seeds.start_of(placed)))
            if not options.include_seed:
                return Finished(alone, 0.0, composed, alone, remarks, (), alone.end_s)
            into_bar = seeds.ticks_into_bar(part, seeds.start_of(part)) if self._in_beats else 0
            theme = seeds.from_tick(part, seeds.start_of(part))
            end = int((theme.notes["onset"] + theme.notes["duration"]).max())
            after = seeds.next_bar(theme, end) if self._in_beats else int(theme.ticks_at(theme.end_s + BETWEEN_S))
            both = seeds.at_tempo(seeds.repeated_maps(theme, after, into_bar), after, self._asked_clock(options))
            piece, seed_s = joining.together(both, written, SplicePoint(after, self._in_beats))
            piece = named(piece, len(part.instruments))
            return Finished(piece, seed_s, composed, alone, remarks, (), alone.end_s)

        return GenerationTask(state, plan, len(steps), lambda now: now.filled / len(steps), finish)

    def _accompanied(self, seed: Piece, options: ComposeOptions) -> GenerationTask:
        part, remarks = self._part(seed, options, MAX_LENGTH_S)
        normalization = normalization_of(part, self._representation, self._priors, self._usual_velocity)
        chosen, rate, heard_as = resolve_accompaniment(options, part, self._priors, self._in_beats)
        has_lead = chosen.playing is not None and chosen.playing.lead is not None
        if has_lead:  # who leads has been chosen with those that play beside it
            normalization = replace(normalization, programs=heard_as)
        steps = self._seed_encoder.steps(normalization.heard(part))
        normalization = with_asked(normalization, chosen.programs)
        asked = self._representation.controls.vector(chosen.controls)
        headings, left = self._representation.headings, int(self._representation.onsets(steps)[-1])
        lead = -1 if chosen.playing is None or chosen.playing.lead is None else FIRST_PROGRAM + chosen.playing.lead
        plan, constraints = accompaniment(self._representation, steps[headings:], lead)
        state = self._after(steps[:headings], asked, left)
        state = self._decoders.steered(state, chosen.controls.key, rate, playing=chosen.playing)
        splice = SplicePoint(max(0, self._seed_encoder.origin(part, steps)), self._in_beats, is_part_of_seed=False)

        def finish(drawing: Drawing) -> Finished:
            composed = around(self._representation, drawing.steps, drawing.is_given, constraints, lead)
            composed = limited(composed, MOST_ACCOMPANYING)
            alone = named(joining.placed(part, normalization.written(composed), splice))
            piece = alone
            if options.include_seed:
                piece = named(joining.together(part, normalization.written(composed), splice)[0], len(part.instruments))
            start = seeds.start_of(piece)
            end_s = part.end_s - float(piece.seconds_at(start))
            piece = joining.ending(seeds.from_tick(piece, start), end_s, LONGEST_RING_S, in_beats=False)
            return Finished(piece, 0.0, composed, alone, remarks, chosen.missing, part.end_s)

        if constraints is not None:
            return GenerationTask(state, plan, len(steps), lambda now: now.filled / len(steps), finish)
        most = len(steps) + int((part.end_s + 1) * MOST_NOTES_PER_SECOND)
        return GenerationTask(state, plan, most, lambda now: now.woven / len(steps), finish)

    def _decoded(self, steps: NDArray[np.int32]) -> Piece:
        """The piece of drawn `steps`, with no more notes sounding at once than its instruments can hold."""
        return limited(self._representation.decode(steps))

    def _free(
        self, state: DecoderState, left: int, seconds: float, finish: Callable[[Drawing], Finished]
    ) -> GenerationTask:
        is_even = self._representation.waits() is None
        steps_per_note = 1 if self._representation.opens_with_wait else MOST_TOKENS_PER_NOTE
        most = left + 1 if is_even else int(seconds * MOST_NOTES_PER_SECOND * steps_per_note)
        return GenerationTask(state, None, most, lambda now: 1 - now.left / left, finish)

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

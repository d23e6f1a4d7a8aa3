"""What nobody asked for, drawn for the random seed as often as the training set has it: density, key, style, players.

A network that is left to itself plays densely, whatever its random seed: what it learnt from is mostly busy if counted
by notes, and of its own busy passages it makes busier ones. Real music is now sparse, now busy. Nor does it choose a
key and stay there: it wanders, where real music has a home. And one that knows many ensembles begins with whoever it
heard begin most often, mostly alone. So all of these are settled before the first note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.analysis.key_and_tempo import found_keys
from model.bundles.instrumentation import cast
from model.bundles.priors import DRUMS_PROGRAM, Ensemble, Priors, drawn_of
from model.controls import KEYS, Controls
from model.errors import RequestError, listing
from model.generation.options import DEFAULT_LENGTH_S, MAX_LENGTH_S, ComposeOptions
from model.generation.processors import Playing
from model.generation.seed_encoding import is_one_line
from model.instruments import FAMILIES, HIGHEST_PITCH, LOWEST_PITCH, MOST_SOUNDING, PER_FAMILY, families
from model.piece import Piece
from model.representation import Representation
from model.representation.base import BLOCK
from model.representation.measuring import MIDDLES, NOTES_PER_SECOND

DENSITY, KEY, ENSEMBLE = 2, 3, 4  # of the random seed's streams, apart from those of notes and headings


def drawn_rate(options: ComposeOptions, priors: Priors | None) -> float | None:
    """Notes a second as asked, else drawn for the random seed from what real music has; None where that is unknown."""
    if options.controls.density is not None or priors is None:
        return asked_rate(options.controls)
    return priors.density(_chance(options.random_seed, DENSITY))


class ResolvedControls(NamedTuple):
    """Controls that leave less open.

    Attributes:
        controls: what is asked and drawn, in families of the programs that are drawn.
        playing: who plays and how; None where that is open.
        programs: the program that is drawn for each one that is written, where that is another.
        missing: instruments that were asked for and that the network cannot play.
    """

    controls: Controls
    playing: Playing | None = None
    programs: Mapping[int, int] = MappingProxyType({})
    missing: tuple[str, ...] = ()


def resolve_controls(options: ComposeOptions, priors: Priors | None) -> ResolvedControls:
    """What is asked, with a key, a style and players drawn where they are not and what is usual is known.

    Raises:
        RequestError: the network has learnt none of the instruments that are asked for.
    """
    asked = options.controls
    if priors is None:
        return ResolvedControls(asked)
    update: dict[str, object] = {}
    if asked.key is None:
        update["key"] = priors.key(_chance(options.random_seed, KEY))
    chance = _chance(options.random_seed, ENSEMBLE)
    if asked.instruments and priors.ensembles and not _is_usual(asked, priors):
        chosen = players_of(asked, priors)
        return chosen._replace(controls=chosen.controls.model_copy(update=update))
    ensemble = priors.ensemble(chance, asked.style, families(asked.instruments))
    if ensemble is None:
        return ResolvedControls(asked.model_copy(update=update))
    update["style"] = asked.style or ensemble.style
    update["instruments"] = asked.instruments or ensemble.instruments
    together = ensemble.together if asked.density is None else None  # chords are what makes music dense
    playing = Playing(tuple((one.program, one.share) for one in ensemble.players), together)
    return ResolvedControls(asked.model_copy(update=update), playing)


def players_of(asked: Controls, priors: Priors) -> ResolvedControls:
    """Who plays the instruments that are asked for, one by one: whoever the network knows that is like each.

    Raises:
        RequestError: it knows nobody who is like any of them.
    """
    found = cast(asked.instruments, priors, asked.style)
    if not found.parts:
        names = listing(found.missing)
        raise RequestError(f"This model hasn't learnt {names}. Choose other instruments, or leave `instruments` out.")
    playing = Playing(
        tuple((part.drawn, part.share) for part in found.parts), found.together if asked.density is None else None
    )
    drawn_families = tuple(dict.fromkeys(FAMILIES[part.drawn // PER_FAMILY] for part in found.parts))
    programs = {part.written: part.drawn for part in found.parts if part.written != part.drawn}
    controls = asked.model_copy(update={"instruments": drawn_families, "style": found.style})
    return ResolvedControls(controls, playing, programs, found.missing)


ACCOMPANYING_PER_S = 4.0  # notes a second that pop songs have beside their melody
FREELY_PER_S = 3.0  # what is asked in free time, where more notes come than are asked for
MOST_OF_MELODY = 0.8  # share of the notes: the others play a few, however sparse the music is to be
CHORD = 6  # notes at once of whoever can accompany
LEAST_ACCOMPANYING = 0.4  # of the notes of an ensemble, for those that play chords around one of it


class Accompaniment(NamedTuple):
    """What goes with a melody.

    Attributes:
        resolved: controls, and who plays; where nobody asked for them, from the melody and the training set.
        notes_per_s: of melody and accompaniment together.
        heard_as: the program that the network is to hear the melody on, by the melody's own; empty for its own.
    """

    resolved: ResolvedControls
    notes_per_s: float
    heard_as: Mapping[int, int] = MappingProxyType({})


def resolve_accompaniment(
    options: ComposeOptions, melody: Piece, priors: Priors | None, in_beats: bool = True
) -> Accompaniment:
    """What is asked, with the key of `melody`, a density that leaves it room, and players that go with it.

    A melody on one instrument is heard on one that plays melodies in the training set: beside a melody on the piano a
    network that knows the piano as an accompaniment has nobody left to play.

    Args:
        options: what is asked.
        melody: what the music is to go with, at least one note.
        priors: of the training set, where they are known.
        in_beats: whether the network counts in beats.

    Raises:
        RequestError: the network has learnt none of the instruments that are asked for.
    """
    found = int(found_keys([melody])[0])
    rate = asked_rate(options.controls) or _rate_of_melody(melody) + (ACCOMPANYING_PER_S if in_beats else FREELY_PER_S)
    asked = at_rate(options.controls, rate)
    if asked.key is None and found >= 0:
        asked = asked.model_copy(update={"key": KEYS[found]})
    playing = [melody.instruments[index] for index in np.unique(melody.notes["instrument"])]
    is_melody = len(playing) == 1 and not playing[0].is_drum and is_one_line(melody)
    if priors is None or not priors.ensembles:
        return Accompaniment(ResolvedControls(asked), rate)
    if not is_melody:
        return Accompaniment(players_of(asked, priors) if asked.instruments else ResolvedControls(asked), rate)
    own = playing[0].program
    lead = _leader(melody, own, priors)
    share = min(_rate_of_melody(melody) / rate, MOST_OF_MELODY)
    resolved = _beside(lead, share, asked, priors, _chance(options.random_seed, ENSEMBLE))
    return Accompaniment(resolved, rate, {} if lead == own else {own: lead})


def _beside(lead: int, share: float, asked: Controls, priors: Priors, chance: float) -> ResolvedControls:
    """Who plays beside a melody on the program `lead`: whoever is asked for, else an ensemble that has it.

    The `share` of the notes that the melody has says how much the others play.
    """
    if asked.instruments:
        resolved = players_of(asked, priors)
        playing = resolved.playing
    else:
        fitting = [one for one in priors.ensembles if asked.style in (None, one.style) and _room_beside(one, lead)]
        if not fitting:
            return ResolvedControls(asked)
        ensemble = drawn_of(fitting, chance)
        update = {"style": ensemble.style, "instruments": ensemble.instruments}
        others = tuple((one.program, one.share) for one in ensemble.players if one.program != lead)
        resolved, playing = ResolvedControls(asked.model_copy(update=update)), Playing(others, None)
    if playing is None or lead in dict(playing.players):
        return resolved._replace(playing=playing)
    whole = sum(part for _, part in playing.players)
    players = ((lead, share), *((program, (1 - share) * part / whole) for program, part in playing.players))
    told = tuple(dict.fromkeys((*resolved.controls.instruments, FAMILIES[lead // PER_FAMILY])))
    controls = resolved.controls.model_copy(update={"instruments": told})
    return resolved._replace(controls=controls, playing=Playing(players, None, lead))


def _rate_of_melody(melody: Piece) -> float:
    """Onsets a second."""
    onsets = np.unique(melody.onsets_s)
    return float((len(onsets) - 1) / max(onsets[-1] - onsets[0], 1.0))


def _chords(ensemble: Ensemble, beside: int | None = None) -> float:
    """The share of the notes of those in `ensemble` who can play chords, the program `beside` left out."""
    players = [one for one in ensemble.players if one.program not in (DRUMS_PROGRAM, beside)]
    return sum(one.share for one in players if MOST_SOUNDING[one.program] >= CHORD)


def _room_beside(ensemble: Ensemble, program: int) -> bool:
    """Whether `program` plays in `ensemble`, without drums, and others play chords beside it."""
    programs = {one.program for one in ensemble.players}
    return program in programs and DRUMS_PROGRAM not in programs and _chords(ensemble, program) >= LEAST_ACCOMPANYING


def _leader(melody: Piece, own: int, priors: Priors) -> int:
    """The program that `melody`, one of `own`, is heard on: its own where others accompany it, else who leads most."""
    leads: dict[int, float] = defaultdict(float)
    follows: dict[int, float] = defaultdict(float)
    for ensemble in priors.ensembles:
        for program in {one.program for one in ensemble.players}:
            if _room_beside(ensemble, program):
                leads[program] += ensemble.share
            elif len(ensemble.players) > 1 and _chords(ensemble) - _chords(ensemble, program) >= LEAST_ACCOMPANYING:
                follows[program] += ensemble.share
    if not leads or leads[own] > follows[own]:
        return own
    bottom, top = int(melody.notes["pitch"].min()), int(melody.notes["pitch"].max())

    def rank(program: int) -> tuple[bool, float]:
        is_in_reach = bottom >= LOWEST_PITCH[program] and top <= HIGHEST_PITCH[program]
        return is_in_reach, leads[program] - follows[program]

    return max(leads, key=rank)


def _is_usual(asked: Controls, priors: Priors) -> bool:
    """Whether families are asked for, and just those play together in the training set, each of them a good deal."""
    wanted = set(asked.instruments)
    return wanted <= set(FAMILIES) and any(
        one.gives_each(wanted) and asked.style in (None, one.style) for one in priors.ensembles
    )


def _chance(random_seed: int, stream: int) -> float:
    return float(np.random.Generator(np.random.Philox(random_seed).jumped(stream)).random())


SLOWEST, FASTEST = 1.0, 30.0  # notes a second that a seed may set: one note is no pace, and nobody plays faster


def asked_rate(controls: Controls) -> float | None:
    """Notes a second in the middle of the density asked for; None where none is."""
    return None if controls.density is None else MIDDLES[controls.density - 1]


def rate_of(representation: Representation, steps: NDArray[np.int32]) -> float | None:
    """Notes a second at the end of raw `steps` (notes, fields); None where they are not in free time or too few."""
    if representation.units_per_second is None or not representation.opens_with_wait:
        return None
    onsets = representation.onsets(steps)[-BLOCK:] / representation.units_per_second
    if len(onsets) < 2 or onsets[-1] == onsets[0]:
        return None
    return float(np.clip((len(onsets) - 1) / (onsets[-1] - onsets[0]), SLOWEST, FASTEST))


def at_rate(controls: Controls, notes_per_s: float | None) -> Controls:
    """`controls` with the density that has `notes_per_s`; as they are for None."""
    if notes_per_s is None:
        return controls
    return controls.model_copy(update={"density": int(np.searchsorted(NOTES_PER_SECOND, notes_per_s)) + 1})


RING_SHARE, LONGEST_RING_S = 0.048, 1.5  # of the length: before it the last onset, and as far behind it silence
DEFAULT_METER = "4/4"


@dataclass(frozen=True)
class Length:
    """How long the new music is to be.

    Attributes:
        left: own time units from its start to its last onset, or to its end where steps are time itself.
        seconds: until nothing is to sound any more, about.
    """

    left: int
    seconds: float

    @property
    def ring_s(self) -> float:
        """Seconds by which the whole may be shorter or longer."""
        return min(RING_SHARE * self.seconds, LONGEST_RING_S)


def length_of(representation: Representation, options: ComposeOptions, clock: Controls, phase: float = 0.0) -> Length:
    """What `options` ask for.

    Args:
        representation: whose time units count.
        options: their `length_s` or `bars`.
        clock: tempo and meter of the new music.
        phase: quarters from the last bar line to where the new music starts.

    Raises:
        RequestError: bars asked of a model that knows none, or more than there may be.
    """
    per_second = representation.units_per_second
    if per_second is not None:
        if options.bars is not None:
            raise RequestError("This model plays in free time and counts no bars: give the length in seconds.")
        seconds = options.length_s or DEFAULT_LENGTH_S
        ring_s = Length(0, seconds).ring_s if representation.opens_with_wait else 0.0
        return Length(round((seconds - ring_s) * per_second), seconds)
    return _in_beats(representation, options, clock, phase)


def quarters_of(meter: str) -> float:
    """How many quarters a bar of `meter`, as '6/8', lasts."""
    beats, unit = meter.split("/")
    return int(beats) * 4 / int(unit)


def _in_beats(representation: Representation, options: ComposeOptions, clock: Controls, phase: float) -> Length:
    quarter_s = 60 / (clock.tempo_bpm or representation.usual_tempo_bpm)
    bar = quarters_of(clock.meter or DEFAULT_METER)
    if options.bars is not None:
        quarters = options.bars * bar
        if quarters * quarter_s > MAX_LENGTH_S:
            raise RequestError(
                f"{options.bars} bars would last {quarters * quarter_s:.0f} seconds at this tempo; "
                f"a piece may last {MAX_LENGTH_S:g}."
            )
    else:
        quarters = (options.length_s or DEFAULT_LENGTH_S) / quarter_s
    whole = round(quarters * representation.units_per_quarter)
    seconds = quarters * quarter_s
    if not representation.opens_with_wait:
        return Length(whole, seconds)
    downbeat = ((quarters + phase - 1e-6) // bar) * bar - phase  # the last bar line before the end
    if downbeat <= 0 or (quarters - downbeat) * quarter_s > 2 * LONGEST_RING_S + quarter_s:
        downbeat = max(round(quarters) - 1, 1)  # no bar line near: the last beat
    return Length(round(downbeat * representation.units_per_quarter), seconds)

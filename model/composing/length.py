"""How long a piece is to be, in the time units of its representation: what makes it end there and not stop.

A network hears how much is left until the last onset. Notes in free time get their last onset a little before the
length asked for, and what then rings is cut as far behind it: the whole lies within a twentieth of what was asked.
Notes in bars get it on the last downbeat, and ring to the end of the bar. Steps that are time itself fill the length.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.composing.options import DEFAULT_LENGTH_S, MAX_LENGTH_S, ComposeOptions
from model.controls import Controls
from model.errors import RequestError
from model.representation import Representation

RING_SHARE, LONGEST_RING_S = 0.04, 1.5  # of the length: before it the last onset, and as far behind it silence
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

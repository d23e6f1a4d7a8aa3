"""Several instruments on a beat grid: (shift, instrument, pitch, duration, velocity), with meters and tempi as steps.

A step is a note, or a change of meter or tempo, which pseudo-instruments bring in and the pitch field names. Steps are
ordered by onset, instrument and pitch, so a piece has one encoding. Note-level tuples as Hsiao et al. 2021 ("Compound
Word Transformer") and Dong et al. 2023 ("Multitrack Music Transformer") have them, with waits in place of positions.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.controls import Controls
from model.piece import Piece
from model.representation import engraving, grid, score_law
from model.representation.base import Constraint, Field, Representation, Tensor
from model.representation.engraving import (
    DRUMS,
    DURATION,
    FIRST_PROGRAM,
    INSTRUMENT,
    INSTRUMENTS,
    METER,
    PITCH,
    SHIFT,
    TEMPO,
    VELOCITY_WIDTH,
)
from model.representation.measuring import measured_blocks
from model.representation.score_law import (
    ENDINGS,
    HIGHEST_PITCH,
    KEYBOARD,
    LOWEST_PITCH,
    OWN_KEYS,
    PITCHES,
    PLAYERS,
    POSITION,
)

VELOCITIES = PITCHES // VELOCITY_WIDTH


class Score(Representation):
    """Note-level tuples on 24 ticks to the quarter, for any number of instruments."""

    name = "score"
    end_class = grid.SIZE
    fields = (
        Field("shift", grid.SIZE + 1),  # ticks since the step before; the last class is END
        Field("instrument", INSTRUMENTS),
        Field("pitch", PITCHES),  # of TEMPO and METER: the class of the tempo or the meter
        Field("duration", grid.SIZE),  # ticks; 0 for drums, TEMPO and METER
        Field("velocity", VELOCITIES),
    )
    control_names = ("style", "key", "tempo", "meter", "density", "instruments")
    left_fades = (12.0, 48.0, 192.0, 768.0, 3072.0)  # ticks: an eighth to thirty-two bars
    units_per_second = None
    units_per_quarter = grid.TICKS_PER_QUARTER
    opens_with_wait = True
    hears_drums = True
    headings = 2  # METER and TEMPO
    state = score_law.STATE
    start = staticmethod(score_law.start)
    feature_sizes: ClassVar[dict[str, int]] = {
        "input": POSITION + KEYBOARD + PLAYERS + 1,
        "shift": POSITION + ENDINGS,
        "instrument": POSITION + PLAYERS,
        "pitch": POSITION + KEYBOARD + OWN_KEYS,
        "duration": POSITION + ENDINGS,
        "velocity": POSITION,
    }
    quantisation = (
        "onsets and ends to a 24th of a quarter, velocities to 32 steps, tempi to 1.5 % between 15 and 588 quarters a "
        "minute, meters beyond 16/16 to one with a bar of nearly that length, instruments of one program merged, "
        "strokes of drums without length, the pedal turned into duration, of two bars at most, bars before the first "
        "note left out, waits and notes cut at 2,047 quarters"
    )

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The steps of `piece`, int32 (steps, 5): ticks, instrument (see `engraving`), pitch, ticks, velocity 0..31."""
        return engraving.steps_of(piece)

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """A piece at 480 ticks to the quarter; each velocity is the middle of its bin."""
        return engraving.piece_of(steps)

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, drums excepted, or as they are where a note would leave 21..108."""
        pitched = is_pitched(steps[:, INSTRUMENT])
        pitches = steps[pitched, PITCH] + semitones
        if not len(pitches) or pitches.min() < LOWEST_PITCH or pitches.max() > HIGHEST_PITCH:
            return steps
        moved = steps.copy()
        moved[pitched, PITCH] = pitches
        return moved

    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` with their tempi moved by whole classes to about `factor` times as slow."""
        classes = round(float(np.log2(factor)) * grid.TEMPI_PER_OCTAVE)
        moved, is_tempo = steps.copy(), steps[:, INSTRUMENT] == TEMPO
        moved[is_tempo, PITCH] = np.clip(steps[is_tempo, PITCH] - classes, 0, grid.TEMPI - 1)
        return moved

    def excerpt(self, steps: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
        """The beginning and the end of `steps`, joined at the same place in the bar; see `engraving.excerpt`."""
        return engraving.excerpt(steps, first, last)

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """Onset of each step in ticks, int64 (steps,)."""
        return np.cumsum(steps[:, SHIFT], dtype=np.int64)

    def measured(self, steps: NDArray[np.int32], style: str = "") -> NDArray[np.float32]:
        """Everything that can be asked, as each block of steps would answer it, (blocks, controls.width)."""
        return measured_blocks(self.controls, steps, style)

    def drawable(self) -> NDArray[np.bool_]:
        """Waits of up to two bars, and not END."""
        return np.append(grid.LOWEST < grid.EXACT, False)

    def waits(self) -> NDArray[np.int32]:
        """The least ticks of each class of shift, 0 for END, int32 (321,)."""
        return np.append(grid.LOWEST, 0).astype(np.int32)

    def headed(self, heading: NDArray[np.int32], controls: Controls) -> NDArray[np.int32]:
        """METER and TEMPO, at what was asked for or drawn."""
        heading = heading.copy()
        if controls.meter is not None:
            beats, denominator = controls.meter.split("/")
            heading[METER, PITCH] = grid.meter_class(int(beats), int(denominator))
        if controls.tempo_bpm is not None:
            heading[TEMPO, PITCH] = grid.tempo_class(60e6 / controls.tempo_bpm)
        return heading

    def clock(self, heading: NDArray[np.int32]) -> tuple[float, str]:
        """What METER and TEMPO say."""
        beats, denominator = grid.METERS[heading[METER, PITCH]]
        return 60.0 / float(grid.QUARTER_S[heading[TEMPO, PITCH]]), f"{beats}/{denominator}"

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The pitches of all but the drums are free to move, everything else is kept."""
        constraints = np.full(steps.shape, int(Constraint.GIVEN), dtype=np.int32)
        constraints[is_pitched(steps[:, INSTRUMENT]), PITCH] = int(Constraint.NEAR)
        return constraints

    def quantisation_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """The logarithm of the widths of the buckets of shift and duration."""
        widths = np.append(grid.WIDTHS, 1)
        return (np.log(widths[classes[..., SHIFT]]) + np.log(widths[classes[..., DURATION]])).astype(np.float32)


def is_pitched(instrument: Tensor) -> Tensor:
    """Whether each number is a program's, neither drums nor a change of meter or tempo; bool of its shape."""
    return (instrument >= FIRST_PROGRAM) & (instrument < DRUMS)

"""Expressive piano as one tuple per note: (shift, pitch, velocity, duration), exact to 10 ms.

The same music as the 388 events of Performance RNN (Oore et al. 2018, "This Time with Feeling"): 10 ms, 32 velocities,
the sustain pedal applied to the durations. Notes are ordered by onset, then pitch, so a piece has one encoding only.
With the pedal applied many notes end together; the duration field can therefore say 'when that sounding note ends'.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.piece import NOTE, Piece, sustained, table
from model.representation import buckets, performance_law
from model.representation.base import Constraint, Field, Representation
from model.representation.event_stream import events_of
from model.representation.measuring import measured_controls
from model.representation.performance_law import (
    DURATION,
    HIGHEST_KEY,
    LOWEST_KEY,
    PENDING_ENDS,
    PITCH,
    PITCHES,
    SHIFT,
    VELOCITY,
)

STEPS_PER_SECOND = 100
VELOCITY_BINS = 32
VELOCITY_WIDTH = 128 // VELOCITY_BINS
LONGEST_DRAWN_WAIT = 4 * STEPS_PER_SECOND  # a longer silence sounds like the end of the piece


class Performance(Representation):
    """Note-level tuples on a 10 ms buckets; drums are left out and all instruments are played by one."""

    name = "performance"
    end_class = buckets.SIZE
    fields = (
        Field("shift", buckets.SIZE + 1),  # 10 ms steps since the previous onset; the last class is END
        Field("pitch", PITCHES),
        Field("velocity", VELOCITY_BINS),
        Field("duration", buckets.SIZE + PENDING_ENDS),  # 10 ms steps, or the k-th latest pending end
    )
    control_names = ("style", "key", "density")
    left_fades = (10.0, 50.0, 200.0, 800.0, 3200.0)  # a tenth of a second to half a minute
    units_per_second = float(STEPS_PER_SECOND)
    symbol = "388-event"
    opens_with_wait = True
    state = performance_law.STATE
    start = staticmethod(performance_law.start)
    feature_sizes: ClassVar[dict[str, int]] = {
        "input": performance_law.KEYBOARD,
        "shift": performance_law.ENDS,
        "pitch": performance_law.KEYBOARD,
        "duration": performance_law.ENDS,
    }
    default_temperatures: ClassVar[dict[str, float]] = {"duration": 1.15}
    default_top_ps: ClassVar[dict[str, float]] = {  # with less, the long tail of the durations is lost: chopped music
        "shift": 0.98, "pitch": 0.98, "velocity": 0.98, "duration": 0.98,
    }  # fmt: skip
    quantisation = (
        "onsets and ends to 10 ms, velocities to 32 steps, the pedal turned into duration, drums and silence before "
        "the first note left out, silences and notes cut at 327 s"
    )

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The steps of `piece`, int32 (notes, 4): shift and duration in 10 ms, MIDI pitch, velocity bin 0..31."""
        pitched = np.array([not instrument.is_drum for instrument in piece.instruments], dtype=bool)
        held = sustained(piece)
        notes = held.notes.compress(pitched[held.notes["instrument"]])
        onset = np.rint(held.seconds_at(notes["onset"]) * STEPS_PER_SECOND).astype(np.int64)
        end = np.rint(held.seconds_at(notes["onset"] + notes["duration"]) * STEPS_PER_SECOND).astype(np.int64)
        velocity = notes["velocity"].astype(np.int64) // VELOCITY_WIDTH
        return _canonical(onset, end, notes["pitch"].astype(np.int64), velocity)

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """A piece for one piano at 1 ms per tick; each velocity is the middle of its bin."""
        values = np.asarray(steps, dtype=np.int64).reshape(-1, len(self.fields))
        ticks_per_step = 1000 // STEPS_PER_SECOND
        notes = table(NOTE, np.zeros((len(values), len(NOTE.names or ()))))
        notes["onset"] = np.cumsum(values[:, SHIFT]) * ticks_per_step
        notes["duration"] = values[:, DURATION] * ticks_per_step
        notes["pitch"] = values[:, PITCH]
        notes["velocity"] = values[:, VELOCITY] * VELOCITY_WIDTH + VELOCITY_WIDTH // 2
        return Piece(notes=notes)

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where a note would fall off the piano."""
        pitches = steps[:, PITCH] + semitones
        if not len(steps) or pitches.min() < LOWEST_KEY or pitches.max() > HIGHEST_KEY:
            return steps
        moved = steps.copy()
        moved[:, PITCH] = pitches
        return moved

    def symbols(self, steps: NDArray[np.int32]) -> NDArray[np.integer]:
        """The 388 events of Performance RNN that are the same music, (events,)."""
        return events_of(steps)

    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` played `factor` times as slowly; rounding moves onsets and ends by no more than half a step."""
        onset = np.cumsum(steps[:, SHIFT], dtype=np.int64)
        end = np.rint((onset + steps[:, DURATION]) * factor).astype(np.int64)
        onset = np.rint(onset * factor).astype(np.int64)
        return _canonical(onset, end, steps[:, PITCH].astype(np.int64), steps[:, VELOCITY].astype(np.int64))

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """Onset of each note in 10 ms steps, int64 (notes,)."""
        return np.cumsum(steps[:, SHIFT], dtype=np.int64)

    def measured(self, steps: NDArray[np.int32], style: str = "") -> NDArray[np.float32]:
        """Style, key and density of the music around each block of steps, (blocks, controls.width)."""
        return measured_controls(self.controls, self.onsets(steps), steps[:, PITCH], steps[:, DURATION], style)

    def drawable(self) -> NDArray[np.bool_]:
        """Waits of up to four seconds, and not END."""
        return np.append(buckets.LOWEST + buckets.WIDTHS <= LONGEST_DRAWN_WAIT, False)

    def waits(self) -> NDArray[np.int32]:
        """The lowest value of each bucket."""
        return np.append(buckets.LOWEST, 0).astype(np.int32)

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The pitches are free to move, all else is kept."""
        constraints = np.full(steps.shape, int(Constraint.GIVEN), dtype=np.int32)
        constraints[:, PITCH] = int(Constraint.NEAR)
        return constraints

    def quantisation_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """The logarithm of the widths of the buckets of shift and duration."""
        widths = np.concatenate([buckets.WIDTHS, np.ones(max(1, PENDING_ENDS))])
        return (np.log(widths[classes[..., SHIFT]]) + np.log(widths[classes[..., DURATION]])).astype(np.float32)


def _canonical(onset: NDArray, end: NDArray, pitch: NDArray, velocity: NDArray) -> NDArray[np.int32]:
    """One note per key and step, ended before the key is struck again, ordered by onset and pitch."""
    if not len(onset):
        return np.zeros((0, 4), dtype=np.int32)
    end = np.maximum(end, onset + 1)
    # of notes struck in the same step the loudest is last and stays; bytes, because those are sorted by counting
    order = np.lexsort((velocity.astype(np.uint8), onset, pitch.astype(np.uint8)))
    onset, end, pitch, velocity = onset[order], end[order], pitch[order], velocity[order]
    again = (pitch[1:] == pitch[:-1]) & (onset[1:] == onset[:-1])
    kept = np.append(~again, True)
    longest = np.maximum.reduceat(end, np.flatnonzero(np.append(True, ~again)))
    onset, end, pitch, velocity = onset[kept], longest, pitch[kept], velocity[kept]
    following = np.where(pitch[1:] == pitch[:-1], onset[1:], np.iinfo(np.int64).max)
    end = np.minimum(end, np.append(following, np.iinfo(np.int64).max))
    order = np.lexsort((pitch, onset))
    shift = np.diff(onset[order], prepend=onset[order[0]])
    steps = np.stack([shift, pitch[order], velocity[order], (end - onset)[order]], axis=1)
    steps[:, [SHIFT, DURATION]] = np.minimum(steps[:, [SHIFT, DURATION]], buckets.LARGEST)
    return steps.astype(np.int32)

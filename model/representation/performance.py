"""Expressive piano as one tuple per note: (shift, pitch, velocity, duration), exact to 10 ms.

The same music as the 388 events of Performance RNN (Oore et al. 2018, "This Time with Feeling"): 10 ms, 32 velocities,
the sustain pedal applied to the durations. Notes are ordered by onset, then pitch, so a piece has one encoding only.
With the pedal applied many notes end together; the duration field can therefore say 'when that sounding note ends'.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.piece import NOTE, Piece, table
from model.representation import buckets
from model.representation.base import Field, Freedom, Representation, Situation, Tensor
from model.representation.measuring import measured_controls
from model.sustain import sustained

STEPS_PER_SECOND = 100
VELOCITY_BINS = 32
VELOCITY_WIDTH = 128 // VELOCITY_BINS
PITCHES = 128
LONGEST_DRAWN_WAIT = 4 * STEPS_PER_SECOND  # a longer silence sounds like the end of the piece
LOWEST_KEY, HIGHEST_KEY = 21, 108  # A0 and C8, the ends of a piano
KEYBOARD = (np.arange(PITCHES) >= LOWEST_KEY) & (np.arange(PITCHES) <= HIGHEST_KEY)
PENDING_ENDS = 4  # how many of the latest ends of sounding notes a duration can point at
LONG_AGO = 100_000  # steps; the age of a key that was never struck
LOG_SCALE = 6.0  # brings log(1 + steps) of a few seconds near 1
FADES = (50.0, 400.0)  # steps in which the memory of a struck key fades: half a second, four seconds
END_FADES = (20.0, 100.0)  # steps; resolves pending ends near and far

SHIFT, PITCH, VELOCITY, DURATION = range(4)


class Performance(Representation):
    """Note-level tuples on a 10 ms grid; drums are left out and all instruments are played by one."""

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
    music_sizes: ClassVar[dict[str, int]] = {
        "input": PITCHES * (1 + len(FADES)),
        "shift": PENDING_ENDS * (1 + len(END_FADES)),
        "pitch": PITCHES * (1 + len(FADES)),
        "duration": PENDING_ENDS * (1 + len(END_FADES)),
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
        from model.representation.events import events_of  # which is made of performances

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

    def silence(self, batch: int, ops: Any) -> Situation:
        """No key sounding, none struck yet.

        `remaining` and `age` are int32 (batch, 128): steps until the key's note ends (0 = silent) and since it was
        last struck, both seen from the latest onset. `pitch` is the latest pitch, -1 at the start.
        """
        return {
            "remaining": ops.zeros((batch, PITCHES), dtype="int32"),
            "age": ops.full((batch, PITCHES), LONG_AGO, dtype="int32"),
            "pitch": ops.full((batch,), -1, dtype="int32"),
        }

    def elapse(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """The situation `shift` steps (batch...) later, before the next note is struck."""
        passed = ops.expand_dims(shift, -1)
        return {
            **self.waited(situation, shift, ops),
            "remaining": ops.maximum(situation["remaining"] - passed, 0),
            "age": ops.minimum(situation["age"] + passed, LONG_AGO),
            # within a chord pitches rise, so after a shift of 0 only higher ones may follow
            "pitch": ops.where(shift > 0, -1, situation["pitch"]),
        }

    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """The situation after one note; `step` holds raw int32 values of shape (batch,)."""
        later = self.elapse(situation, step["shift"], ops)
        struck = ops.expand_dims(step["pitch"], -1) == ops.arange(PITCHES, dtype="int32")  # (batch, 128)
        return {
            **later,
            "remaining": ops.where(struck, ops.expand_dims(step["duration"], -1), later["remaining"]),
            "age": ops.where(struck, 0, later["age"]),
            "pitch": step["pitch"],
        }

    def music(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """The keyboard ('input', 'pitch') or the pending ends ('shift', 'duration'), float32 (..., width)."""
        if part in ("input", "pitch"):
            age = ops.cast(situation["age"], "float32")
            sounding = ops.log1p(ops.cast(situation["remaining"], "float32")) / LOG_SCALE
            return ops.concatenate([sounding, *(ops.exp(-age / fade) for fade in FADES)], axis=-1)
        pending = ops.cast(self.pending_ends(situation, ops), "float32")
        return ops.concatenate(
            [ops.log1p(pending) / LOG_SCALE, *(ops.exp(-pending / fade) for fade in END_FADES)], axis=-1
        )

    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor | None:
        """Silent keys only, in a chord rising ones only; ends to point at only where notes sound."""
        if field == "pitch":
            rising = ops.arange(PITCHES, dtype="int32") > ops.expand_dims(situation["pitch"], -1)
            return ops.logical_and(situation["remaining"] == 0, rising)
        if field == "duration":
            pending = self.pending_ends(situation, ops) > 0
            buckets_allowed = ops.ones_like(situation["remaining"][..., :1]) > 0
            zero_refused = ops.logical_not(buckets_allowed)
            plain = ops.repeat(buckets_allowed, buckets.SIZE - 1, axis=-1)
            return ops.concatenate([zero_refused, plain, pending], axis=-1)
        return None

    def classes(self, steps: Tensor, situation: Situation, ops: Any) -> Tensor:
        """The classes of raw steps (..., 4), each in the situation before it."""
        pending = self.pending_ends(self.elapse(situation, steps[..., SHIFT], ops), ops)
        shift = buckets.bucket_of(steps[..., SHIFT], ops)
        duration = duration_classes(steps[..., DURATION], pending, ops)
        return ops.stack([shift, steps[..., PITCH], steps[..., VELOCITY], duration], axis=-1)

    def drawable(self) -> NDArray[np.bool_]:
        """Waits of up to four seconds, and not END."""
        return np.append(buckets.LOWEST + buckets.WIDTHS <= LONGEST_DRAWN_WAIT, False)

    def openings(self, situation: Situation, ops: Any) -> Tensor:
        """As every representation's; the first note comes without a wait."""
        is_begun = ops.any(situation["age"] < LONG_AGO, axis=-1, keepdims=True)
        at_once = ops.arange(buckets.SIZE + 1, dtype="int32") == 0
        return ops.logical_and(super().openings(situation, ops), ops.logical_or(is_begun, at_once))

    def drawn_from(self, index: int, situation: Situation, ops: Any) -> Tensor | None:
        """As every representation's, and the keys of a piano only: after its highest free key the chord is over."""
        if index == PITCH:
            return KEYBOARD[None]
        if index != SHIFT:
            return None
        keys = ops.arange(PITCHES, dtype="int32")
        is_higher = ops.logical_and(KEYBOARD, keys > ops.expand_dims(situation["pitch"], -1))
        is_free = ops.logical_and(is_higher, situation["remaining"] == 0)
        is_wait = ops.arange(buckets.SIZE + 1, dtype="int32") > 0  # or END
        goes_on = ops.logical_or(ops.any(is_free, axis=-1, keepdims=True), is_wait)
        return ops.logical_and(self.openings(situation, ops), goes_on)

    def waits(self) -> NDArray[np.int32]:
        """The lowest value of each bucket."""
        return np.append(buckets.LOWEST, 0).astype(np.int32)

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The pitches are free to move, all else is kept."""
        freedom = np.full(steps.shape, int(Freedom.GIVEN), dtype=np.int32)
        freedom[:, PITCH] = int(Freedom.NEAR)
        return freedom

    def raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation, ops: Any) -> Tensor:
        """Pitch and velocity as they are; shift and duration from within their bucket, or from the pending end."""
        if index in (PITCH, VELOCITY):
            return drawn
        bucket = ops.minimum(drawn, buckets.SIZE - 1)
        offset = uniform * ops.cast(ops.take(buckets.WIDTHS, bucket), "float32")
        value = ops.take(buckets.LOWEST, bucket) + ops.cast(offset, "int32")
        if index == SHIFT:
            return value
        pending = self.pending_ends(situation, ops)  # (batch, 4)
        pointed = ops.arange(PENDING_ENDS, dtype="int32") == ops.expand_dims(drawn - buckets.SIZE, -1)
        return ops.where(drawn < buckets.SIZE, value, ops.sum(ops.where(pointed, pending, 0), axis=-1))

    def residual_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """The logarithm of the widths of the buckets of shift and duration."""
        widths = np.concatenate([buckets.WIDTHS, np.ones(max(1, PENDING_ENDS))])
        return (np.log(widths[classes[..., SHIFT]]) + np.log(widths[classes[..., DURATION]])).astype(np.float32)

    def pending_ends(self, later: Situation, ops: Any) -> Tensor:
        """Steps until the latest distinct ends of sounding notes, longest first, int32 (..., 4); 0 = none."""
        remaining = later["remaining"]
        ends = []
        for _ in range(PENDING_ENDS):
            latest = ops.max(remaining, axis=-1, keepdims=True)
            ends.append(latest)
            remaining = ops.where(remaining == latest, 0, remaining)
        return ops.concatenate(ends, axis=-1)


def duration_classes(durations: Tensor, pending: Tensor, ops: Any) -> Tensor:
    """The class of each duration: the pending end it meets, else its bucket.

    Args:
        durations: int32 (...,) in 10 ms steps, at least 1.
        pending: int32 (..., 4) from `Performance.pending_ends`.
        ops: numpy or keras.ops.

    Returns:
        int32 (...,) in 0..buckets.SIZE + 3.
    """
    meets = pending == ops.expand_dims(durations, -1)
    pointed = buckets.SIZE + ops.cast(ops.argmax(ops.cast(meets, "int32"), axis=-1), "int32")
    return ops.where(ops.any(meets, axis=-1), pointed, buckets.bucket_of(durations, ops))


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

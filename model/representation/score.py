"""Several instruments on a beat grid: (shift, instrument, pitch, duration, velocity), with meters and tempi as steps.

A step is a note, or a change of meter or tempo, which pseudo-instruments bring in and the pitch field names. Steps are
ordered by onset, instrument and pitch, so a piece has one encoding. Note-level tuples as Hsiao et al. 2021 ("Compound
Word Transformer") and Dong et al. 2023 ("Multitrack Music Transformer") have them, with waits in place of positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.controls import Controls
from model.piece import Piece
from model.representation import engraving, grid, players
from model.representation.base import Field, Freedom, Representation, Situation, Tensor
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
from model.representation.meters import FEATURES, position_features
from model.representation.players import NEVER, PITCHES
from model.representation.score_controls import measured_blocks
from model.representation.score_history import history

LONG_AGO = 100_000  # ticks; the age of what never sounded
LONGEST_DRAWN_WAIT_S = 3.5  # a longer silence sounds like the end of the piece
LOWEST_PITCH, HIGHEST_PITCH = 21, 108  # of a piano: how far transposition may go
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
    music_sizes: ClassVar[dict[str, int]] = {
        "input": FEATURES + players.KEYBOARD + players.PLAYERS + 1,
        "shift": FEATURES + players.ENDINGS,
        "instrument": FEATURES + players.PLAYERS,
        "pitch": FEATURES + players.KEYBOARD + players.OWN_KEYS,
        "duration": FEATURES + players.ENDINGS,
        "velocity": FEATURES,
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

    def silence(self, batch: int, ops: Any) -> Situation:
        """Nothing played yet.

        int32 (batch, 128) of each key: `remaining` ticks until the note last struck on it ends, `age` since that was
        struck, `owner` the instrument that struck it. int32 (batch, 131) of each instrument: `rested` ticks since its
        latest step, `latest` the pitch of that (-1 = none). int32 (batch,): `since_line` ticks since the meter began,
        `instrument` and `pitch` of the step before if nothing has passed since (-1 = none), `player` the instrument
        that is about to play (-1 = not known yet), `together` the steps of this onset so far.
        """
        return {
            "remaining": ops.zeros((batch, PITCHES), dtype="int32"),
            "age": ops.full((batch, PITCHES), LONG_AGO, dtype="int32"),
            "owner": ops.full((batch, PITCHES), NEVER, dtype="int32"),
            "rested": ops.full((batch, INSTRUMENTS), LONG_AGO, dtype="int32"),
            "latest": ops.full((batch, INSTRUMENTS), NEVER, dtype="int32"),
            "since_line": ops.zeros((batch,), dtype="int32"),
            "instrument": ops.full((batch,), NEVER, dtype="int32"),
            "pitch": ops.full((batch,), NEVER, dtype="int32"),
            "player": ops.full((batch,), NEVER, dtype="int32"),
            "together": ops.zeros((batch,), dtype="int32"),
        }

    def elapse(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """The situation `shift` ticks (batch...) later, before anything else is struck."""
        passed = ops.expand_dims(shift, -1)
        return {
            **situation,
            **self.waited(situation, shift, ops),
            "remaining": ops.maximum(situation["remaining"] - passed, 0),
            "age": ops.minimum(situation["age"] + passed, LONG_AGO),
            "rested": ops.minimum(situation["rested"] + passed, LONG_AGO),
            "since_line": situation["since_line"] + shift,
            "instrument": ops.where(shift > 0, NEVER, situation["instrument"]),
            "pitch": ops.where(shift > 0, NEVER, situation["pitch"]),
            "together": ops.where(shift > 0, 0, situation["together"]),
        }

    def noted(self, situation: Situation, index: int, value: Tensor, ops: Any) -> Situation:
        """The situation once it is known who plays."""
        return {**situation, "player": value} if index == INSTRUMENT else situation

    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """The situation after one step; `step` holds raw int32 values of shape (batch,)."""
        later = self.elapse(situation, step["shift"], ops)
        instrument, pitch = step["instrument"], step["pitch"]
        who, which = ops.expand_dims(instrument, -1), ops.expand_dims(pitch, -1)
        struck = ops.logical_and(which == ops.arange(PITCHES, dtype="int32"), is_pitched(who))  # (batch, 128)
        plays = who == ops.arange(INSTRUMENTS, dtype="int32")  # (batch, 131)
        return {
            **later,
            "remaining": ops.where(struck, ops.expand_dims(step["duration"], -1), later["remaining"]),
            "age": ops.where(struck, 0, later["age"]),
            "owner": ops.where(struck, who, later["owner"]),
            "rested": ops.where(plays, 0, later["rested"]),
            "latest": ops.where(plays, which, later["latest"]),
            "since_line": ops.where(instrument == METER, 0, later["since_line"]),
            "instrument": instrument,
            "pitch": pitch,
            "player": ops.full_like(instrument, NEVER),
            "together": later["together"] + 1,
        }

    def trace(self, steps: NDArray[np.int32], situation: Situation) -> tuple[Situation, Situation]:
        """The situation before each of raw `steps` (batch, time, 5), and the one after the last; numpy only."""
        return history(steps, situation, LONG_AGO)

    def music(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """Where in the bar it is, and of keys, instruments and endings what the part needs, float32 (..., size)."""
        features = [position_features(situation["since_line"], situation["latest"][..., METER], ops)]
        if part in ("input", "pitch"):
            features.append(players.keyboard(situation, ops))
        if part in ("input", "instrument"):
            features.append(players.players(situation, ops))
        if part == "input":
            features.append(ops.cast(situation["latest"][..., TEMPO : TEMPO + 1], "float32") / grid.TEMPI)
        if part == "pitch":
            features.append(players.own_keys(situation, ops))
        if part in ("shift", "duration"):
            features.append(players.endings(situation, ops))
        return ops.concatenate(features, axis=-1)

    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor | None:
        """The canonical order, first of all a meter and a tempo; only values that the player can have."""
        if field == "shift":
            begun = ops.expand_dims(situation["latest"][..., TEMPO] != NEVER, -1)
            return ops.logical_or(begun, ops.arange(grid.SIZE + 1, dtype="int32") == 0)
        if field == "instrument":
            return players.next_players(situation, ops)
        if field == "pitch":
            return players.next_pitches(situation, ops)
        if field == "duration":
            return players.has_length(situation, ops) != (ops.arange(grid.SIZE, dtype="int32") == 0)
        is_note = ops.expand_dims(situation["player"], -1) >= FIRST_PROGRAM
        return ops.logical_or(is_note, ops.arange(VELOCITIES, dtype="int32") == 0)

    def classes(self, steps: Tensor, situation: Situation, ops: Any) -> Tensor:
        """The classes of raw steps (..., 5): waits and lengths by their buckets, the rest as it is."""
        columns = [steps[..., index] for index in range(len(self.fields))]
        for index in (SHIFT, DURATION):
            columns[index] = grid.class_of(columns[index], ops)
        return ops.stack(columns, axis=-1)

    def drawable(self) -> NDArray[np.bool_]:
        """Waits of up to two bars, and not END."""
        return np.append(grid.LOWEST < grid.EXACT, False)

    def waits(self) -> NDArray[np.int32]:
        """The least ticks of each class of shift, 0 for END, int32 (321,)."""
        return np.append(grid.LOWEST, 0).astype(np.int32)

    def openings(self, situation: Situation, ops: Any) -> Tensor:
        """As every representation's; no silence of more than a few seconds, and the first note in the first bar."""
        tempo = ops.maximum(situation["latest"][..., TEMPO], 0)
        tick_s = ops.take(grid.QUARTER_S.astype(np.float32), tempo) / grid.TICKS_PER_QUARTER
        waits = self.waits()
        is_short = ops.expand_dims(tick_s, -1) * waits.astype(np.float32) <= LONGEST_DRAWN_WAIT_S
        bar = ops.take(grid.BAR_TICKS, ops.maximum(situation["latest"][..., METER], 0))
        is_begun = ops.any(situation["latest"][..., FIRST_PROGRAM:] != NEVER, axis=-1, keepdims=True)
        is_short = ops.logical_and(is_short, ops.logical_or(is_begun, waits < ops.expand_dims(bar, -1)))
        return ops.logical_and(super().openings(situation, ops), is_short)

    def drawn_from(self, index: int, situation: Situation, ops: Any) -> Tensor | None:
        """As every representation's; of the instruments those that were asked for, once meter and tempo are said.

        These do not change afterwards: the length is counted by them. No pitch beyond the range of who plays it, and
        nothing more in a chord whose last player has no higher key left, where nobody might be left to go on.
        """
        if index == SHIFT:
            is_wait = np.append(grid.LOWEST > 0, True)  # or END
            goes_on = ops.logical_or(players.can_go_on(situation, ops), is_wait)
            return ops.logical_and(self.openings(situation, ops), goes_on)
        if index == INSTRUMENT:
            return players.wanted_players(situation, self.controls.slices["instruments"], ops)
        if index == PITCH:
            return players.within_range(situation["player"], ops)
        return None

    def has_pitch(self, values: Sequence[Tensor], ops: Any) -> Tensor:
        """Whether a program plays, neither the drums nor a change of meter or tempo."""
        return is_pitched(values[INSTRUMENT])

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
        freedom = np.full(steps.shape, int(Freedom.GIVEN), dtype=np.int32)
        freedom[is_pitched(steps[:, INSTRUMENT]), PITCH] = int(Freedom.NEAR)
        return freedom

    def raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation, ops: Any) -> Tensor:
        """The value itself; of a long wait or note the least in its bucket, which lies on an eighth."""
        return ops.take(grid.LOWEST, ops.minimum(drawn, grid.SIZE - 1)) if index in (SHIFT, DURATION) else drawn

    def residual_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """The logarithm of the widths of the buckets of shift and duration."""
        widths = np.append(grid.WIDTHS, 1)
        return (np.log(widths[classes[..., SHIFT]]) + np.log(widths[classes[..., DURATION]])).astype(np.float32)


def is_pitched(instrument: Tensor) -> Tensor:
    """Whether each number is a program's, neither drums nor a change of meter or tempo; bool of its shape."""
    return (instrument >= FIRST_PROGRAM) & (instrument < DRUMS)

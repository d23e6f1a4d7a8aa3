"""Four voices on a grid of sixteenths: one step per sixteenth, one field per voice from soprano to bass.

The order in which the chorales are usually predicted (Hadjeres et al. 2017, "DeepBach"; Huang et al. 2018, "Music
Transformer"). A field says by how many semitones its voice moves from its latest pitch, or that it rests: for a given
past that names one pitch, so the likelihood is that of the pitches themselves.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.controls import KEYS, keys_of
from model.controls import one_hot as control_one_hot
from model.piece import Piece
from model.representation import echoes, four_parts
from model.representation.arrays import NUMPY
from model.representation.base import BLOCK, Field, Freedom, Representation, Situation, Tensor
from model.representation.four_parts import REST, STARTS, VOICES, WIDEST
from model.representation.voice_context import (
    CHROMA,
    INPUT_SIZE,
    LEAP,
    MEMORIES,
    NOT_YET,
    head_size,
    of_head,
    of_input,
    one_hot,
    parallels,
)

REST_CLASS = 2 * WIDEST + 1
NAMES = ("soprano", "alto", "tenor", "bass")
RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))  # lowest and highest pitch of each voice in the chorales
LONG_TIME = 1 << 20
# which pitch classes belong to the tonic chord of each of `KEYS`, and which is its root, (24, 12)
TRIADS = np.array(
    [np.roll(np.isin(range(CHROMA), (0, third, 7)), tonic) for third in (4, 3) for tonic in range(CHROMA)]
)
TRIADS = TRIADS.astype(np.float32)
ROOTS = np.tile(np.eye(CHROMA, dtype=np.float32), (2, 1))
AROUND = 64  # sixteenths before and after a block in which its key is sought


class Voices(Representation):
    """Chorales, and whatever else can be sung by four."""

    name = "voices"
    end_class = REST_CLASS + 1
    fields = (
        Field("soprano", REST_CLASS + 2),  # semitones from its latest pitch, rest, or END
        *(Field(name, REST_CLASS + 1) for name in NAMES[1:]),
    )
    control_names = ("style", "key")
    left_fades = (4.0, 16.0, 64.0, 256.0)  # sixteenths: a beat, a bar, four bars, sixteen
    symbol = "pitch"
    units_per_second = None
    units_per_quarter = four_parts.SIXTEENTHS
    usual_tempo_bpm = 60e6 / four_parts.QUARTER_US
    music_sizes: ClassVar[dict[str, int]] = {
        "input": INPUT_SIZE,
        **{name: head_size(voice) for voice, name in enumerate(NAMES)},
    }
    quantisation = (
        "onsets and ends to sixteenths, four voices at most (the outer ones and what lies between them), a pitch that "
        "is struck again held on, leaps of more than three octaves brought nearer by octaves; drums, loudness, pedal, "
        "tempo, metre and silence before the first note left out"
    )

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The pitches of `piece`, int32 (sixteenths, 4) from soprano to bass; -1 = silent."""
        return four_parts.grid_of(piece)

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """A piece for four voices in 4/4; each pitch is held until it changes."""
        return four_parts.piece_of(np.asarray(steps).reshape(-1, VOICES))

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where a voice would leave the range it has in the chorales."""
        sounding = steps != REST
        moved = np.where(sounding, steps + semitones, REST).astype(np.int32)
        for voice, (lowest, highest) in enumerate(RANGES):
            pitches = moved[sounding[:, voice], voice]
            if len(pitches) and (pitches.min() < lowest or pitches.max() > highest):
                return steps
        return moved

    def symbols(self, steps: NDArray[np.int32]) -> NDArray[np.integer]:
        """Every pitch and rest, sixteenth by sixteenth from soprano to bass, (4 * sixteenths,)."""
        return steps.reshape(-1)

    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` as they are: time is counted in beats."""
        return steps

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """0, 1, 2..., int64 (steps,)."""
        return np.arange(len(steps), dtype=np.int64)

    def measured(self, steps: NDArray[np.int32], style: str = "") -> NDArray[np.float32]:
        """Style and key of the music around each block of steps, (blocks, controls.width)."""
        starts = np.arange(0, len(steps), BLOCK)
        vectors = np.zeros((len(starts), self.controls.width), dtype=np.float32)
        if style in self.controls.styles:
            place = self.controls.slices["style"]
            vectors[:, place] = control_one_hot(self.controls.styles.index(style), len(self.controls.styles))
        sung = one_hot(np.where(steps == REST, REST, steps % CHROMA), CHROMA, NUMPY).sum(axis=1)  # (steps, 12)
        total = np.concatenate([np.zeros((1, CHROMA)), np.cumsum(sung, axis=0)])
        ends = np.minimum(starts + BLOCK + AROUND, len(steps))
        keys = keys_of(total[ends] - total[np.maximum(starts - AROUND, 0)])
        vectors[:, self.controls.slices["key"]] = np.where(keys[:, None] >= 0, np.eye(len(KEYS))[keys], 0)
        return vectors

    def silence(self, batch: int, ops: Any) -> Situation:
        """Nothing sung yet.

        int32 (batch, 4) of each voice: `pitch` now (-1 = silent), `reference` the latest that sounded, `held` how many
        steps it has gone on, `drawn` its pitch in this step (-2 = not drawn yet); `earlier` (batch, 4, 2) the two
        different ones before `reference`. `time` (batch,) steps so far; `frame` (batch,) the first bass note, that the
        stack hears everything from; `heard` float32 (batch, 3, 12) how present each pitch class is. The rest: `echoes`.
        """
        starts = ops.repeat(ops.array([STARTS], dtype="int32"), batch, axis=0)  # (batch, 4)
        return {
            "pitch": ops.full((batch, VOICES), REST, dtype="int32"),
            "reference": starts,
            "held": ops.zeros((batch, VOICES), dtype="int32"),
            "drawn": ops.full((batch, VOICES), NOT_YET, dtype="int32"),
            "earlier": ops.stack([starts, starts], axis=-1),
            "time": ops.zeros((batch,), dtype="int32"),
            "frame": ops.zeros((batch,), dtype="int32"),
            "heard": ops.zeros((batch, len(MEMORIES), CHROMA), dtype="float32"),
            **echoes.unheard(batch, VOICES, ops),
        }

    def elapse(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """The situation once the soprano's pitch, `shift`, is known: one sixteenth after the step before."""
        waited = self.waited(situation, ops.cast(situation["time"] > 0, "int32"), ops)
        return self.noted({**situation, **waited}, 0, shift, ops)

    def noted(self, situation: Situation, index: int, value: Tensor, ops: Any) -> Situation:
        """The situation once the pitch of voice `index` in this step is known too."""
        is_voice = ops.arange(VOICES, dtype="int32") == index
        return {**situation, "drawn": ops.where(is_voice, ops.expand_dims(value, -1), situation["drawn"])}

    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """The situation after one sixteenth; `step` holds raw int32 pitches of shape (batch,)."""
        pitch = ops.stack([step[name] for name in NAMES], axis=-1)  # (batch, 4)
        reference, time = situation["reference"], situation["time"]
        sounds, goes_on = pitch != REST, pitch == situation["pitch"]
        is_new = ops.expand_dims(ops.logical_and(sounds, pitch != reference), -1)
        earlier = ops.stack([reference, situation["earlier"][..., 0]], axis=-1)
        lowest = ops.min(ops.where(sounds, pitch, LONG_TIME), axis=-1)
        lowest = ops.where(lowest == LONG_TIME, 0, lowest)
        now = ops.sum(one_hot(ops.where(sounds, ops.mod(pitch, CHROMA), REST), CHROMA, ops), axis=-2)  # (batch, 12)
        fades = ops.exp(-1.0 / ops.array(MEMORIES, dtype="float32"))[:, None]  # (memories, 1)
        return {
            **self.waited(situation, ops.cast(time > 0, "int32"), ops),
            "pitch": pitch,
            "reference": ops.where(sounds, pitch, reference),
            "held": ops.where(goes_on, situation["held"] + 1, 1),
            "drawn": ops.full_like(pitch, NOT_YET),
            "earlier": ops.where(is_new, earlier, situation["earlier"]),
            "time": ops.minimum(time + 1, LONG_TIME),
            "frame": ops.where(time == 0, lowest, situation["frame"]),
            "heard": situation["heard"] * fades + ops.expand_dims(now, -2) * (1 - fades),
            **echoes.listened(situation, pitch, ops),
        }

    def trace(self, steps: NDArray[np.int32], situation: Situation) -> tuple[Situation, Situation]:
        """As every representation's, without the past itself, which would be copied for every step."""
        before = []
        for position in range(steps.shape[1]):
            before.append({name: value for name, value in situation.items() if name not in echoes.UNSEEN})
            situation = self.advance(situation, dict(zip(NAMES, steps[:, position].T, strict=True)), NUMPY)
        return {name: np.stack([moment[name] for moment in before], axis=1) for name in before[0]}, situation

    def music(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """The four voices as the stack or as one of them hears them, float32 (..., music_sizes[part])."""
        asked = situation["controls"][..., self.controls.slices["key"]]
        key = ops.stack([asked[..., :CHROMA], asked[..., CHROMA:]], axis=-2)  # (..., 2, 12)
        return of_input(situation, key, ops) if part == "input" else of_head(NAMES.index(part), situation, key, ops)

    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor | None:
        """Moves that stay within MIDI's 128 pitches, and rests."""
        voice = NAMES.index(field)
        moves = ops.arange(REST_CLASS, dtype="int32") - WIDEST
        pitch = ops.expand_dims(situation["reference"][..., voice], -1) + moves
        inside = ops.logical_and(pitch >= 0, pitch < 128)
        others = ops.ones_like(inside[..., : self.fields[voice].size - REST_CLASS])
        return ops.concatenate([inside, others], axis=-1)

    def classes(self, steps: Tensor, situation: Situation, ops: Any) -> Tensor:
        """The classes int32 (..., 4) of raw steps (..., 4), each in the situation before it."""
        moves = steps - situation["reference"] + WIDEST
        # what pads a window beyond its piece may be any number
        return ops.where(steps == REST, REST_CLASS, ops.minimum(ops.maximum(moves, 0), REST_CLASS - 1))

    def drawable(self) -> NDArray[np.bool_]:
        """Everything but END."""
        return np.arange(self.end_class + 1) != self.end_class

    def drawn_from(self, index: int, situation: Situation, ops: Any) -> Tensor | None:
        """As every representation's, and what a chorale does: no parallel fifths or octaves with a voice above.

        Of a key that was asked for its tonic chord at the start and on the last beat; in between the network goes where
        the chords lead.
        """
        can_be = ops.logical_and(self._in_key(index, situation, ops), self._not_parallel(index, situation, ops))
        openings = super().drawn_from(index, situation, ops)
        return can_be if openings is None else ops.logical_and(can_be, openings)

    def _not_parallel(self, index: int, situation: Situation, ops: Any) -> Tensor:
        """Which classes of voice `index` make no parallels, bool (batch, size)."""
        before, after = WIDEST - LEAP, self.fields[index].size - (WIDEST + LEAP + 1)
        refused = sum(parallels(index, situation, ops), ops.zeros((1, 2 * LEAP + 1), dtype="float32"))
        return ops.pad(refused, ((0, 0), (before, after))) == 0

    def _in_key(self, index: int, situation: Situation, ops: Any) -> Tensor:
        """Which classes of voice `index` are in the chord that it is bound to, bool (batch, size)."""
        asked = situation["controls"][..., self.controls.slices["key"]]  # (batch, 24)
        left = situation["left"] - (1 if index == 0 else 0)  # once this sixteenth has come
        at_end = ops.logical_and(situation["left"] >= 0, left < four_parts.SIXTEENTHS)
        is_bound = ops.logical_and(ops.logical_or(situation["time"] == 0, at_end), ops.any(asked > 0, axis=-1))
        chord = ops.matmul(asked, ROOTS if index == VOICES - 1 else TRIADS)  # (batch, 12)
        moves = ops.arange(REST_CLASS, dtype="int32") - WIDEST
        classes = ops.mod(ops.expand_dims(situation["reference"][..., index], -1) + moves, CHROMA)
        in_chord = ops.take_along_axis(chord, classes, axis=-1) > 0  # (batch, moves)
        rest_or_end = np.arange(REST_CLASS, self.fields[index].size)[None] == self.end_class
        rest_or_end = ops.logical_and(ops.expand_dims(is_bound, -1), rest_or_end)
        can_be = ops.concatenate([in_chord, rest_or_end], axis=-1)
        return ops.logical_or(can_be, ops.logical_not(ops.expand_dims(is_bound, -1)))

    def of_chroma(self, index: int, said: Tensor, situation: Situation, ops: Any) -> Tensor:
        """A class is a move from the latest pitch of its voice: which pitch class it sounds depends on that."""
        moves = ops.arange(REST_CLASS, dtype="int32") - WIDEST
        sounded = ops.mod(ops.expand_dims(situation["reference"][..., index], -1) + moves, CHROMA)
        silent = ops.zeros_like(said[:, : self.fields[index].size - REST_CLASS])
        return ops.concatenate([ops.take_along_axis(said, sounded, axis=-1), silent], axis=-1)

    def chroma(self, raw: Tensor, ops: Any) -> Tensor:
        """A sixteenth of a voice is a quarter of a note, as most notes are quarters."""
        sung = one_hot(ops.where(raw == REST, REST, ops.mod(raw, CHROMA)), CHROMA, ops)  # (batch, 4, 12)
        return ops.sum(sung, axis=-2) / four_parts.SIXTEENTHS

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """Rests stay, held notes stay held, and where a voice moves it moves."""
        before = np.concatenate([np.full((1, VOICES), REST, dtype=np.int32), steps[:-1]])
        moved = np.where(before == REST, int(Freedom.NEAR), int(Freedom.MOVED))
        sounding = np.where(steps == before, int(Freedom.HELD), moved)
        return np.where(steps == REST, int(Freedom.GIVEN), sounding).astype(np.int32)

    def accompaniment(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The highest voice is given, its rests too; the others are sung below it."""
        freedom = np.full(steps.shape, int(Freedom.FREE), dtype=np.int32)
        freedom[:, 0] = int(Freedom.GIVEN)
        return freedom

    def drawn_part(self, steps: NDArray[np.int32], freedom: NDArray[np.int32]) -> Piece:
        """The voices that were not given."""
        return self.decode(np.where(freedom == int(Freedom.GIVEN), REST, steps))

    def raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation, ops: Any) -> Tensor:
        """The pitch that voice `index` moves to, or -1, int32 (batch,)."""
        pitch = situation["reference"][..., index] + drawn - WIDEST
        return ops.where(drawn >= REST_CLASS, REST, pitch)

    def residual_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Nothing: a class names one pitch."""
        return np.zeros(classes.shape[:-1], dtype=np.float32)

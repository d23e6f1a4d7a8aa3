"""Four voices on a grid of sixteenths: one step per sixteenth, one field per voice from soprano to bass.

The order in which the chorales are usually predicted (Hadjeres et al. 2017, "DeepBach"; Huang et al. 2018, "Music
Transformer"). A field says by how many semitones its voice moves from its latest pitch, or that it rests: for a given
past that names one pitch, so the likelihood is that of the pitches themselves.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.controls import one_hot
from model.keys import KEYS, keys_of
from model.piece import Piece
from model.representation import four_parts, voices_law
from model.representation.base import BLOCK, Constraint, Field, Representation
from model.representation.four_parts import REST, VOICES
from model.representation.voices_law import CHROMA, INPUT_SIZE, REST_CLASS, head_size

NAMES = ("soprano", "alto", "tenor", "bass")
RANGES = ((60, 81), (52, 74), (46, 69), (36, 66))  # lowest and highest pitch of each voice in the chorales
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
    state = voices_law.STATE
    start = staticmethod(voices_law.start)
    feature_sizes: ClassVar[dict[str, int]] = {
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
            vectors[:, place] = one_hot(self.controls.styles.index(style), len(self.controls.styles))
        sung = (np.where(steps == REST, REST, steps % CHROMA)[..., None] == np.arange(CHROMA)).sum(
            axis=1
        )  # (steps, 12)
        total = np.concatenate([np.zeros((1, CHROMA)), np.cumsum(sung, axis=0)])
        ends = np.minimum(starts + BLOCK + AROUND, len(steps))
        keys = keys_of(total[ends] - total[np.maximum(starts - AROUND, 0)])
        vectors[:, self.controls.slices["key"]] = np.where(keys[:, None] >= 0, np.eye(len(KEYS))[keys], 0)
        return vectors

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """Rests stay, held notes stay held, and where a voice moves it moves."""
        before = np.concatenate([np.full((1, VOICES), REST, dtype=np.int32), steps[:-1]])
        moved = np.where(before == REST, int(Constraint.NEAR), int(Constraint.MOVED))
        sounding = np.where(steps == before, int(Constraint.HELD), moved)
        return np.where(steps == REST, int(Constraint.GIVEN), sounding).astype(np.int32)

    def accompaniment(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The highest voice is given, its rests too; the others are sung below it."""
        constraints = np.full(steps.shape, int(Constraint.FREE), dtype=np.int32)
        constraints[:, 0] = int(Constraint.GIVEN)
        return constraints

    def drawn_part(self, steps: NDArray[np.int32], constraints: NDArray[np.int32]) -> Piece:
        """The voices that were not given."""
        return self.decode(np.where(constraints == int(Constraint.GIVEN), REST, steps))

"""What every representation promises to the network, the training loop and the sampler.

A representation turns a Piece into *steps*, an int32 table with one row per note and one column per field, and back.
It also keeps the *situation*: what follows from the steps so far and a network would waste itself on remembering
(which keys still sound, for how long). The same code runs on numpy while training data is prepared and on
`keras.ops` inside the compiled sampling loop: functions that must run on both take the array module as `ops`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.controls import Controls, ControlSpace
from model.errors import RequestError
from model.piece import Piece
from model.representation.arrays import NUMPY
from model.tonality import CHROMA

Tensor = Any  # a numpy array or a tensor of the running Keras backend
Situation = dict[str, Tensor]

UNKNOWN = -1  # of `left`: nobody said how long the piece is to be
BLOCK = 128  # steps that share one measured control vector while training


@dataclass(frozen=True)
class Field:
    """One part of a step: `size` classes drawn from a head; the input embedding has one row more, for START."""

    name: str
    size: int


class Freedom(IntEnum):
    """How far a value of a step that follows a template may differ from it."""

    FREE = 0  # drawn as if there were no template
    GIVEN = 1  # the template's value
    HELD = 2  # the value of the step before, whatever that became
    NEAR = 3  # a pitch near the template's
    MOVED = 4  # the same, and another one than in the step before


class Representation(ABC):
    """A bijection, up to the stated quantisation, between pieces and steps."""

    name: ClassVar[str]
    fields: tuple[Field, ...]
    end_class: int  # the class of the first field that says the piece is over
    quantisation: ClassVar[str]  # what a round trip may change, in one sentence
    music_sizes: ClassVar[dict[str, int]]  # width of `music` for 'input' and for each field that has some
    control_names: ClassVar[tuple[str, ...]]  # which of `model.controls.NAMES` it can be asked for
    left_fades: ClassVar[tuple[float, ...]]  # own time units over which the nearness of the end fades
    units_per_second: ClassVar[float | None]  # None where time is counted in beats
    symbol: ClassVar[str] = "note"  # what likelihoods are counted by; see `symbols`
    units_per_quarter: ClassVar[int] = 1  # where it is
    opens_with_wait: ClassVar[bool] = False  # whether a step is a note and its first value the wait before it
    headings: ClassVar[int] = 0  # steps at the beginning of every piece that say its meter and tempo
    hears_drums: ClassVar[bool] = False  # whether they are among its steps
    usual_tempo_bpm: ClassVar[float] = 120.0  # quarters a minute where it is, and none was asked for
    default_temperatures: ClassVar[dict[str, float]] = {}  # of single fields, at a temperature of 1
    default_top_ps: ClassVar[dict[str, float]] = {}  # of single fields, where no top-p is asked for

    def __init__(self, styles: Sequence[str] = (), vocabulary: Sequence[str] = ()) -> None:
        """A representation whose music comes in `styles`; `vocabulary` is for those that build one from a corpus."""
        self.controls = ControlSpace(self.control_names, styles)
        self.vocabulary = tuple(vocabulary)

    @property
    def context_sizes(self) -> dict[str, int]:
        """Width of `context` for 'input' and for every field."""
        asked = self.controls.width + 2 + len(self.left_fades)
        return {part: self.music_sizes.get(part, 0) + asked for part in ("input", *(f.name for f in self.fields))}

    @abstractmethod
    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The steps of `piece`, int32 (notes, fields); raw values, not classes."""

    @abstractmethod
    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """The piece that `steps` (notes, fields) describe."""

    @abstractmethod
    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where that would leave the instrument's range."""

    def symbols(self, steps: NDArray[np.int32]) -> NDArray[np.integer] | None:
        """What the nats of `steps` are shared among, and what counting predicts as a floor, (symbols,).

        None where that is the notes themselves, for which there is no floor.
        """
        return None

    def count(self, steps: NDArray[np.int32]) -> int:
        """How many symbols `steps` are."""
        symbols = self.symbols(steps)
        return len(steps) if symbols is None else len(symbols)

    @abstractmethod
    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` played `factor` times as slowly, where time is counted in seconds; as they are where in beats."""

    def spliced(self, beginning: NDArray[np.int32], ending: NDArray[np.int32]) -> NDArray[np.int32]:
        """A short piece of the `beginning` and the `ending` of a long one; both may be cut anywhere."""
        return np.concatenate([beginning, ending])

    def excerpt(self, steps: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
        """The `first` and the `last` of `steps` as a short piece; where there are bars, they stay whole."""
        return self.spliced(steps[:first], steps[len(steps) - last :])

    @abstractmethod
    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """When each of raw `steps` (notes, fields) happens, own time units since before the first, (notes,)."""

    @abstractmethod
    def measured(self, steps: NDArray[np.int32], style: str = "") -> NDArray[np.float32]:
        """The control vector that asks for each `BLOCK` of `steps` as it is, (blocks, controls.width)."""

    @abstractmethod
    def silence(self, batch: int, ops: Any) -> Situation:
        """The representation's own part of the situation before the first step, for `batch` pieces."""

    def situation(self, batch: int, ops: Any) -> Situation:
        """The situation before the first step, for `batch` pieces: nothing asked, the length unknown.

        Beside what `silence` gives, every situation holds `controls`, float32 (batch, controls.width), and `left`,
        int32 (batch,): own time units until the last onset of the piece.
        """
        return {
            **self.silence(batch, ops),
            "controls": ops.zeros((batch, self.controls.width), dtype="float32"),
            "left": ops.full((batch,), UNKNOWN, dtype="int32"),
        }

    def waited(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """What was asked and how much is left, `shift` own time units (batch...) later; a part of `elapse`."""
        left = situation["left"]
        later = ops.where(left == UNKNOWN, UNKNOWN, ops.maximum(left - shift, 0))
        return {"controls": situation["controls"], "left": later}

    @abstractmethod
    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """The situation after `step`, whose values are raw integers of shape (batch,)."""

    def trace(self, steps: NDArray[np.int32], situation: Situation) -> tuple[Situation, Situation]:
        """The situation before each of raw `steps` (batch, time, fields), and the one after the last; numpy only."""
        before = []
        for position in range(steps.shape[1]):
            before.append(situation)
            step = {field.name: steps[:, position, index] for index, field in enumerate(self.fields)}
            situation = self.advance(situation, step, NUMPY)
        return {name: np.stack([moment[name] for moment in before], axis=1) for name in situation}, situation

    @abstractmethod
    def drawable(self) -> NDArray[np.bool_]:
        """Classes of the first field that composing may draw, (size,): the caller decides how long a piece is."""

    def waits(self) -> NDArray[np.int32] | None:
        """The least own time units that each class of the first field lets pass, (size,), 0 for END.

        None where no class of it does: then steps follow one another at even distances.
        """
        return None

    def openings(self, situation: Situation, ops: Any) -> Tensor:
        """Which classes of the first field composing may draw now, bool (batch, size).

        No wait beyond the last onset that was asked for; there, only what sounds together with it, and END.
        """
        left = ops.expand_dims(situation["left"], -1)
        waits = self.waits()
        least = 1 if waits is None else waits
        in_time = ops.logical_and(self.drawable(), ops.logical_or(left == UNKNOWN, least <= left))
        is_end = np.arange(self.fields[0].size) == self.end_class
        return ops.logical_or(in_time, ops.logical_and(is_end, left == 0))

    def drawn_from(self, index: int, situation: Situation, ops: Any) -> Tensor | None:
        """Which classes of field `index` composing may draw of those that can follow, (batch, size); None = all."""
        return self.openings(situation, ops) if index == 0 else None

    def has_pitch(self, values: Sequence[Tensor], ops: Any) -> Tensor | None:
        """Whether a step sounds a pitch, told by its raw `values` before the pitch, (batch,) each; None = it does."""
        return None

    def of_chroma(self, index: int, said: Tensor, situation: Situation, ops: Any) -> Tensor | None:
        """What is said of each pitch class, (batch, 12), said of the classes of field `index` that sound it.

        (batch, size), 0 for classes that sound none; None where the field is no pitch.
        """
        if not (self.opens_with_wait and self.fields[index].name == "pitch"):
            return None
        size = self.fields[index].size
        return ops.tile(said, (1, -(-size // CHROMA)))[:, :size]

    def chroma(self, raw: Tensor, ops: Any) -> Tensor:
        """How many notes of each pitch class a step with `raw` values (batch, fields) sounds, float32 (batch, 12).

        For representations some field of which is a pitch.
        """
        pitch = [field.name for field in self.fields].index("pitch")
        classes = ops.expand_dims(ops.mod(raw[:, pitch], CHROMA), -1)
        sounded = ops.cast(classes == ops.arange(CHROMA, dtype="int32"), "float32")
        has_pitch = self.has_pitch([raw[:, index] for index in range(pitch)], ops)
        return sounded if has_pitch is None else ops.where(ops.expand_dims(has_pitch, -1), sounded, 0.0)

    def headed(self, heading: NDArray[np.int32], controls: Controls) -> NDArray[np.int32]:
        """A drawn `heading` (headings, fields) with the meter and the tempo that are asked for."""
        return heading

    def clock(self, heading: NDArray[np.int32]) -> tuple[float, str]:
        """Quarters a minute and the meter, as '3/4', that a `heading` (headings, fields) says."""
        return self.usual_tempo_bpm, "4/4"

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The `Freedom` of each value (notes, fields) in a piece with the rhythm of `steps` and other pitches.

        Raises:
            RequestError: where steps cannot be varied one by one.
        """
        raise RequestError("This model cannot vary a seed: let it continue the seed, or choose another model.")

    def accompaniment(self, steps: NDArray[np.int32]) -> NDArray[np.int32] | None:
        """The `Freedom` of each value (notes, fields) in music around the melody `steps`.

        None where notes are steps of their own, in order of time: there the new ones are put between the given ones.

        Raises:
            RequestError: where neither is possible.
        """
        if not self.opens_with_wait:
            raise RequestError("This model cannot accompany a melody: let it continue it, or choose another model.")
        return None

    def drawn_part(self, steps: NDArray[np.int32], freedom: NDArray[np.int32]) -> Piece:
        """The piece that is left of `steps` (notes, fields) without the values that `freedom` says were given."""
        return self.decode(steps)

    @abstractmethod
    def raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation, ops: Any) -> Tensor:
        """Raw values int32 (batch,) of the drawn classes of field `index`; `uniform` chooses within a bucket."""

    @abstractmethod
    def elapse(self, situation: Situation, shift: Tensor, ops: Any) -> Situation:
        """The situation once the first field is known and before the other fields are."""

    def noted(self, situation: Situation, index: int, value: Tensor, ops: Any) -> Situation:
        """The situation once field `index`, not the first, is known too; the same if later fields need not see it."""
        return situation

    @abstractmethod
    def music(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """What `part` ('input' or a field of `music_sizes`) may look at in the music so far, float32 (..., size)."""

    def context(self, part: str, situation: Situation, ops: Any) -> Tensor:
        """What `part` ('input' or a field) may look at, float32 (..., context_sizes[part]).

        The music so far, what was asked for, and how near the end is.
        """
        asked = [situation["controls"], self._nearness(situation["left"], ops)]
        return ops.concatenate([self.music(part, situation, ops), *asked] if part in self.music_sizes else asked, -1)

    def _nearness(self, left: Tensor, ops: Any) -> Tensor:
        """What is left as float32 (..., 2 + fades): whether that is known, whether nothing is, how near the end is."""
        units = ops.cast(ops.expand_dims(left, -1), "float32")
        known = ops.cast(units >= 0, "float32")
        fades = [known * ops.exp(-ops.maximum(units, 0.0) / fade) for fade in self.left_fades]
        return ops.concatenate([known, ops.cast(units == 0, "float32"), *fades], axis=-1)

    @abstractmethod
    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor | None:
        """Which classes of `field` can follow, bool (..., size), or None where all can."""

    @abstractmethod
    def classes(self, steps: Tensor, situation: Situation, ops: Any) -> Tensor:
        """The classes int32 (..., fields) of raw `steps` (..., fields), each in the situation before it."""

    @abstractmethod
    def residual_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """What saying the exact raw values costs beyond their classes (..., fields), in nats (...,)."""

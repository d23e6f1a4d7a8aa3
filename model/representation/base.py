"""What every representation promises to the network, the training loop and the sampler.

A representation is three things: a `Codec` between a `Piece` and *steps*, an int32 table with one row per note and one
column per field; a `StepLaw`, whose functions are in `law` and its versions; and what evaluation needs.
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
from model.representation.law import UNKNOWN, Conditions, trace

__all__ = [
    "BLOCK",
    "UNKNOWN",
    "Codec",
    "Constraint",
    "Evaluated",
    "Field",
    "Representation",
    "StepLaw",
    "Tensor",
    "Trace",
]

Tensor = Any  # a numpy array or a tensor of the running Keras backend

NOWHERE = slice(-1, -1)  # in the controls
BLOCK = 128  # steps that share one measured control vector while training


@dataclass(frozen=True)
class Field:
    """One part of a step: `size` classes drawn from a head; the input embedding has one row more, for START."""

    name: str
    size: int


class Constraint(IntEnum):
    """How far a value of a step that follows a template may differ from it."""

    FREE = 0  # drawn as if there were no template
    GIVEN = 1  # the template's value
    HELD = 2  # the value of the step before, whatever that became
    NEAR = 3  # a pitch near the template's
    MOVED = 4  # the same, and another one than in the step before


@dataclass(frozen=True)
class Trace:
    """Known steps as the network reads them.

    Attributes:
        classes: int32 (steps, fields).
        features: what the stack ('input') and each head may look at, side by side, float32 (steps, widths together).
        allowed: which classes of each field could follow, side by side, bool (steps, classes together).
    """

    classes: NDArray[np.int32]
    features: NDArray[np.float32]
    allowed: NDArray[np.bool_]


class Codec(ABC):
    """A bijection, up to the stated quantisation, between pieces and steps."""

    name: ClassVar[str]
    fields: tuple[Field, ...]
    end_class: int  # the class of the first field that says the piece is over
    quantisation: ClassVar[str]  # what a round trip may change, in one sentence
    units_per_second: ClassVar[float | None]  # None where time is counted in beats
    units_per_quarter: ClassVar[int] = 1  # where it is
    opens_with_wait: ClassVar[bool] = False  # whether a step is a note and its first value the wait before it
    headings: ClassVar[int] = 0  # steps at the beginning of every piece that say its meter and tempo
    units_per_step: ClassVar[int] = 1  # own time units that a step lets pass at least, where no class says a wait
    hears_drums: ClassVar[bool] = False  # whether they are among its steps
    usual_tempo_bpm: ClassVar[float] = 120.0  # quarters a minute where it is, and none was asked for

    @abstractmethod
    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The steps of `piece`, int32 (notes, fields); raw values, not classes."""

    @abstractmethod
    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """The piece that `steps` (notes, fields) describe."""

    @abstractmethod
    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """When each of raw `steps` (notes, fields) happens, own time units since before the first, (notes,)."""

    @abstractmethod
    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where that would leave the instrument's range."""

    @abstractmethod
    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` played `factor` times as slowly, where time is counted in seconds; as they are where in beats."""

    def spliced(self, beginning: NDArray[np.int32], ending: NDArray[np.int32]) -> NDArray[np.int32]:
        """A short piece of the `beginning` and the `ending` of a long one; both may be cut anywhere."""
        return np.concatenate([beginning, ending])

    def excerpt(self, steps: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
        """The `first` and the `last` of `steps` as a short piece; where there are bars, they stay whole."""
        return self.spliced(steps[:first], steps[len(steps) - last :])

    def waits(self) -> NDArray[np.int32] | None:
        """The least own time units that each class of the first field lets pass, (size,), 0 for END.

        None where no class of it does: then steps follow one another at even distances.
        """
        return None

    def headed(self, heading: NDArray[np.int32], controls: Controls) -> NDArray[np.int32]:
        """A drawn `heading` (headings, fields) with the meter and the tempo that are asked for."""
        return heading

    def clock(self, heading: NDArray[np.int32]) -> tuple[float, str]:
        """Quarters a minute and the meter, as '3/4', that a `heading` (headings, fields) says."""
        return self.usual_tempo_bpm, "4/4"

    def drawn_part(self, steps: NDArray[np.int32], constraints: NDArray[np.int32]) -> Piece:
        """The piece that is left of `steps` (notes, fields) without the values that `constraints` says were given."""
        return self.decode(steps)


class StepLaw(ABC):
    """What can follow the steps so far: the constants of the law, its state, and what is asked of a piece."""

    fields: tuple[Field, ...]
    end_class: int
    opens_with_wait: ClassVar[bool]
    state: ClassVar[np.dtype]  # of one piece, see `law`
    feature_sizes: ClassVar[dict[str, int]]  # what `law.features` writes, for 'input' and each field that has some
    control_names: ClassVar[tuple[str, ...]]  # which of `model.controls.NAMES` it can be asked for
    left_fades: ClassVar[tuple[float, ...]]  # own time units over which the nearness of the end fades
    default_temperatures: ClassVar[dict[str, float]] = {}  # of single fields, at a temperature of 1
    default_top_ps: ClassVar[dict[str, float]] = {}  # of single fields, where no top-p is asked for

    def __init__(self, styles: Sequence[str] = (), vocabulary: Sequence[str] = ()) -> None:
        """A representation whose music comes in `styles`; `vocabulary` is for those that build one from a corpus."""
        self.controls = ControlSpace(self.control_names, styles)
        self.vocabulary = tuple(vocabulary)

    @property
    def context_sizes(self) -> dict[str, int]:
        """How many numbers `law.context` writes for 'input' and for every field."""
        asked = self.controls.width + 2 + len(self.left_fades)
        return {part: self.feature_sizes.get(part, 0) + asked for part in ("input", *(f.name for f in self.fields))}

    @staticmethod
    @abstractmethod
    def start(state: NDArray) -> None:
        """Fill a new state, but for `left`."""

    def new_states(self, left: int = UNKNOWN) -> NDArray[np.void]:
        """The state before the first step, and a record of scratch."""
        states = np.zeros(2, dtype=self.state)
        type(self).start(states)
        states["left"] = left
        return states

    def conditions(self, controls: NDArray[np.float32]) -> Conditions:
        """What is asked, float32 (width,), as the law reads it."""
        key, instruments = (self.controls.slices.get(name, NOWHERE).start for name in ("key", "instruments"))
        fades = np.array(self.left_fades, dtype=np.float32)
        return Conditions(np.ascontiguousarray(controls, dtype=np.float32), key, instruments, fades)

    def trace(self, steps: NDArray[np.int32], states: NDArray[np.void], controls: NDArray[np.float32]) -> Trace:
        """Known raw `steps` (steps, fields) as the network reads them; the state moves to after the last."""
        steps = np.ascontiguousarray(steps, dtype=np.int32)
        sizes = np.array([field.size for field in self.fields])
        classes = np.zeros(steps.shape, dtype=np.int32)
        features = np.zeros((len(steps), sum(self.context_sizes.values())), dtype=np.float32)
        allowed = np.ones((len(steps), int(sizes.sum())), dtype=np.uint8)
        trace(states, self.conditions(controls), steps, sizes, classes, features, allowed)
        return Trace(classes, features, allowed.view(bool))

    def drawable(self) -> NDArray[np.bool_]:
        """Classes of the first field that composing may draw, (size,): the caller decides how long a piece is."""
        return np.arange(self.fields[0].size) != self.end_class

    def variation(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The `Constraint` of each value (notes, fields) in a piece with the rhythm of `steps` and other pitches.

        Raises:
            RequestError: where steps cannot be varied one by one.
        """
        raise RequestError("This model cannot vary a seed: let it continue the seed, or choose another model.")

    def accompaniment(self, steps: NDArray[np.int32]) -> NDArray[np.int32] | None:
        """The `Constraint` of each value (notes, fields) in music around the melody `steps`.

        None where notes are steps of their own, in order of time: there the new ones are put between the given ones.

        Raises:
            RequestError: where neither is possible.
        """
        if not self.opens_with_wait:
            raise RequestError("This model cannot accompany a melody: let it continue it, or choose another model.")
        return None


class Evaluated(ABC):
    """What evaluation needs: the controls that music corresponds to, and what its likelihood is counted by."""

    symbol: ClassVar[str] = "note"  # what likelihoods are counted by; see `symbols`

    @abstractmethod
    def measured(self, steps: NDArray[np.int32], style: str = "") -> NDArray[np.float32]:
        """The control vector that asks for each `BLOCK` of `steps` as it is, (blocks, controls.width)."""

    def symbols(self, steps: NDArray[np.int32]) -> NDArray[np.integer] | None:
        """What the nats of `steps` are shared among, and what counting predicts as a floor, (symbols,).

        None where that is the notes themselves, for which there is no floor.
        """
        return None

    def count(self, steps: NDArray[np.int32]) -> int:
        """How many symbols `steps` are."""
        symbols = self.symbols(steps)
        return len(steps) if symbols is None else len(symbols)

    def quantisation_nats(self, classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """What saying the exact raw values costs beyond their classes (..., fields), in nats (...,)."""
        return np.zeros(classes.shape[:-1], dtype=np.float32)


class Representation(Codec, StepLaw, Evaluated):
    """How a network reads and draws music: a codec, the law of a step, and what evaluation needs."""

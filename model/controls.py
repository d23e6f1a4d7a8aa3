"""Controls: what a member can ask of a piece, as the vector that a network reads; training measures it on real music.

Every control is optional: a zero vector asks for nothing. Training hides some of them at random (control dropout), so
that a network learns to follow any of them and to do without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from model.errors import RequestError
from model.instruments import FAMILIES as FAMILIES
from model.instruments import NAMES as INSTRUMENT_NAMES
from model.instruments import canonical, families
from model.keys import KEYS, key_index

Mode = Literal["continue", "vary", "accompany"]  # what becomes of a seed
MODES: tuple[Mode, ...] = get_args(Mode)

METERS = ("4/4", "3/4", "2/4", "6/8", "2/2", "3/8", "9/8", "12/8", "3/2", "5/4", "6/4", "7/8")
DRUMS = len(FAMILIES) - 1
TEMPI = (40.0, 50.0, 60.0, 70.0, 80.0, 92.0, 104.0, 120.0, 138.0, 160.0, 190.0, 240.0)  # quarters a minute
DENSITIES = 5  # from sparse to dense


class Controls(BaseModel):
    """Requested controls; None and an empty tuple leave the choice to the network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: str | None = Field(default=None, description="one of the styles the model was trained on")
    key: str | None = Field(default=None, description="tonic and mode, such as 'E minor'")
    tempo_bpm: float | None = Field(default=None, ge=20, le=400, description="quarter notes a minute")
    meter: str | None = Field(default=None, description="such as '3/4'")
    density: int | None = Field(default=None, ge=1, le=DENSITIES, description="1 sparse to 5 dense")
    instruments: tuple[str, ...] = Field(
        default=(), description="families of General MIDI, instruments with a name of their own, or 'drums'"
    )

    @field_validator("key")
    @classmethod
    def _known_key(cls, key: str | None) -> str | None:
        return key if key is None else KEYS[key_index(key)]

    @field_validator("meter")
    @classmethod
    def _known_meter(cls, meter: str | None) -> str | None:
        return meter if meter is None else _one_of(meter, METERS, "meter")

    @field_validator("instruments")
    @classmethod
    def _known_instruments(cls, instruments: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_one_of(canonical(name), INSTRUMENT_NAMES, "instrument") for name in instruments))

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the requested controls."""
        return tuple(name for name in NAMES if getattr(self, ATTRIBUTES[name]) not in (None, ()))


ATTRIBUTES = {
    "style": "style", "key": "key", "tempo": "tempo_bpm", "meter": "meter", "density": "density",
    "instruments": "instruments",
}  # fmt: skip
NAMES = tuple(ATTRIBUTES)


class ControlSpace:
    """The control vector of one representation; `slices` has the place of each control in it."""

    def __init__(self, names: Sequence[str], styles: Sequence[str] = ()) -> None:
        self.styles = tuple(styles)
        sizes = {
            "style": len(self.styles), "key": len(KEYS), "tempo": len(TEMPI), "meter": len(METERS),
            "density": DENSITIES, "instruments": len(FAMILIES),
        }  # fmt: skip
        self.slices: dict[str, slice] = {}
        start = 0
        for name in names:
            if sizes[name]:
                self.slices[name] = slice(start, start + sizes[name])
                start += sizes[name]
        self.width = start

    def unknown(self, controls: Controls) -> tuple[str, ...]:
        """The requested controls that this space does not know."""
        return tuple(name for name in controls.asked if name not in self.slices)

    def vector(self, controls: Controls) -> NDArray[np.float32]:
        """The requested controls as float32 (width,); controls that this space does not know are left out.

        Raises:
            RequestError: for a style the model was not trained on.
        """
        vector = np.zeros(self.width, dtype=np.float32)
        for name, part in self.slices.items():
            value = getattr(controls, ATTRIBUTES[name])
            if value not in (None, ()):
                vector[part] = self._part(name, value)
        return vector

    def _part(self, name: str, value: object) -> NDArray[np.float32]:
        if name == "style":
            return one_hot(self.styles.index(_one_of(str(value), self.styles, "style")), len(self.styles))
        if name == "key":
            return one_hot(KEYS.index(str(value)), len(KEYS))
        if name == "tempo":
            return tempo_part(float(str(value)))
        if name == "meter":
            return one_hot(METERS.index(str(value)), len(METERS))
        if name == "density":
            return one_hot(int(str(value)) - 1, DENSITIES)
        asked = value if isinstance(value, tuple) else ()
        return np.isin(FAMILIES, families(asked)).astype(np.float32)


def one_hot(index: int | None, size: int) -> NDArray[np.float32]:
    """float32 (size,) with a one at `index`; all zeros for None, which asks for nothing."""
    return np.zeros(size, dtype=np.float32) if index is None else np.eye(size, dtype=np.float32)[index]


def tempo_part(quarters_per_minute: float) -> NDArray[np.float32]:
    """A tempo shared between its two neighbours among `TEMPI`, float32 (len(TEMPI),)."""
    place = np.interp(np.log(quarters_per_minute), np.log(TEMPI), np.arange(len(TEMPI)))
    return np.maximum(0, 1 - np.abs(np.arange(len(TEMPI)) - place)).astype(np.float32)


def _one_of(value: str, known: Sequence[str], what: str) -> str:
    """`value` as `known` spells it."""
    for name in known:
        if name.lower() == value.strip().lower():
            return name
    raise RequestError(f"'{value}' is no {what} this model knows. These are known: {', '.join(known) or 'none'}.")

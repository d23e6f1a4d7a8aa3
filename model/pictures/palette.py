"""The picture's colours: made for Discord's dark theme, told apart by the colour-blind, never pure white.

Loudness runs from dark blue to bright yellow, so that it reads as lightness too; instruments take colours after
Okabe and Ito (2008), lightened where they would sink into the dark.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np

Colour: TypeAlias = tuple[int, int, int]

BACKGROUND: Colour = (0x31, 0x33, 0x38)
WHITE_ROW: Colour = (0x2B, 0x2D, 0x31)
BLACK_ROW: Colour = (0x26, 0x28, 0x2C)
ROW_LINE: Colour = (0x35, 0x38, 0x3D)
GRID: Colour = (0x3A, 0x3D, 0x43)
STRONG_GRID: Colour = (0x4A, 0x4E, 0x56)
TEXT: Colour = (0xDB, 0xDE, 0xE1)
DIM_TEXT: Colour = (0xA0, 0xA6, 0xAF)
WHITE_KEY: Colour = (0xC4, 0xC9, 0xD1)
BLACK_KEY: Colour = (0x1E, 0x1F, 0x22)
KEY_LINE: Colour = (0x8A, 0x90, 0x9A)
SEED_TINT: Colour = (0x6B, 0x76, 0x8C)
DIVIDER: Colour = (0xC9, 0xCD, 0xFB)

SEED_SHADE = 0.22  # how far the seed's ground goes towards SEED_TINT
SEED_FADE = 0.42  # how far the seed's notes go towards the ground: the composed ones shine

_SOFT_TO_LOUD = ((0x45, 0x5F, 0xC0), (0x2F, 0x93, 0xBF), (0x5F, 0xC0, 0x9A), (0xF8, 0xDF, 0x72))
_INSTRUMENTS: tuple[Colour, ...] = (
    (0x56, 0xB4, 0xE9),
    (0xE6, 0x9F, 0x00),
    (0x2B, 0xB8, 0x8A),
    (0xD9, 0x82, 0xB5),
    (0xF0, 0xE4, 0x6A),
    (0xE8, 0x6A, 0x33),
    (0x7C, 0x8C, 0xF5),
    (0xB5, 0xBA, 0xC1),
)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` (0..1) of `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


@cache
def loudness_colour(velocity: int) -> Colour:
    """The colour of a note of `velocity` 1..127."""
    stops = np.array(_SOFT_TO_LOUD, float)
    place = np.clip((velocity - 1) / 126, 0, 1) * (len(stops) - 1)
    red, green, blue = (round(float(np.interp(place, range(len(stops)), channel))) for channel in stops.T)
    return red, green, blue


def instrument_colour(index: int) -> Colour:
    """The colour of the instrument at `index`; the second eight are darker, the third darker still."""
    turn, place = divmod(index, len(_INSTRUMENTS))
    return mix(_INSTRUMENTS[place], BACKGROUND, min(0.25 * turn, 0.6))

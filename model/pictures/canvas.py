"""Colours, fonts and files of pictures.

The colours are made for Discord's dark theme, can be told apart by the colour-blind, and are never pure white. Loudness
runs from dark blue to bright yellow, so that it reads as lightness too; instruments take colours after Okabe and Ito
(2008), lightened where they would sink into the dark.

Text is drawn with two fonts that are on every machine: Pillow's own for ASCII, and DejaVu Sans, which comes with
matplotlib, for other European scripts. What neither has is left out, because a font draws boxes for it.

Pictures are saved as PNG with every row as its difference from the one above. Pillow would try five such filters on
every row, which takes four times as long as drawing the picture, and the file is no smaller.
"""

from __future__ import annotations

import importlib.util
import unicodedata
import zlib
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont
from zlib_ng import zlib_ng

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
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_RIGHT_TO_LEFT = ("R", "AL", "AN")  # these scripts need shaping, which not every Pillow can do
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_8_BIT_RGB = bytes((8, 2, 0, 0, 0))  # depth, colours; deflate, the five filters, not interlaced
_UP = 2  # the number of the filter, at the start of each row
_LEVEL = 4  # of 9: half the time of 6 for a few per cent more bytes


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


def drawable(text: str) -> str:
    """`text` without what cannot be drawn, white space made single spaces; accents are dropped where need be."""
    if not text.isascii():
        text = "".join(_drawable_part(letter) for letter in unicodedata.normalize("NFC", text))
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def font(size: int, text: str = "") -> Font:
    """The font for `text` at `size` pixels; for ASCII where no text is given."""
    return _ascii_font(size) if text.isascii() else _dejavu(size)


@cache
def covered(file: str = "DejaVuSans.ttf") -> frozenset[int]:
    """The code points that one of DejaVu's fonts can draw."""
    from fontTools.ttLib import TTFont  # late: few texts need it

    with TTFont(font_folder() / file, lazy=True) as opened:
        return frozenset(opened.getBestCmap())


def font_folder() -> Path:
    """The folder with DejaVu's fonts, which matplotlib brings. Matplotlib itself is not imported."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed", name="matplotlib")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def _ascii_font(size: int) -> Font:
    return ImageFont.load_default(size)


@cache
def _dejavu(size: int) -> Font:
    return ImageFont.truetype(str(font_folder() / "DejaVuSans.ttf"), round(size * 0.95))


def _drawable_part(letter: str) -> str:
    if letter.isascii() or letter.isspace():
        return letter
    if ord(letter) in covered() and unicodedata.bidirectional(letter) not in _RIGHT_TO_LEFT:
        return letter
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()


def png(image: Image.Image) -> bytes:
    """The file of an RGB `image`; no pixel is changed."""
    size = image.width.to_bytes(4, "big") + image.height.to_bytes(4, "big")
    rows = zlib_ng.compress(_filtered(np.asarray(image)), _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", size + _8_BIT_RGB) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _filtered(pixels: NDArray) -> NDArray:
    """`pixels`, uint8 (height, width, 3), as the filtered rows of a PNG, uint8 (height, 1 + 3 * width)."""
    rows = pixels.reshape(len(pixels), -1)
    filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]  # nothing is above it
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])  # modulo 256, as uint8 does
    return filtered


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

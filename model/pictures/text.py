"""Text in pictures: two fonts that are on every machine, and what they can draw.

Pillow draws ASCII with its own font; DejaVu Sans, which matplotlib brings, has other European scripts. What neither has
is left out, because a font draws boxes for it.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_RIGHT_TO_LEFT = ("R", "AL", "AN")  # these scripts need shaping, which not every Pillow can do


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

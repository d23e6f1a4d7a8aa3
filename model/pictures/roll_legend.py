"""What the colours of the piano roll mean: a scale from soft to loud, or the instruments."""

from __future__ import annotations

from collections import Counter

import numpy as np
from PIL import ImageDraw
from pretty_midi.constants import INSTRUMENT_MAP

from model.pictures.palette import DIM_TEXT, instrument_colour, loudness_colour
from model.pictures.roll_layout import SCALE, WIDTH
from model.pictures.roll_notes import colours_by_instrument
from model.pictures.text import drawable, font
from model.piece import Instrument, Piece

_RIGHT, _MIDDLE = WIDTH - 18 * SCALE, 25 * SCALE
_SIZE = 13 * SCALE
_SCALE_WIDTH, _SWATCH, _GAP, _ENTRY_GAP = 84 * SCALE, 11 * SCALE, 6 * SCALE, 14 * SCALE
_NAME_LENGTH = 20


def draw_legend(draw: ImageDraw.ImageDraw, piece: Piece, left_limit: int) -> None:
    """The legend at the right end of the title line, right of column `left_limit`."""
    if colours_by_instrument(piece):
        _draw_instruments(draw, piece, left_limit + 2 * _ENTRY_GAP)
    else:
        _draw_loudness(draw)


def _draw_loudness(draw: ImageDraw.ImageDraw) -> None:
    loud, soft = (round(font(_SIZE).getlength(word)) for word in ("loud", "soft"))
    right = _RIGHT - loud - _GAP
    left = right - _SCALE_WIDTH
    for column in range(left, right):
        velocity = 1 + round(126 * (column - left) / _SCALE_WIDTH)
        draw.line([(column, _MIDDLE - 4 * SCALE), (column, _MIDDLE + 4 * SCALE)], fill=loudness_colour(velocity))
    draw.text((_RIGHT - loud, _MIDDLE), "loud", fill=DIM_TEXT, font=font(_SIZE), anchor="lm")
    draw.text((left - _GAP - soft, _MIDDLE), "soft", fill=DIM_TEXT, font=font(_SIZE), anchor="lm")


def _draw_instruments(draw: ImageDraw.ImageDraw, piece: Piece, left_limit: int) -> None:
    """As many instruments as there is room for, those with the most notes first."""
    numbers, counts = np.unique(piece.notes["instrument"], return_counts=True)
    ranked = numbers[np.argsort(-counts, kind="stable")].tolist()
    names = instrument_names(piece, ranked)
    room, shown = _RIGHT - left_limit, list(ranked)
    while len(shown) > 1 and _width(names, shown) > room:
        shown.pop()
    column = _RIGHT - _width(names, shown)
    for number in sorted(shown):
        top = _MIDDLE - _SWATCH // 2
        draw.rounded_rectangle(
            (column, top, column + _SWATCH, top + _SWATCH), radius=2 * SCALE, fill=instrument_colour(number)
        )
        name = names[number]
        draw.text((column + _SWATCH + _GAP, _MIDDLE), name, fill=DIM_TEXT, font=font(_SIZE, name), anchor="lm")
        column += _entry_width(names[number])
    if more := _more(len(ranked) - len(shown)):
        draw.text((column, _MIDDLE), more, fill=DIM_TEXT, font=font(_SIZE), anchor="lm")


def instrument_names(piece: Piece, numbers: list[int]) -> dict[int, str]:
    """What to call each of the instruments `numbers` of `piece`, in a few letters.

    General MIDI's name, without what stands in brackets; where several share it, the name the piece gives it.
    """
    general = {number: _general_name(piece.instruments[number]) for number in numbers}
    shared = {name for name, count in Counter(general.values()).items() if count > 1}
    own = {number: drawable(piece.instruments[number].name) for number in numbers}
    return {
        number: (own[number] or name if name in shared else name)[:_NAME_LENGTH] for number, name in general.items()
    }


def _general_name(instrument: Instrument) -> str:
    return "Drums" if instrument.is_drum else str(INSTRUMENT_MAP[instrument.program]).split(" (")[0]


def _width(names: dict[int, str], shown: list[int]) -> int:
    entries = sum(_entry_width(names[number]) for number in shown)
    more = _more(len(names) - len(shown))
    return entries + round(font(_SIZE).getlength(more)) if more else entries - _ENTRY_GAP


def _entry_width(name: str) -> int:
    return _SWATCH + _GAP + round(font(_SIZE, name).getlength(name)) + _ENTRY_GAP


def _more(count: int) -> str:
    return f"+{count} more" if count else ""

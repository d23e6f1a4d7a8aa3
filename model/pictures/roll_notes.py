"""The ground and the notes of the piano roll."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from model.pictures.palette import (
    BACKGROUND,
    BLACK_ROW,
    ROW_LINE,
    SEED_FADE,
    SEED_SHADE,
    SEED_TINT,
    WHITE_ROW,
    Colour,
    instrument_colour,
    loudness_colour,
    mix,
)
from model.pictures.roll_layout import SCALE, Box, Layout, drum_mask
from model.piece import Piece

BLACK_PITCH_CLASSES = frozenset({1, 3, 6, 8, 10})
_B, _E = 11, 4  # the pitch classes without a black key above
_MIN_WIDTH = 2 * SCALE
_DRUM_WIDTH = 4 * SCALE
_ROUND_LIMIT = 4_000  # notes up to which there is time for round corners
_ROUND_HEIGHT = 4 * SCALE  # rows lower than this are too low for them
_CORNER = SCALE  # pixels that a corner cuts off


def draw_ground(draw: ImageDraw.ImageDraw, layout: Layout) -> None:
    """Rows like the keys beside them, lighter under the seed."""
    if layout.roll:
        for pitch in range(layout.low, layout.high + 1):
            top, bottom = (int(row) for row in layout.pitch_rows(pitch))
            is_black = pitch % 12 in BLACK_PITCH_CLASSES
            _row(draw, layout, Box(layout.roll.left, top, layout.roll.right, bottom), is_black)
            if pitch % 12 in (_B, _E):
                draw.line([(layout.roll.left, top), (layout.roll.right - 1, top)], fill=ROW_LINE)
    if layout.drums:
        for place, key in enumerate(layout.drum_keys):
            top, bottom = (int(row) for row in layout.drum_rows(key))
            _row(draw, layout, Box(layout.drums.left, top, layout.drums.right, bottom), place % 2 == 1)


def _row(draw: ImageDraw.ImageDraw, layout: Layout, box: Box, is_dark: bool) -> None:
    colour = BLACK_ROW if is_dark else WHITE_ROW
    draw.rectangle([box.left, box.top, box.right - 1, box.bottom - 1], fill=colour)
    if layout.seed_s > 0:
        edge = int(layout.x(layout.seed_s))
        shade = mix(colour, SEED_TINT, SEED_SHADE)
        draw.rectangle([box.left, box.top, max(box.left, edge - 1), box.bottom - 1], fill=shade)


def draw_notes(draw: ImageDraw.ImageDraw, piece: Piece, layout: Layout) -> None:
    """Every note, by loudness where one instrument plays, else by instrument; those of the seed paler."""
    boxes = note_boxes(piece, layout)
    by_instrument = colours_by_instrument(piece)
    is_seed = piece.onsets_s < layout.seed_s
    is_round = len(boxes) <= _ROUND_LIMIT
    values = piece.notes["instrument"] if by_instrument else piece.notes["velocity"]
    for (left, top, right, bottom), value, pale in zip(boxes.tolist(), values.tolist(), is_seed.tolist(), strict=True):
        fill, edge = _note_colours(value, by_instrument, pale)
        last = right - 1, bottom - 1  # Pillow draws up to and with
        if is_round and bottom - top >= _ROUND_HEIGHT and right - left >= _ROUND_HEIGHT:
            draw.polygon(_rounded(left, top, *last), fill=fill, outline=edge)
        else:
            draw.rectangle((left, top, *last), fill=fill)


def _rounded(left: int, top: int, right: int, bottom: int) -> tuple[int, ...]:
    """The eight corners of a note: the pixels of a rounded rectangle of so small a radius, in a seventh of the time."""
    upper = (left + _CORNER, top, right - _CORNER, top, right, top + _CORNER)
    lower = (right, bottom - _CORNER, right - _CORNER, bottom, left + _CORNER, bottom)
    return (left, top + _CORNER, *upper, *lower, left, bottom - _CORNER)


def colours_by_instrument(piece: Piece) -> bool:
    """Whether colour tells the instrument (several play) and not the loudness (one plays)."""
    return len(np.unique(piece.notes["instrument"])) > 1


def note_boxes(piece: Piece, layout: Layout) -> NDArray:
    """Left, top, right, bottom of each note in pixels, int64 (notes, 4); a hit of a drum has a fixed width."""
    boxes = np.zeros((len(piece), 4), np.int64)
    drums = drum_mask(piece)
    left, right = layout.x(piece.onsets_s), layout.x(piece.offsets_s) - 1  # a gap before the next of the same pitch
    right = np.where(drums, left + _DRUM_WIDTH, np.maximum(right, left + _MIN_WIDTH))
    edge = layout.plot.right  # notes at the very end are moved in
    boxes[:, 0], boxes[:, 2] = np.minimum(left, edge - _MIN_WIDTH), np.minimum(right, edge)
    for mine, rows in ((~drums, layout.pitch_rows), (drums, layout.drum_rows)):
        if mine.any():
            tops, bottoms = rows(piece.notes["pitch"][mine])
            boxes[mine, 1], boxes[mine, 3] = tops, np.maximum(bottoms, tops + _MIN_WIDTH)
    return boxes


@lru_cache(maxsize=1024)
def _note_colours(value: int, by_instrument: bool, pale: bool) -> tuple[Colour, Colour]:
    """Fill and edge of a note of instrument or velocity `value`."""
    fill = instrument_colour(value) if by_instrument else loudness_colour(value)
    if pale:
        fill = mix(fill, SEED_TINT, SEED_FADE)
    return fill, mix(fill, BACKGROUND, 0.45)

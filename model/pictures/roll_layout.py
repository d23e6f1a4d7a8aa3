"""The notes of the piano roll: where everything lies, the rows behind the notes, and the notes themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from model.pictures.canvas import (
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
from model.piece import Piece

SCALE = 2  # pixels per unit: sharp on a phone; every length below is in units
WIDTH, HEIGHT = 1000 * SCALE, 420 * SCALE
_LEFT, _RIGHT, _TOP, _BOTTOM = 82 * SCALE, 18 * SCALE, 70 * SCALE, 36 * SCALE
_DRUM_ROW, _MAX_DRUM_LANE, _LANE_GAP = 11 * SCALE, 90 * SCALE, 8 * SCALE
_MIN_ROWS, _MARGIN_ROWS = 24, 2  # two octaves at least, or a single note would be as high as the picture
_MIN_SPAN_S = 1.0
_LOWEST, _HIGHEST = 0, 127
BLACK_PITCH_CLASSES = frozenset({1, 3, 6, 8, 10})
_B, _E = 11, 4  # the pitch classes without a black key above
_MIN_WIDTH = 2 * SCALE
_DRUM_WIDTH = 4 * SCALE
_ROUND_LIMIT = 4_000  # notes up to which there is time for round corners
_ROUND_HEIGHT = 4 * SCALE  # rows lower than this are too low for them
_CORNER = SCALE  # pixels that a corner cuts off


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; `right` and `bottom` lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.right - self.left


@dataclass(frozen=True)
class Layout:
    """The picture's geometry for one piece. `roll` or `drums` is None where the piece has no such notes."""

    span_s: float
    seed_s: float
    low: int  # the lowest and highest pitch shown
    high: int
    drum_keys: tuple[int, ...]  # ascending: the lowest is the lowest row
    roll: Box | None
    drums: Box | None

    @classmethod
    def of(cls, piece: Piece, seed_s: float) -> Layout:
        """The layout that fits `piece`, which has at least one note."""
        is_drum = piece.is_drum_note
        pitches = piece.notes["pitch"][~is_drum]
        keys = tuple(int(key) for key in np.unique(piece.notes["pitch"][is_drum]))
        low, high = _pitch_range(pitches) if len(pitches) else (0, 0)
        roll, drums = _boxes(bool(len(pitches)), len(keys))
        span_s = max(_MIN_SPAN_S, piece.end_s)
        return cls(span_s, min(max(0.0, seed_s), span_s), low, high, keys, roll, drums)

    @property
    def plot(self) -> Box:
        """What roll and drum lane cover together."""
        boxes = [box for box in (self.roll, self.drums) if box]
        return Box(_LEFT, boxes[0].top, WIDTH - _RIGHT, boxes[-1].bottom)

    def x(self, seconds: NDArray | float) -> NDArray:
        """Pixel columns at `seconds`, int64 of the same shape."""
        plot = self.plot
        columns = plot.left + np.rint(np.asarray(seconds) / self.span_s * plot.width).astype(np.int64)
        return np.clip(columns, plot.left, plot.right)

    def pitch_rows(self, pitches: NDArray | int) -> tuple[NDArray, NDArray]:
        """First and last-plus-one pixel row of each pitch in the roll."""
        return _rows(np.asarray(pitches) - self.low, self.high - self.low + 1, self.roll)

    def drum_rows(self, keys: NDArray | int) -> tuple[NDArray, NDArray]:
        """First and last-plus-one pixel row of each drum key (one of `drum_keys`) in the lane."""
        return _rows(np.searchsorted(self.drum_keys, keys), len(self.drum_keys), self.drums)


def _rows(places: NDArray, count: int, box: Box | None) -> tuple[NDArray, NDArray]:
    if box is None:
        raise ValueError("the piece has no notes of this kind")
    places = np.asarray(places, np.int64)  # pitches are 16 bits wide: their product with a height is not
    tops = box.bottom - np.rint((places + 1) * box.height / count).astype(np.int64)
    bottoms = box.bottom - np.rint(places * box.height / count).astype(np.int64)
    return tops, bottoms


def _pitch_range(pitches: NDArray) -> tuple[int, int]:
    low, high = int(pitches.min()) - _MARGIN_ROWS, int(pitches.max()) + _MARGIN_ROWS
    missing = max(0, _MIN_ROWS - (high - low + 1))
    low -= missing // 2
    high += missing - missing // 2
    return max(_LOWEST, low), min(_HIGHEST, high)


def _boxes(has_pitches: bool, drum_keys: int) -> tuple[Box | None, Box | None]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    if not drum_keys:
        return Box(_LEFT, _TOP, right, bottom), None
    if not has_pitches:
        return None, Box(_LEFT, _TOP, right, bottom)
    lane = min(_MAX_DRUM_LANE, max(3, drum_keys) * _DRUM_ROW)
    return Box(_LEFT, _TOP, right, bottom - lane - _LANE_GAP), Box(_LEFT, bottom - lane, right, bottom)


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
    drums = piece.is_drum_note
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

"""Where everything of the piano roll lies: seconds and pitches to pixels. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.piece import Piece

SCALE = 2  # pixels per unit: sharp on a phone; every length below is in units
WIDTH, HEIGHT = 1000 * SCALE, 420 * SCALE
_LEFT, _RIGHT, _TOP, _BOTTOM = 82 * SCALE, 18 * SCALE, 70 * SCALE, 36 * SCALE
_DRUM_ROW, _MAX_DRUM_LANE, _LANE_GAP = 11 * SCALE, 90 * SCALE, 8 * SCALE
_MIN_ROWS, _MARGIN_ROWS = 24, 2  # two octaves at least, or a single note would be as high as the picture
_MIN_SPAN_S = 1.0
_LOWEST, _HIGHEST = 0, 127


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
        is_drum = drum_mask(piece)
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


def drum_mask(piece: Piece) -> NDArray:
    """Whether each note is a drum's, bool (notes,)."""
    return np.array([instrument.is_drum for instrument in piece.instruments])[piece.notes["instrument"]]


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

"""A data set as a picture, 1800 pixels wide: its size, keys, instruments and lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from model.keys import KEYS, MAJOR_TONICS, MINOR_TONICS
from model.pictures.canvas import (
    BACKGROUND,
    DIM_TEXT,
    GRID,
    TEXT,
    WHITE_ROW,
    Colour,
    drawable,
    font,
    instrument_colour,
    png,
)
from model.pictures.roll_layout import SCALE, Box

if TYPE_CHECKING:
    from model.uploads.info import DataSetInfo

WIDTH = 900 * SCALE
MARGIN, GAP, PADDING = 24 * SCALE, 16 * SCALE, 16 * SCALE
TITLE, BIG, LABEL = 22 * SCALE, 24 * SCALE, 13 * SCALE
HEAD_BOTTOM, TOTALS_HEIGHT, CHART_HEIGHT = 76 * SCALE, 74 * SCALE, 214 * SCALE
CARD_RADIUS, BAR_RADIUS = 8 * SCALE, 3 * SCALE
CHART_TOP, CHART_BOTTOM = 44 * SCALE, 30 * SCALE  # of a card: kept for its title, and for the labels below bars
ROW = 27 * SCALE  # of the list of instruments
MOST_FAMILIES = 7  # rows; the rest is one row
LENGTHS_MIN = (0.5, 1, 2, 3, 5, 10)  # where bars of the lengths end
MAJOR_COLOUR, MINOR_COLOUR = instrument_colour(0), instrument_colour(1)
LENGTH_COLOUR = instrument_colour(2)


@dataclass(frozen=True)
class Bars:
    """A chart of columns: a label for each, and one or more values that stand above each other."""

    title: str
    labels: Sequence[str]
    rows: Sequence[Sequence[int]]  # one for each colour
    colours: Sequence[Colour]


def draw_data_set(info: DataSetInfo) -> bytes:
    """The PNG of `info`, which may be empty."""
    families = _families(info)
    list_height = max(CHART_HEIGHT, CHART_TOP + ROW * len(families) + PADDING)
    charts = HEAD_BOTTOM + TOTALS_HEIGHT + GAP
    height = charts + CHART_HEIGHT + GAP + list_height + MARGIN
    image = Image.new("RGB", (WIDTH, height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    _draw_head(draw, info)
    _draw_totals(draw, info)
    _draw_bars(draw, _keys(info), Box(MARGIN, charts, WIDTH - MARGIN, charts + CHART_HEIGHT))
    top, middle = charts + CHART_HEIGHT + GAP, WIDTH // 2
    _draw_families(draw, families, len(info.pieces), Box(MARGIN, top, middle - GAP // 2, top + list_height))
    _draw_bars(draw, _lengths(info), Box(middle + GAP // 2, top, WIDTH - MARGIN, top + list_height))
    return png(image)


def _draw_head(draw: ImageDraw.ImageDraw, info: DataSetInfo) -> None:
    draw.text((MARGIN, 28 * SCALE), drawable(info.name), fill=TEXT, font=font(TITLE), anchor="lm")
    use = "  ·  not for commercial use" if info.non_commercial else ""
    licence = _fitting(f"{drawable(info.licence)}", WIDTH - 2 * MARGIN - round(font(LABEL).getlength(use)))
    draw.text((MARGIN, 56 * SCALE), licence + use, fill=DIM_TEXT, font=font(LABEL, licence), anchor="lm")


def _draw_totals(draw: ImageDraw.ImageDraw, info: DataSetInfo) -> None:
    """Four cards with a number each."""
    minutes = info.minutes
    length = f"{minutes:,.0f}" if minutes >= 10 else f"{minutes:.1f}"
    totals = (
        (f"{len(info.pieces):,}", "piece" if len(info.pieces) == 1 else "pieces"),
        (f"{info.notes:,}", "notes"),
        (length, "minutes"),
        (f"{info.bytes / 1e6:,.1f}", "MB") if info.bytes >= 1e6 else (f"{info.bytes / 1e3:,.0f}", "kB"),
    )
    width = (WIDTH - 2 * MARGIN - 3 * GAP) // 4
    for place, (number, what) in enumerate(totals):
        left = MARGIN + place * (width + GAP)
        _card(draw, Box(left, HEAD_BOTTOM, left + width, HEAD_BOTTOM + TOTALS_HEIGHT))
        middle = left + width // 2
        draw.text((middle, HEAD_BOTTOM + 27 * SCALE), number, fill=TEXT, font=font(BIG), anchor="mm")
        draw.text((middle, HEAD_BOTTOM + 55 * SCALE), what, fill=DIM_TEXT, font=font(LABEL), anchor="mm")


def _keys(info: DataSetInfo) -> Bars:
    keys = info.keys
    rows = [[keys[KEYS[12 * mode + tonic]] for tonic in range(12)] for mode in (0, 1)]
    pairs = zip(MAJOR_TONICS, MINOR_TONICS, strict=True)
    tonics = tuple(major if major == minor else f"{major}/{minor}" for major, minor in pairs)
    return Bars("Keys", tonics, rows, (MAJOR_COLOUR, MINOR_COLOUR))


def _lengths(info: DataSetInfo) -> Bars:
    counts = Counter(sum(piece.facts.seconds >= end * 60 for end in LENGTHS_MIN) for piece in info.pieces)
    starts = [f"{start:g}" for start in (0, *LENGTHS_MIN)]
    labels = [f"{start}-{end}" for start, end in pairwise(starts)] + [f"{starts[-1]}+"]
    return Bars("Lengths in minutes", labels, [[counts[place] for place in range(len(labels))]], (LENGTH_COLOUR,))


def _families(info: DataSetInfo) -> list[tuple[str, int]]:
    """Instruments and in how many pieces each plays, the most frequent first."""
    ranked = info.instruments.most_common()
    if len(ranked) <= MOST_FAMILIES + 1:
        return ranked
    others = {family for family, _ in ranked[MOST_FAMILIES:]}
    count = sum(any(family in others for family in piece.facts.instruments) for piece in info.pieces)
    return [*ranked[:MOST_FAMILIES], (f"{len(others)} others", count)]


def _draw_bars(draw: ImageDraw.ImageDraw, bars: Bars, box: Box) -> None:
    _card(draw, box)
    _title(draw, bars.title, box)
    if len(bars.colours) > 1:
        _draw_modes(draw, box)
    totals = [sum(values) for values in zip(*bars.rows, strict=True)]
    most = max([*totals, 1])
    left, right = box.left + PADDING, box.right - PADDING
    top, bottom = box.top + CHART_TOP + 14 * SCALE, box.bottom - CHART_BOTTOM
    draw.line([(left, bottom), (right, bottom)], fill=GRID, width=SCALE)
    column = (right - left) / len(totals)
    half = round(min(column * 0.34, 22 * SCALE))
    for place, label in enumerate(bars.labels):
        middle = round(left + (place + 0.5) * column)
        base = bottom - SCALE
        for values, colour in zip(bars.rows, bars.colours, strict=True):
            height = round(values[place] / most * (bottom - top))
            if values[place]:
                peak = base - max(height, 2 * SCALE)
                draw.rounded_rectangle((middle - half, peak, middle + half, base), BAR_RADIUS, fill=colour)
                base = peak - SCALE
        if totals[place]:
            draw.text((middle, base - 3 * SCALE), f"{totals[place]:,}", fill=TEXT, font=font(LABEL), anchor="mb")
        draw.text((middle, bottom + 8 * SCALE), label, fill=DIM_TEXT, font=font(LABEL), anchor="ma")


def _draw_modes(draw: ImageDraw.ImageDraw, box: Box) -> None:
    """The colours of major and minor, at the right end of the title."""
    column = box.right - PADDING
    for name, colour in (("minor", MINOR_COLOUR), ("major", MAJOR_COLOUR)):
        column -= round(font(LABEL).getlength(name))
        draw.text((column, box.top + 22 * SCALE), name, fill=DIM_TEXT, font=font(LABEL), anchor="lm")
        column -= 17 * SCALE
        top = box.top + 17 * SCALE
        draw.rounded_rectangle((column, top, column + 11 * SCALE, top + 11 * SCALE), 2 * SCALE, fill=colour)
        column -= 14 * SCALE


def _draw_families(draw: ImageDraw.ImageDraw, families: list[tuple[str, int]], pieces: int, box: Box) -> None:
    _card(draw, box)
    _title(draw, "Instruments, by pieces", box)
    names_right = box.left + PADDING + 144 * SCALE
    room = box.right - PADDING - 44 * SCALE - names_right
    for place, (name, count) in enumerate(families):
        middle = box.top + CHART_TOP + round((place + 0.5) * ROW)
        draw.text((names_right - 10 * SCALE, middle), name, fill=DIM_TEXT, font=font(LABEL), anchor="rm")
        length = max(round(count / max(pieces, 1) * room), 3 * SCALE)
        edges = (names_right, middle - 7 * SCALE, names_right + length, middle + 7 * SCALE)
        draw.rounded_rectangle(edges, BAR_RADIUS, fill=instrument_colour(place))
        place_of_count = (names_right + length + 7 * SCALE, middle)
        draw.text(place_of_count, f"{count:,}", fill=TEXT, font=font(LABEL), anchor="lm")


def _card(draw: ImageDraw.ImageDraw, box: Box) -> None:
    draw.rounded_rectangle((box.left, box.top, box.right, box.bottom), CARD_RADIUS, fill=WHITE_ROW)


def _title(draw: ImageDraw.ImageDraw, title: str, box: Box) -> None:
    draw.text((box.left + PADDING, box.top + 22 * SCALE), title, fill=TEXT, font=font(15 * SCALE), anchor="lm")


def _fitting(text: str, width: int) -> str:
    """`text`, cut with dots to `width` pixels."""
    if font(LABEL, text).getlength(text) <= width:
        return text
    while text and font(LABEL, text).getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."

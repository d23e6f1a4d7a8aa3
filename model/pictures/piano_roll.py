"""The piano roll of a piece as PNG, 2000 x 840 pixels: notes by pitch and time, and what they mean."""

from __future__ import annotations

from PIL import Image, ImageDraw

from model.pictures.palette import BACKGROUND, DIM_TEXT, TEXT
from model.pictures.png import png
from model.pictures.roll_axes import clock, draw_keyboard, draw_parts, draw_time
from model.pictures.roll_layout import HEIGHT, SCALE, WIDTH, Layout
from model.pictures.roll_legend import draw_legend
from model.pictures.roll_notes import colours_by_instrument, draw_ground, draw_notes
from model.pictures.text import drawable, font
from model.piece import Piece

_TITLE_SIZE, _FACTS_SIZE = 18 * SCALE, 13 * SCALE
_TITLE_PLACE = (18 * SCALE, 25 * SCALE)  # left end, middle
_TITLE_WIDTH, _TITLE_WIDTH_BESIDE_INSTRUMENTS = 470 * SCALE, 290 * SCALE
_TITLE_LETTERS = 200  # more never fit


def piano_roll(piece: Piece, seed_s: float = 0.0, title: str = "") -> bytes:
    """The PNG of `piece`, which has at least one note; `seed_s` seconds of its start are the seed (0 = none)."""
    layout = Layout.of(piece, seed_s)
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw_ground(draw, layout)
    draw_time(draw, piece, layout)
    draw_notes(draw, piece, layout)
    draw_keyboard(draw, layout)
    draw_parts(draw, layout)
    title_end = _draw_title(draw, piece, title)
    draw_legend(draw, piece, left_limit=title_end)
    return png(image)


def _draw_title(draw: ImageDraw.ImageDraw, piece: Piece, title: str) -> int:
    """Title, length and number of notes; returns the column where they end."""
    room = _TITLE_WIDTH_BESIDE_INSTRUMENTS if colours_by_instrument(piece) else _TITLE_WIDTH
    title = _shortened(drawable(title) or "Piano roll", room)
    draw.text(_TITLE_PLACE, title, fill=TEXT, font=font(_TITLE_SIZE, title), anchor="lm")
    column = round(_TITLE_PLACE[0] + font(_TITLE_SIZE, title).getlength(title)) + 12 * SCALE
    notes = f"{len(piece):,} note{'s' if len(piece) != 1 else ''}"
    facts = f"{clock(round(piece.end_s))}  ·  {notes}"
    draw.text((column, _TITLE_PLACE[1] + 2 * SCALE), facts, fill=DIM_TEXT, font=font(_FACTS_SIZE), anchor="lm")
    return round(column + font(_FACTS_SIZE).getlength(facts))


def _shortened(title: str, width: int) -> str:
    """`title`, cut with dots to `width` pixels."""
    title = title[:_TITLE_LETTERS]
    if font(_TITLE_SIZE, title).getlength(title) <= width:
        return title
    while font(_TITLE_SIZE, title).getlength(title + "...") > width:
        title = title[:-1]
    return title.rstrip() + "..."

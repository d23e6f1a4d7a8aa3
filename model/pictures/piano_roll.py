"""The piano roll of a piece as PNG, 2000 x 840 pixels: notes by pitch and time, with keyboard, time axis and legend."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.instruments import instrument_name
from model.pictures.canvas import (
    BACKGROUND,
    BLACK_KEY,
    DIM_TEXT,
    DIVIDER,
    GRID,
    KEY_LINE,
    SEED_SHADE,
    SEED_TINT,
    STRONG_GRID,
    TEXT,
    WHITE_KEY,
    Colour,
    drawable,
    font,
    instrument_colour,
    loudness_colour,
    mix,
    png,
)
from model.pictures.roll_layout import (
    BLACK_PITCH_CLASSES,
    HEIGHT,
    SCALE,
    WIDTH,
    Box,
    Layout,
    colours_by_instrument,
    draw_ground,
    draw_notes,
)
from model.piece import DEFAULT_QUARTER_US, Instrument, Piece

_TITLE_SIZE, _FACTS_SIZE = 18 * SCALE, 13 * SCALE
_TITLE_PLACE = (18 * SCALE, 25 * SCALE)  # left end, middle
_TITLE_WIDTH, _TITLE_WIDTH_BESIDE_INSTRUMENTS = 470 * SCALE, 290 * SCALE
_TITLE_LETTERS = 200  # more never fit
LABEL_SIZE = 13 * SCALE
_KEYBOARD_WIDTH, _BLACK_SHARE, _KEYBOARD_GAP = 36 * SCALE, 0.62, 3 * SCALE
_LABEL_GAP = 66 * SCALE  # at least, between two labels of the time axis
_BAR_GAP, _BAR_LABEL_GAP = 9 * SCALE, 40 * SCALE
_MAX_BARS = 4_000  # more come from a meter that makes no sense, such as 1/128
_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)
_ON_GRID_SHARE = 0.7  # of the onsets, where a quarter of them would lie on the grid by chance
_DRUM_NAMES = (
    {35: "kick", 36: "kick", 37: "stick", 38: "snare", 39: "clap", 40: "snare", 42: "hat", 44: "hat", 46: "hat"}
    | {49: "crash", 57: "crash", 51: "ride", 53: "bell", 59: "ride"}
    | dict.fromkeys((41, 43, 45, 47, 48, 50), "tom")
)
_RIGHT, _MIDDLE = WIDTH - 18 * SCALE, 25 * SCALE
_SIZE = 13 * SCALE
_SCALE_WIDTH, _SWATCH, _GAP, _ENTRY_GAP = 84 * SCALE, 11 * SCALE, 6 * SCALE, 14 * SCALE
_NAME_LENGTH = 20


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
    """`title`, shortened with dots to `width` pixels."""
    title = title[:_TITLE_LETTERS]
    if font(_TITLE_SIZE, title).getlength(title) <= width:
        return title
    while font(_TITLE_SIZE, title).getlength(title + "...") > width:
        title = title[:-1]
    return title.rstrip() + "..."


def draw_keyboard(draw: ImageDraw.ImageDraw, layout: Layout) -> None:
    """The keys beside the roll, with the name of every C; names of drums beside the lane."""
    if layout.roll:
        right = layout.roll.left - _KEYBOARD_GAP
        keys = Box(right - _KEYBOARD_WIDTH, layout.roll.top, right, layout.roll.bottom)
        draw.rectangle([keys.left, keys.top, keys.right - 1, keys.bottom - 1], fill=WHITE_KEY)
        for pitch in range(layout.low, layout.high + 1):
            _draw_key(draw, layout, keys, pitch)
    if layout.drums:
        _draw_drum_names(draw, layout, layout.drums)


def _draw_key(draw: ImageDraw.ImageDraw, layout: Layout, keys: Box, pitch: int) -> None:
    top, bottom = (int(row) for row in layout.pitch_rows(pitch))
    middle = (top + bottom) // 2
    if pitch % 12 in BLACK_PITCH_CLASSES:
        edge = keys.left + round(_KEYBOARD_WIDTH * _BLACK_SHARE)
        draw.line([(edge, middle), (keys.right - 1, middle)], fill=KEY_LINE)
        draw.rectangle([keys.left, top, edge, bottom - 1], fill=BLACK_KEY)
    elif (pitch + 1) % 12 not in BLACK_PITCH_CLASSES and pitch < layout.high:
        draw.line([(keys.left, top), (keys.right - 1, top)], fill=KEY_LINE)
    if pitch % 12 == 0:
        place = (keys.left - 5 * SCALE, middle)
        draw.text(place, f"C{pitch // 12 - 1}", fill=DIM_TEXT, font=font(LABEL_SIZE), anchor="rm")


def _draw_drum_names(draw: ImageDraw.ImageDraw, layout: Layout, lane: Box) -> None:
    right, height = lane.left - 5 * SCALE, lane.height / len(layout.drum_keys)
    if height < LABEL_SIZE * 0.8:
        draw.text((right, (lane.top + lane.bottom) // 2), "drums", fill=DIM_TEXT, font=font(LABEL_SIZE), anchor="rm")
        return
    for key in layout.drum_keys:
        top, bottom = (int(row) for row in layout.drum_rows(key))
        name = _DRUM_NAMES.get(key, f"drum {key}")
        size = min(LABEL_SIZE, round(height * 0.95))
        draw.text((right, (top + bottom) // 2), name, fill=DIM_TEXT, font=font(size), anchor="rm")


def draw_time(draw: ImageDraw.ImageDraw, piece: Piece, layout: Layout) -> None:
    """Bar lines where the piece has bars, else second lines; seconds below in both cases."""
    step_s = next((s for s in _STEPS_S if s / layout.span_s * layout.plot.width >= _LABEL_GAP), _STEPS_S[-1])
    seconds = np.arange(0, layout.span_s * (1 + 1e-9), step_s)
    columns = layout.x(seconds)
    bars = bar_ticks(piece) if has_bars(piece) else ()
    if 0 < len(bars) <= _MAX_BARS:
        _draw_bars(draw, layout, layout.x(piece.seconds_at(bars)))
    else:
        for column in columns.tolist():
            _vertical(draw, layout, column, STRONG_GRID)
    bottom = layout.plot.bottom
    for column, second in zip(columns.tolist(), seconds.tolist(), strict=True):
        draw.line([(column, bottom), (column, bottom + 4 * SCALE)], fill=DIM_TEXT, width=SCALE)
        anchor = "ra" if column > layout.plot.right - 14 * SCALE else "ma"
        draw.text((column, bottom + 8 * SCALE), clock(second), fill=DIM_TEXT, font=font(LABEL_SIZE), anchor=anchor)


def _draw_bars(draw: ImageDraw.ImageDraw, layout: Layout, columns: NDArray) -> None:
    """Lines at bars, or at every second, fourth … bar where they would crowd; numbers along the top."""
    spacing = max(1.0, float(np.median(np.diff(columns)))) if len(columns) > 1 else float(layout.plot.width)
    every = 2 ** max(0, int(np.ceil(np.log2(_BAR_GAP / spacing))))
    labelled = every * 2 ** max(0, int(np.ceil(np.log2(_BAR_LABEL_GAP / (spacing * every)))))
    for bar, column in list(enumerate(columns.tolist()))[::every]:
        has_label = bar % labelled == 0
        _vertical(draw, layout, column, STRONG_GRID if has_label else GRID)
        if has_label and column < layout.plot.right - 16 * SCALE:
            place = (column + 3 * SCALE, layout.plot.top + 2 * SCALE)
            draw.text(place, str(bar + 1), fill=DIM_TEXT, font=font(11 * SCALE), anchor="la")


def _vertical(draw: ImageDraw.ImageDraw, layout: Layout, column: int, colour: Colour) -> None:
    shade = mix(colour, SEED_TINT, SEED_SHADE) if column < layout.x(layout.seed_s) else colour
    for box in (layout.roll, layout.drums):
        if box:
            draw.line([(column, box.top), (column, box.bottom - 1)], fill=shade, width=SCALE)


def draw_parts(draw: ImageDraw.ImageDraw, layout: Layout) -> None:
    """'seed' and 'composed' above their parts, and the line between them."""
    if layout.seed_s <= 0:
        return
    plot, edge = layout.plot, int(layout.x(layout.seed_s))
    if edge < plot.right:
        for top in range(plot.top - 18 * SCALE, plot.bottom, 7 * SCALE):
            draw.line([(edge, top), (edge, min(top + 4 * SCALE, plot.bottom))], fill=DIVIDER, width=SCALE)
    _part_label(draw, "seed", plot.left, edge, plot.top, DIM_TEXT)
    _part_label(draw, "composed", edge, plot.right, plot.top, TEXT)


def _part_label(draw: ImageDraw.ImageDraw, name: str, left: int, right: int, top: int, colour: Colour) -> None:
    """`name` in the middle of its part, with a line to both ends; left out of a part that is too narrow."""
    middle, half = (left + right) // 2, round(font(LABEL_SIZE).getlength(name) / 2) + 5 * SCALE
    if right - left < 2 * half:
        return
    height, gap = top - 10 * SCALE, 4 * SCALE
    draw.text((middle, height), name, fill=colour, font=font(LABEL_SIZE), anchor="mm")
    for start, end in ((left + gap, middle - half), (middle + half, right - gap)):
        if end > start:
            draw.line([(start, height), (end, height)], fill=STRONG_GRID, width=SCALE)


def has_bars(piece: Piece) -> bool:
    """Whether meter and tempo are meaningful: the piece has its own maps, or onsets on sixteenths or triplets."""
    tempos, meters = piece.tempos, piece.meters
    is_default = len(tempos) == 1 and abs(int(tempos["quarter_us"][0]) - DEFAULT_QUARTER_US) <= 1
    if not is_default or len(meters) != 1 or (meters["numerator"][0], meters["denominator"][0]) != (4, 4):
        return True
    onsets, quarter = piece.notes["onset"], piece.ticks_per_quarter
    shares = []
    for parts in (4, 3):
        steps = onsets * parts / quarter
        shares.append(float(np.mean(np.abs(steps - np.rint(steps)) <= 1 / 8)))
    return max(shares) >= _ON_GRID_SHARE and len(onsets) > 1


def bar_ticks(piece: Piece) -> NDArray:
    """The tick of every bar line up to the piece's end, int64 (bars,); a change of meter begins a bar."""
    end = int((piece.notes["onset"] + piece.notes["duration"]).max())
    starts = [*piece.meters["tick"].tolist(), end + 1]
    spans = []
    for meter, start, stop in zip(piece.meters, starts, starts[1:], strict=False):
        bar = 4 * piece.ticks_per_quarter * int(meter["numerator"]) / int(meter["denominator"])
        spans.append(np.rint(np.arange(start, min(stop, end + 1), max(1.0, bar))).astype(np.int64))
    return np.concatenate(spans)


def clock(seconds: float) -> str:
    """`seconds` as minutes and seconds, with a tenth where there is one."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}" if rest % 1 else f"{int(minutes)}:{int(rest):02d}"


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
    """A short name for each of the instruments `numbers` of `piece`.

    It is the General MIDI name without brackets, or the piece's own name for it if several share one.
    """
    general = {number: _general_name(piece.instruments[number]) for number in numbers}
    shared = {name for name, count in Counter(general.values()).items() if count > 1}
    own = {number: drawable(piece.instruments[number].name) for number in numbers}
    return {
        number: (own[number] or name if name in shared else name)[:_NAME_LENGTH] for number, name in general.items()
    }


def _general_name(instrument: Instrument) -> str:
    return instrument_name(instrument).split(" (")[0]


def _width(names: dict[int, str], shown: list[int]) -> int:
    entries = sum(_entry_width(names[number]) for number in shown)
    more = _more(len(names) - len(shown))
    return entries + round(font(_SIZE).getlength(more)) if more else entries - _ENTRY_GAP


def _entry_width(name: str) -> int:
    return _SWATCH + _GAP + round(font(_SIZE, name).getlength(name)) + _ENTRY_GAP


def _more(count: int) -> str:
    return f"+{count} more" if count else ""

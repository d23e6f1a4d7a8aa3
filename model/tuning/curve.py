"""The curves of a run as a picture: what each epoch cost on the set's held-out pieces and on the base's own music.

Both are drawn in per cent of what they were before the first epoch, so that a gain on one and a loss on the other are
seen on one scale; from scratch there is no before, and nats per note are drawn.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from model.pictures.palette import BACKGROUND, DIM_TEXT, GRID, TEXT, WHITE_ROW, Colour
from model.pictures.roll_axes import drawable, font
from model.pictures.roll_layout import SCALE, Box
from model.tuning.choosing import MOST_FORGOTTEN, chosen_epoch
from model.tuning.progress import EpochFigures

WIDTH, HEIGHT = 640 * SCALE, 340 * SCALE
PLOT = Box(64 * SCALE, 62 * SCALE, WIDTH - 22 * SCALE, HEIGHT - 46 * SCALE)
TEXT_SIZE, TITLE_SIZE = 13 * SCALE, 17 * SCALE
TRAIN: Colour = (0x8A, 0x90, 0x9A)
VALIDATION: Colour = (0x56, 0xB4, 0xE9)
OLD: Colour = (0xE6, 0x9F, 0x00)
LINE, DOT = 3 * SCALE, 4 * SCALE
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
MOST_LINES = 7  # of the grid
NAMES = {VALIDATION: "your held-out pieces", OLD: "the base's own music", TRAIN: "while training"}

Curve = list[tuple[float, float]]  # epoch and value


def draw_curve(history: Sequence[EpochFigures], title: str = "") -> bytes:
    """The PNG of `history`, 1280 x 680 pixels; also for a run under way, as soon as epoch 0 was measured."""
    curves, unit = _curves(history)
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle([PLOT.left, PLOT.top, PLOT.right - 1, PLOT.bottom - 1], fill=WHITE_ROW)
    values = [value for curve in curves.values() for _, value in curve]
    if unit == "%":
        values += [100.0, 100.0 * (1 + MOST_FORGOTTEN)]
    scale = _Scale(values, max([1.0, *(figures.epoch for figures in history)]))
    _draw_grid(draw, scale, unit)
    for colour, curve in curves.items():
        _draw_line(draw, scale, curve, colour)
    if history:
        _draw_chosen(draw, scale, curves[VALIDATION], chosen_epoch(history).epoch)
    _draw_heading(draw, title, curves, unit)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _curves(history: Sequence[EpochFigures]) -> tuple[dict[Colour, Curve], str]:
    """Each curve by its colour, and the unit of their values."""
    found: dict[Colour, Curve] = {
        TRAIN: [(one.epoch, one.train_nats) for one in history if one.train_nats is not None],
        OLD: [(one.epoch, one.base_nats) for one in history if one.base_nats is not None],
        VALIDATION: [(one.epoch, one.val_nats) for one in history],
    }
    if not found[OLD]:
        # without a base epoch 0 is a network that knows nothing: it would press all others to the floor
        first = next((value for epoch, value in found[VALIDATION] if epoch == 1), None)
        if first is not None and found[VALIDATION][0][1] > 1.5 * first:
            found[VALIDATION] = found[VALIDATION][1:]
        return {colour: curve for colour, curve in found.items() if curve or colour == VALIDATION}, "nats"
    del found[TRAIN]  # of two kinds of music at once, so per cent of neither
    return {
        colour: [(epoch, 100 * value / curve[0][1]) for epoch, value in curve] for colour, curve in found.items()
    }, "%"


class _Scale:
    """Epochs and values to pixels."""

    def __init__(self, values: Sequence[float], epochs: float) -> None:
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        room = max((high - low) * 0.08, 0.05)
        self.low, self.high, self.epochs = low - room, high + room, epochs

    def x(self, epoch: float) -> float:
        return PLOT.left + 10 * SCALE + epoch / self.epochs * (PLOT.width - 20 * SCALE)

    def y(self, value: float) -> float:
        return PLOT.bottom - (value - self.low) / (self.high - self.low) * PLOT.height

    def steps(self) -> list[float]:
        """Round values within."""
        step = next((step for step in STEPS if (self.high - self.low) / step <= MOST_LINES), STEPS[-1])
        first = int(self.low // step) + 1
        return [step * number for number in range(first, int(self.high // step) + 1)]


def _draw_grid(draw: ImageDraw.ImageDraw, scale: _Scale, unit: str) -> None:
    for value in scale.steps():
        y = scale.y(value)
        draw.line([(PLOT.left, y), (PLOT.right - 1, y)], fill=GRID, width=SCALE)
        label = f"{value:g} %" if unit == "%" else f"{value:g}"
        draw.text((PLOT.left - 8 * SCALE, y), label, fill=DIM_TEXT, font=font(TEXT_SIZE), anchor="rm")
    every = max(1, round(scale.epochs / 12))
    for epoch in range(0, int(scale.epochs) + 1, every):
        place = (scale.x(epoch), PLOT.bottom + 8 * SCALE)
        draw.text(place, str(epoch), fill=DIM_TEXT, font=font(TEXT_SIZE), anchor="ma")
    place = ((PLOT.left + PLOT.right) / 2, HEIGHT - 6 * SCALE)
    draw.text(place, "epochs", fill=DIM_TEXT, font=font(TEXT_SIZE), anchor="md")


def _draw_line(draw: ImageDraw.ImageDraw, scale: _Scale, curve: Curve, colour: Colour) -> None:
    places = [(scale.x(epoch), scale.y(value)) for epoch, value in curve]
    if len(places) > 1:
        draw.line(places, fill=colour, width=LINE, joint="curve")
    for x, y in places:
        draw.ellipse([x - DOT, y - DOT, x + DOT, y + DOT], fill=colour)


def _draw_chosen(draw: ImageDraw.ImageDraw, scale: _Scale, curve: Curve, epoch: int) -> None:
    """A ring around the epoch that is kept."""
    for number, value in curve:
        if number == epoch and epoch > 0:
            x, y, radius = scale.x(number), scale.y(value), 2 * DOT
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=TEXT, width=2 * SCALE)


def _draw_heading(draw: ImageDraw.ImageDraw, title: str, curves: dict[Colour, Curve], unit: str) -> None:
    place = (18 * SCALE, 20 * SCALE)
    meaning = "surprise, % of the base's (lower is better)" if unit == "%" else "nats per note (lower is better)"
    draw.text(place, drawable(title)[:48] or "Fine-tuning", fill=TEXT, font=font(TITLE_SIZE), anchor="lm")
    draw.text((PLOT.right, 20 * SCALE), meaning, fill=DIM_TEXT, font=font(TEXT_SIZE), anchor="rm")
    x: float = PLOT.left
    for colour in (VALIDATION, OLD, TRAIN):
        if curves.get(colour):
            y = 46 * SCALE
            draw.ellipse([x, y - DOT, x + 2 * DOT, y + DOT], fill=colour)
            x += 2 * DOT + 6 * SCALE
            draw.text((x, y), NAMES[colour], fill=TEXT, font=font(TEXT_SIZE), anchor="lm")
            x += font(TEXT_SIZE).getlength(NAMES[colour]) + 22 * SCALE

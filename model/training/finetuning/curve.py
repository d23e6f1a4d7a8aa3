"""Learning curves of a fine-tuning run as a picture: training, the set's held-out pieces, the base's own music.

All three are nats per note on one scale. A ring marks the epoch that is kept; the legend says by how many per cent the
error changed from epoch 0 to that epoch.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from model.pictures.canvas import BACKGROUND, DIM_TEXT, GRID, TEXT, WHITE_ROW, Colour, drawable, font
from model.pictures.roll_layout import SCALE, Box
from model.training.finetuning.settings import EpochFigures, chosen_epoch

WIDTH, HEIGHT = 640 * SCALE, 340 * SCALE
PLOT = Box(64 * SCALE, 62 * SCALE, WIDTH - 22 * SCALE, HEIGHT - 46 * SCALE)
TEXT_SIZE, TITLE_SIZE = 13 * SCALE, 17 * SCALE
TRAIN: Colour = (0x8A, 0x90, 0x9A)
VALIDATION: Colour = (0x56, 0xB4, 0xE9)
OLD: Colour = (0xE6, 0x9F, 0x00)
LINE, DOT = 3 * SCALE, 4 * SCALE
STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
MOST_LINES = 7  # of the grid
KNOWS_NOTHING = 1.5  # times the cost of epoch 1
NAMES = {VALIDATION: "your held-out pieces", OLD: "the base model's own music", TRAIN: "in training"}

Curve = list[tuple[float, float]]  # epoch and value


def draw_curve(history: Sequence[EpochFigures], title: str = "") -> bytes:
    """The PNG of `history`, 1280 x 680 pixels. It needs at least epoch 0, so a run in progress can be drawn."""
    curves = _curves(history)
    values = [value for curve in curves.values() for _, value in curve]
    scale = _Scale(values, max([1.0, *(figures.epoch for figures in history)]))
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle([PLOT.left, PLOT.top, PLOT.right - 1, PLOT.bottom - 1], fill=WHITE_ROW)
    _draw_grid(draw, scale)
    kept = chosen_epoch(history).epoch if history else 0
    for colour, curve in curves.items():
        _draw_line(draw, scale, curve, colour)
        if kept and colour != TRAIN:
            _draw_kept(draw, scale, curve, kept)
    _draw_heading(draw, title)
    _draw_legend(draw, curves, kept)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _curves(history: Sequence[EpochFigures]) -> dict[Colour, Curve]:
    """Each non-empty curve by its colour."""
    validation: Curve = [(one.epoch, one.val_nats) for one in history]
    if len(validation) > 1 and validation[0][1] > KNOWS_NOTHING * validation[1][1]:
        validation = validation[1:]  # a network that knew nothing would press all other epochs to the floor
    found: dict[Colour, Curve] = {
        TRAIN: [(one.epoch, one.train_nats) for one in history if one.train_nats is not None],
        OLD: [(one.epoch, one.base_nats) for one in history if one.base_nats is not None],
        VALIDATION: validation,
    }
    return {colour: curve for colour, curve in found.items() if curve}


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


def _draw_grid(draw: ImageDraw.ImageDraw, scale: _Scale) -> None:
    for value in scale.steps():
        y = scale.y(value)
        draw.line([(PLOT.left, y), (PLOT.right - 1, y)], fill=GRID, width=SCALE)
        draw.text((PLOT.left - 8 * SCALE, y), f"{value:g}", fill=DIM_TEXT, font=font(TEXT_SIZE), anchor="rm")
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


def _draw_kept(draw: ImageDraw.ImageDraw, scale: _Scale, curve: Curve, epoch: int) -> None:
    """A ring around the epoch that is kept."""
    for number, value in curve:
        if number == epoch:
            x, y, radius = scale.x(number), scale.y(value), 2 * DOT
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=TEXT, width=2 * SCALE)


def _draw_heading(draw: ImageDraw.ImageDraw, title: str) -> None:
    middle, shown = 20 * SCALE, drawable(title)[:44] or "Fine-tuning"
    draw.text((18 * SCALE, middle), shown, fill=TEXT, font=font(TITLE_SIZE, shown), anchor="lm")
    meaning = "prediction error, lower is better"
    draw.text((PLOT.right, middle), meaning, fill=DIM_TEXT, font=font(TEXT_SIZE), anchor="rm")


def _draw_legend(draw: ImageDraw.ImageDraw, curves: dict[Colour, Curve], kept: int) -> None:
    x, y = float(18 * SCALE), 46 * SCALE
    for colour in (VALIDATION, OLD, TRAIN):
        if colour in curves:
            name = NAMES[colour] + ("" if colour == TRAIN else _change(curves[colour], kept))
            draw.ellipse([x, y - DOT, x + 2 * DOT, y + DOT], fill=colour)
            draw.text((x + 2 * DOT + 6 * SCALE, y), name, fill=TEXT, font=font(TEXT_SIZE), anchor="lm")
            x += 2 * DOT + font(TEXT_SIZE).getlength(name) + 24 * SCALE


def _change(curve: Curve, kept: int) -> str:
    """The change from epoch 0 to the kept epoch in per cent, if both are drawn."""
    values = dict(curve)
    return f" {100 * (values[kept] / values[0] - 1):+.1f} %" if kept and kept in values and 0 in values else ""

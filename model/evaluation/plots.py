"""Plots as SVG text, so that a report is one file that any browser opens and needs no plotting library.

Two kinds are enough: smoothed distributions of two sets, and bars. Sizes are in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from model.evaluation.distributions import GRID, MARGIN, bandwidth, smoothed

WIDTH, HEIGHT, FOOT = 360, 150, 22
COLOURS = {"composed": "#c2410c", "real": "#1d4ed8"}
BAR_HEIGHT, BAR_LABEL_WIDTH = 16, 110


def distributions(composed: Sequence[float | None], real: Sequence[float | None], unit: str) -> str:
    """The smoothed distributions of two sets of values as an SVG element, or a sentence where there are too few."""
    sets = {"real": _values(real), "composed": _values(composed)}
    if any(len(values) < 2 or bandwidth(values) == 0 for values in sets.values()):
        return "<p>All values are the same: nothing to draw.</p>"
    reach = MARGIN / 2 * max(bandwidth(values) for values in sets.values())
    together = np.concatenate(list(sets.values()))
    grid = np.linspace(together.min() - reach, together.max() + reach, GRID // 4)
    curves = {name: smoothed(values, bandwidth(values), grid) for name, values in sets.items()}
    highest = max(curve.max() for curve in curves.values())
    shapes = "".join(_curve(curve / highest, COLOURS[name]) for name, curve in curves.items())
    ticks = "".join(_tick(share, grid[0] + share * (grid[-1] - grid[0])) for share in (0.08, 0.36, 0.64, 0.92))
    label = f'<text x="{WIDTH / 2}" y="{HEIGHT + FOOT + 12}" text-anchor="middle">{escape(unit)}</text>'
    return _svg(WIDTH, HEIGHT + FOOT + 16, shapes + ticks + label)


def bars(shares: dict[str, float]) -> str:
    """Horizontal bars, one for each share 0..1, as an SVG element."""
    rows = []
    for row, (name, share) in enumerate(shares.items()):
        y = row * (BAR_HEIGHT + 4)
        length = share * (WIDTH - BAR_LABEL_WIDTH - 46)
        rows.append(
            f'<text x="{BAR_LABEL_WIDTH - 6}" y="{y + 12}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{BAR_LABEL_WIDTH}" y="{y}" width="{length:.1f}" height="{BAR_HEIGHT}" '
            f'fill="{COLOURS["composed"]}"/>'
            f'<text x="{BAR_LABEL_WIDTH + length + 5:.1f}" y="{y + 12}">{share:.0%}</text>'
        )
    return _svg(WIDTH, len(rows) * (BAR_HEIGHT + 4), "".join(rows))


def _values(values: Sequence[float | None]) -> np.ndarray:
    return np.array([value for value in values if value is not None], dtype=float)


def _curve(heights: np.ndarray, colour: str) -> str:
    xs = np.linspace(0, WIDTH, len(heights))
    ys = HEIGHT - heights * (HEIGHT - 6)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    return (
        f'<polygon points="0,{HEIGHT} {line} {WIDTH},{HEIGHT}" fill="{colour}" fill-opacity="0.18"/>'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
    )


def _tick(share: float, value: float) -> str:
    x = share * WIDTH
    return (
        f'<line x1="{x:.1f}" y1="{HEIGHT}" x2="{x:.1f}" y2="{HEIGHT + 4}" stroke="#888"/>'
        f'<text x="{x:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{value:.3g}</text>'
    )


def _svg(width: float, height: float, content: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">{content}</svg>'

"""Plots of a report as SVG text, drawn with matplotlib; the report embeds them, so it stays one file."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from model.evaluation.distributions import GRID, MARGIN, bandwidth, smoothed

WIDTH, HEIGHT = 3.75, 1.9  # inches
BAR_HEIGHT = 0.19
COLOURS = {"composed": "#c2410c", "real": "#1d4ed8"}
TEXT = "#808080"  # readable on a light and on a dark page


def plot_distributions(composed: Sequence[float | None], real: Sequence[float | None], unit: str) -> str:
    """The smoothed distributions of two sets of values as an SVG element, or a sentence if there are too few."""
    sets = {"real": _values(real), "composed": _values(composed)}
    if any(len(values) < 2 or bandwidth(values) == 0 for values in sets.values()):
        return "<p>All values are the same: nothing to draw.</p>"
    reach = MARGIN / 2 * max(bandwidth(values) for values in sets.values())
    together = np.concatenate(list(sets.values()))
    grid = np.linspace(together.min() - reach, together.max() + reach, GRID // 4)
    figure, axes = _figure(HEIGHT)
    for name, values in sets.items():
        density = smoothed(values, bandwidth(values), grid)
        axes.plot(grid, density, color=COLOURS[name], linewidth=1.5)
        axes.fill_between(grid, density, color=COLOURS[name], alpha=0.18, linewidth=0)
    axes.set_xlabel(unit, color=TEXT, fontsize=8)
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    return _svg(figure)


def plot_bars(shares: dict[str, float]) -> str:
    """One horizontal bar for each share 0..1, as an SVG element."""
    figure, axes = _figure(BAR_HEIGHT * len(shares) + 0.3)
    bars = axes.barh(list(shares), list(shares.values()), color=COLOURS["composed"])
    axes.bar_label(bars, [f"{share:.0%}" for share in shares.values()], padding=3, color=TEXT, fontsize=8)
    axes.set_xlim(0, 1.15)
    axes.set_xticks([])
    axes.invert_yaxis()
    return _svg(figure)


def _values(values: Sequence[float | None]) -> np.ndarray:
    return np.array([value for value in values if value is not None], dtype=float)


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(labelsize=8, colors=TEXT, length=3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(TEXT)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The figure as an <svg> element, without the XML preamble and the metadata."""
    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none"}):  # text stays text
        FigureCanvasSVG(figure).print_svg(
            buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = buffer.getvalue()
    return text[text.index("<svg") :].strip()

"""How speed changes with what is asked: three plots for docs/performance.md, and their figures as JSON.

Notes a second against pieces side by side, and against the width of the stack; the wait for a piece against how many
are asked for at once. `python -m benchmarks curves` takes some minutes.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.system import LENGTH_S, requests

SLOTS = (1, 2, 4, 8, 16, 32, 64)
WIDTHS = (256, 384, 512, 768, 1024)
WAITING = (1, 2, 4, 8, 16, 32)
ROUNDS = 3  # of each point of the first two; the best counts
NOTES, FEWEST_NOTES = 1280, 96  # of all pieces in a round, and of each at least
DATA = "performance.json"


@dataclass(frozen=True)
class Curve:
    """Points of one plot; `xs` and `ys` are as long as each other."""

    name: str
    title: str
    x: str
    y: str
    xs: list[float]
    ys: list[float]


def draw(folder: Path) -> list[Path]:
    """Measure every curve and write its plot and the JSON of all into `folder`; the paths."""
    found = [slots(), width(), waiting()]
    return write(folder, found)


def slots(counts: Sequence[int] = SLOTS, units: int = 512) -> Curve:
    """Notes a second of so many pieces side by side."""
    ys = [_fastest(count, units) for count in counts]
    return Curve("slots", "Pieces side by side, 3 x LSTM 512", "pieces", "notes a second", list(counts), ys)


def width(widths: Sequence[int] = WIDTHS) -> Curve:
    """Notes a second of one piece, by the number of cells in each of three layers."""
    ys = [_fastest(1, units) for units in widths]
    return Curve("width", "One piece, three layers", "cells of each layer", "notes a second", list(widths), ys)


def waiting(counts: Sequence[int] = WAITING) -> Curve:
    """Seconds until the middle one of so many requests is done, all asked at once of one worker."""
    ys = asyncio.run(_waits(counts))
    title = f"Requests at once, {LENGTH_S:.0f} s of music each, files and all"
    return Curve("waiting", title, "requests", "seconds to the median reply", list(counts), ys)


def write(folder: Path, found: list[Curve]) -> list[Path]:
    """The plots as SVG and the figures as JSON, in `folder`, which is made if need be; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / DATA
    data.write_text(json.dumps([asdict(curve) for curve in found], indent=1) + "\n", encoding="utf-8")
    return [data, *(_plot(folder / f"performance-{curve.name}.svg", curve) for curve in found)]


def _fastest(count: int, units: int) -> float:
    """Notes a second of `count` pieces side by side, the best of some rounds."""
    from benchmarks.drawing import Ours

    ours = Ours(slots=count, units=units, notes=max(FEWEST_NOTES, NOTES // count))
    try:
        return max(ours.round() for _ in range(ROUNDS))
    finally:
        ours.close()


async def _waits(counts: Sequence[int]) -> list[float]:
    from benchmarks.system import running

    with tempfile.TemporaryDirectory(prefix="cadenza-bench-") as state:
        async with running(Path(state)) as system:
            await system.compose(requests("warm", 2, LENGTH_S))
            medians = []
            for count in counts:
                results = await system.compose(requests(f"of-{count}", count, LENGTH_S))
                medians.append(sorted(result.timings["total"] for result in results)[count // 2])
    return medians


def _plot(path: Path, curve: Curve) -> Path:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": curve.name, "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        axes = figure.add_subplot(title=curve.title, xlabel=curve.x, ylabel=curve.y)
        axes.plot(curve.xs, curve.ys, "o-", color="#1d4ed8")
        axes.set_xscale("log", base=2)
        axes.set_xticks(curve.xs, [f"{x:g}" for x in curve.xs], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        figure.savefig(path, metadata={"Date": None})
    return path

"""Renders the figures of a report as one self-contained HTML page, with plots as embedded SVG."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from model.evaluation.distributions import GRID, MARGIN, bandwidth, smoothed

STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { padding: .25rem .7rem; text-align: left; border-bottom: 1px solid #8884 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem }
figure { margin: 0 }
svg text { font: 11px system-ui, sans-serif; fill: currentColor }
.composed { color: #c2410c } .real { color: #1d4ed8 }
"""
OVERLAPS = (
    "Overlap is the area under the lower of the two smoothed curves: 1 means the sets are indistinguishable. The "
    "ceiling is the overlap of two random halves of the real music (Yang and Lerch 2020)."
)
LISTENING_INTRO = (
    "Silence, gaps, bursts and walls of notes, whether melodies return, how the music ends: what one hears first."
)
RUNS_MEANING = (
    "Runs are compared by their intervals alone, so a copy in another key or rhythm counts as found. The human column "
    "is music by people from outside the training set, cut to the same length and looked up in the same index. For a "
    "reference piece that is in the training set, only runs that another training piece also has count."
)

CONTINUATION_LABELS = {
    "key": "keeps the key",
    "tempo": "keeps the tempo",
    "phrases": "share of its 4-grams already in the seed",
}
WIDTH, HEIGHT = 3.75, 1.9  # inches
BAR_HEIGHT = 0.19
COLOURS = {"composed": "#c2410c", "real": "#1d4ed8"}
TEXT = "#808080"  # readable on a light and on a dark page


def render_report(figures: dict[str, Any]) -> str:
    """The HTML document for the figures that `report_data` returns."""
    reference = figures["reference"]
    title = f"Report on {figures['bundle']} {figures['version']}"
    intro = (
        f"{figures['pieces']} pieces of {figures['length_s']:g} seconds at default settings, beside "
        f"{reference['excerpts']} excerpts as long out of {reference['pieces']} real pieces ({reference['name']}, "
        f"split: {reference['split']}; sustain pedal applied)."
    )
    body = [
        f"<h1>{escape(title)}</h1><p>{escape(intro)}</p>",
        _verdicts(figures["verdicts"]),
        _degeneration(figures["degeneration"]),
        _metrics("What a listener hears", LISTENING_INTRO, figures["listening"]),
        _metrics("Set metrics", OVERLAPS, figures["set_metrics"]),
        _originality(figures["originality"]),
        _control_accuracy(figures["length"], figures["obedience"]),
        _continuation(figures["continuation"]),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body>{''.join(body)}</body></html>\n"
    )


def number(value: object) -> str:
    """A value as text: at most three decimals, '–' for None."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {number(part)}" for name, part in value.items())
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """An HTML table; everything that is not a string is aligned as a number."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="number">{escape(number(value))}</td>'


def _words(name: str) -> str:
    return name.replace("_", " ")


def _verdicts(rows: list[dict[str, Any]]) -> str:
    lines = (
        (
            _words(row["figure"]),
            row["value"],
            row["must"],
            "yes" if row["meets"] else "NO",
            row["aim"],
            "yes" if row["reaches"] else "no",
        )
        for row in rows
    )
    return "<h2>Goals</h2>" + table(("figure", "value", "must", "met", "aim", "reached"), lines)


def _degeneration(counts: dict[str, Any]) -> str:
    rows = ((meaning, counts["composed"][name], counts["real"][name]) for name, meaning in counts["meanings"].items())
    head = ("pieces in which", f"composed, of {counts['composed_of']}", f"real, of {counts['real_of']}")
    return "<h2>Degeneration</h2>" + table(head, rows)


def _metrics(title: str, intro: str, metrics: dict[str, dict[str, Any]]) -> str:
    names = (
        "composed_mean", "composed_spread", "real_mean", "real_spread", "off_by", "overlap", "overlap_of_distances",
        "ceiling",
    )  # fmt: skip
    rows = ((f"{_words(name)} ({one['unit']})", *(one.get(part) for part in names)) for name, one in metrics.items())
    plots = "".join(
        f"<figure><figcaption>{escape(_words(name))}</figcaption>"
        f"{plot_distributions(one['values']['composed'], one['values']['real'], one['unit'])}</figure>"
        for name, one in metrics.items()
    )
    key = '<span class="composed">composed</span> and <span class="real">real</span>'
    return (
        f"<h2>{escape(title)}</h2><p>{escape(intro)} 'Off by' is in standard deviations of the real set.</p>"
        f"{table(('metric', *map(_words, names)), rows)}<p>{key}</p><div class='plots'>{plots}</div>"
    )


def _originality(found: dict[str, Any] | None) -> str:
    head = "<h2>Originality</h2>"
    if found is None:
        return head + "<p>The bundle has no index of its training set: name the set with --training.</p>"
    names = [name for name in found["composed"] if name != "values"]
    rows = ((_words(name), found["composed"][name], found["human"][name]) for name in names)
    plot = plot_distributions(
        found["composed"]["values"]["longest_run"], found["human"]["values"]["longest_run"], "notes"
    )
    kept = ", ".join(f"{kept} of {notes} notes" for notes, kept in found["kept"].items())
    return (
        f"{head}<p>{escape(RUNS_MEANING)} Looked up in {escape(found['index'])}: {escape(kept)}; "
        f"{escape(found['human_left_out'])}.</p>{table(('', 'composed', 'human'), rows)}"
        f"<figure><figcaption>longest run found in a piece</figcaption>{plot}</figure>"
    )


def _control_accuracy(length: dict[str, Any], obedience: dict[str, Any]) -> str:
    parts = ["<h2>Controls: requested and found</h2>"]
    for name, figures in {"length, at defaults": length, **obedience}.items():
        plain = [(_words(part), value) for part, value in figures.items() if not isinstance(value, dict)]
        plots = "".join(plot_bars(figures[part]) for part in ("by_key",) if part in figures)
        rates = [(f"notes per second at {level}", rate) for level, rate in figures.get("notes_per_second", {}).items()]
        parts.append(f"<h3>{escape(_words(name))}</h3>{table(('', ''), [*plain, *rates])}{plots}")
    return "".join(parts)


def _continuation(figures: dict[str, Any]) -> str:
    rows = (
        (label, *(figures[who].get(name) for who in ("composed", "real", "of_real")))
        for name, label in CONTINUATION_LABELS.items()
    )
    intro = (
        f"{figures['seeds']} seeds of {figures['seed_s']:g} seconds, each continued for {figures['length_s']:g} by the "
        "network and by its composer."
    )
    return f"<h2>Continuations</h2><p>{intro}</p>{table(('', 'composed', 'real', 'composed of real'), rows)}"


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

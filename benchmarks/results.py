"""What a part of the benchmark is, its result, and how results are shown: a table for people, JSON for programs.

A result is a figure of Cadenza, one of a baseline, and their ratio. Both are measured in the same run, because figures
depend on the machine and its load; the ratio of two figures of one run depends on them less.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SECONDS = "s"  # the only unit in which less is better


class BenchmarkError(Exception):
    """Something cannot be measured here; the text is a sentence."""


@dataclass(frozen=True)
class Measured:
    """Cadenza's figure (ours) and the baseline's, in the same unit.

    Attributes:
        unit: of both figures; `SECONDS`, or a unit in which more is better.
        ours: Cadenza's figure.
        baseline: the figure that it is compared with.
        against: what the baseline is, in a few words.
        counted: which of the rounds the figures come from.
        details: further figures by name; plain JSON.
    """

    unit: str
    ours: float
    baseline: float
    against: str
    counted: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How many times better than the baseline ours is; if the baseline is a limit, the share reached, 0..1."""
        return self.baseline / self.ours if self.unit == SECONDS else self.ours / self.baseline


@dataclass(frozen=True)
class Part:
    """One thing that is measured, and its goals.

    Attributes:
        name: as on the command line.
        says: what the ratio is, in one sentence.
        must: the ratio that is required.
        aim: the ratio that is aimed for.
        measure: takes the measurement, in some ten seconds; imports heavy libraries only when it is called.
    """

    name: str
    says: str
    must: float
    aim: float
    measure: Callable[[], Measured]

    def met(self, ratio: float) -> str:
        """'aim', 'must' or 'no': the highest of its goals that `ratio` reaches."""
        return "aim" if ratio >= self.aim else "must" if ratio >= self.must else "no"


HEAD = ("part", "ours", "baseline", "unit", "ratio", "must", "aim", "met")
Json = dict[str, Any]


@dataclass(frozen=True)
class FailedPart:
    """A part that could not be measured, and why, in a sentence."""

    sentence: str


def as_json(part: Part, measured: Measured) -> Json:
    """The JSON object of one part: ratio, goals, and the raw figures."""
    return {
        "part": part.name,
        "says": part.says,
        "ratio": measured.ratio,
        "must": part.must,
        "aim": part.aim,
        "met": part.met(measured.ratio),
        "unit": measured.unit,
        "ours": measured.ours,
        "baseline": measured.baseline,
        "against": measured.against,
        "counted": measured.counted,
        "cores": os.cpu_count(),
        "processor": _processor(),
        **measured.details,
    }


def text(objects: Json) -> str:
    """An object on one line."""
    return json.dumps(objects, ensure_ascii=False)


def table(parts: Iterable[Part], objects: Mapping[str, Json | FailedPart]) -> str:
    """An aligned table with a row for each of `parts` in `objects`, and below it what each ratio means."""
    chosen = [part for part in parts if part.name in objects]
    rows = [HEAD, *(_row(part, objects[part.name]) for part in chosen)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join([*lines, "", *(f"{part.name}: {part.says}" for part in chosen)])


def _row(part: Part, found: Json | FailedPart) -> tuple[str, ...]:
    if isinstance(found, FailedPart):
        return (part.name, "-", "-", "-", "-", _ratio(part.must), _ratio(part.aim), "failed")
    figures = (_figure(found["ours"], found["unit"]), _figure(found["baseline"], found["unit"]), found["unit"])
    return (part.name, *figures, _ratio(found["ratio"]), _ratio(part.must), _ratio(part.aim), found["met"])


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """Right-align figures and left-align words."""
    words = {0, HEAD.index("unit"), HEAD.index("met")}
    return [
        cell.ljust(width) if column in words else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _figure(value: float, unit: str) -> str:
    if unit == SECONDS:
        return f"{value:,.2f}"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _processor() -> str:
    """The name of the processor if the system tells it, else its architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as told:
            names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()

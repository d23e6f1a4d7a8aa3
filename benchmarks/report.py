"""The results as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import SECONDS, Measured, Part

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

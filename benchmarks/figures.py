"""A part of the benchmark and its result: a figure of Cadenza, one of a baseline, and their ratio.

Both are measured in the same run, because figures depend on the machine and its load; the ratio of two figures of one
run depends on them less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

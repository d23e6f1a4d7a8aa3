"""What a part of the benchmark is and what comes of it: a figure of ours, one of a baseline, and their ratio.

Every part is measured against something in the same run, because figures depend on the machine and on what else it
does; the ratio of two figures of one run depends on it less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SECONDS = "s"  # the one unit of which less is better


@dataclass(frozen=True)
class Measured:
    """Ours and the baseline, in the same unit.

    Attributes:
        unit: of both figures; `SECONDS`, or something of which more is better.
        ours: what Cadenza reached.
        baseline: what it is held against.
        against: what the baseline is, in a few words.
        counted: which of the measured rounds count.
        details: everything else that was measured, by name; plain JSON.
    """

    unit: str
    ours: float
    baseline: float
    against: str
    counted: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How many times better than the baseline ours is; where the baseline is a limit, the share of it, 0..1."""
        return self.baseline / self.ours if self.unit == SECONDS else self.ours / self.baseline


@dataclass(frozen=True)
class Part:
    """One thing that is measured, and how good it has to be.

    Attributes:
        name: as on the command line.
        says: what the ratio is, in one sentence.
        must: the least ratio that is good enough.
        aim: the ratio that is hoped for.
        measure: takes the measurement, in some ten seconds; loads what is heavy when it is called, not before.
    """

    name: str
    says: str
    must: float
    aim: float
    measure: Callable[[], Measured]

    def met(self, ratio: float) -> str:
        """'aim', 'must' or 'no': the highest of its goals that `ratio` reaches."""
        return "aim" if ratio >= self.aim else "must" if ratio >= self.must else "no"

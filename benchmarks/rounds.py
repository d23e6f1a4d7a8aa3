"""Two things measured in turn, so that what else the machine does falls on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Round = Callable[[], float]  # does some work and returns a rate (more is better) or seconds, as its caller says
ROUND_S = 5.0  # that a round of training should take; on a slow machine it has fewer batches


@dataclass(frozen=True)
class Rounds:
    """What every round of the two gave, in the order in which they ran."""

    baseline: list[float]
    ours: list[float]

    def fastest(self) -> tuple[float, float]:
        """The highest rate of ours and of the baseline: each of its round that was disturbed least."""
        return max(self.ours), max(self.baseline)

    def shortest(self) -> tuple[float, float]:
        """The least seconds of ours and of the baseline."""
        return min(self.ours), min(self.baseline)

    def medians(self) -> tuple[float, float]:
        """The middle of ours and of the baseline, where single rounds differ by nature."""
        return median(self.ours), median(self.baseline)


def in_turn(baseline: Round, ours: Round, rounds: int) -> Rounds:
    """`rounds` rounds of each, one after the other: baseline, ours, baseline, ours …; both must be warm already."""
    if rounds < 1:
        raise ValueError(f"{rounds} rounds measure nothing")
    found = Rounds([], [])
    for _ in range(rounds):
        found.baseline.append(baseline())
        found.ours.append(ours())
    return found


def as_many_as_fit(seconds_each: float, most: int) -> int:
    """How many pieces of work that take `seconds_each` make a round of about `ROUND_S`, 1..most."""
    return max(1, min(most, int(ROUND_S / seconds_each)))


def best_of(rounds: int) -> str:
    """The words for `Rounds.fastest` and `Rounds.shortest`."""
    return f"the best of {rounds} rounds of each, in turn"

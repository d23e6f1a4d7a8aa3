"""Measures two things in turn, so that other load on the machine affects both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Round = Callable[[], float]  # does some work and returns a rate (more is better) or seconds
ROUND_S = 5.0  # length of a round of training; on a slow machine it has fewer batches


@dataclass(frozen=True)
class Rounds:
    """The results of all rounds, in the order they ran."""

    baseline: list[float]
    ours: list[float]

    def fastest(self) -> tuple[float, float]:
        """The highest rate of ours and of the baseline, from the rounds that were disturbed least."""
        return max(self.ours), max(self.baseline)

    def shortest(self) -> tuple[float, float]:
        """The fewest seconds of ours and of the baseline."""
        return min(self.ours), min(self.baseline)

    def medians(self) -> tuple[float, float]:
        """The medians of ours and of the baseline, for rounds that differ by nature."""
        return median(self.ours), median(self.baseline)


def in_turn(baseline: Round, ours: Round, rounds: int) -> Rounds:
    """Run `rounds` rounds of each alternately: baseline, ours, baseline, ours …; both must be warmed up."""
    if rounds < 1:
        raise ValueError(f"at least one round is needed, not {rounds}")
    found = Rounds([], [])
    for _ in range(rounds):
        found.baseline.append(baseline())
        found.ours.append(ours())
    return found


def as_many_as_fit(seconds_each: float, most: int) -> int:
    """How many pieces of work of `seconds_each` fill a round of about `ROUND_S`, 1..most."""
    return max(1, min(most, int(ROUND_S / seconds_each)))


def best_of(rounds: int) -> str:
    """Describes `Rounds.fastest` and `Rounds.shortest` in words."""
    return f"the best of {rounds} rounds of each, in turn"

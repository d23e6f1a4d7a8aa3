"""Measures two things in turn, so that other load on the machine affects both; one of them may need its own process.

`RoundProcess` starts the process, for work that needs another backend or other threads, and asks for rounds; `serve`
answers in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType

from benchmarks.results import BenchmarkError

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


ROOT = Path(__file__).parents[1]
READY = "ready"


class RoundProcess(AbstractContextManager["RoundProcess"]):
    """`python -m MODULE ARGUMENTS` as a round. A context manager: leaving it ends the process."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        """Start the process and return when it is warmed up.

        Raises:
            BenchmarkError: it ended first.
        """
        self._name = " ".join((module, *arguments))
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while self._line() != READY:
            pass  # libraries may print something while they are imported

    def __call__(self) -> float:
        """Run one round.

        Raises:
            BenchmarkError: the process ended meanwhile.
        """
        if self._process.stdin is None:
            raise BenchmarkError(f"{self._name} has no standard input.")
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error
        return float(self._line())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise self._ended()
        return line.strip()

    def _ended(self) -> BenchmarkError:
        return BenchmarkError(f"{self._name} ended with code {self._process.wait()}; its messages are above.")


def serve(round_of_work: Callable[[], float]) -> None:
    """Answer every line of standard input with the result of a round, until the input ends."""
    print(READY, flush=True)  # noqa: T201 - the answer
    for _ in sys.stdin:
        print(repr(round_of_work()), flush=True)  # noqa: T201 - the answer

"""Runs rounds in a process of their own, for work that needs another backend or other threads than this process.

`RoundProcess` starts the process and asks for rounds; `serve` answers in it. It waits between two rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from benchmarks.figures import BenchmarkError

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

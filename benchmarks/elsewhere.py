"""A round that is measured in a process of its own, where it must not share this one: another backend, other threads.

Here `Elsewhere` starts it and asks for rounds; there `serve` answers. Between two rounds that process waits.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from benchmarks.errors import BenchmarkError

ROOT = Path(__file__).parents[1]
READY = "ready"


class Elsewhere(AbstractContextManager["Elsewhere"]):
    """`python -m MODULE ARGUMENTS` as a round; use it within `with`, which ends the process."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        """Start the process and come back when it is warm.

        Raises:
            BenchmarkError: it ended before.
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
            pass  # libraries may greet on standard output while they are imported

    def __call__(self) -> float:
        """One round.

        Raises:
            BenchmarkError: the process ended meanwhile.
        """
        if self._process.stdin is None:
            raise BenchmarkError(f"{self._name} cannot be asked for a round.")
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
        return BenchmarkError(f"{self._name} ended with code {self._process.wait()}; what it said stands above.")


def serve(round_of_work: Callable[[], float]) -> None:
    """Answer every line of standard input with what a round gave, until the input ends."""
    print(READY, flush=True)  # noqa: T201 - the answer
    for _ in sys.stdin:
        print(repr(round_of_work()), flush=True)  # noqa: T201 - the answer

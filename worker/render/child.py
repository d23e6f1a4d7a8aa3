"""The worker's hold on one render process. Not shared between threads: the pool lends it to one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from worker.render.frames import PipeClosedError, receive, send
from worker.render.settings import RenderSettings

_ROOT = Path(__file__).parents[2]
_END_S = 2.0  # a killed process is gone long before

# The process gets no tokens and no passwords: it needs none.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "HOMEBREW_PREFIX")


class ChildLostError(Exception):
    """Raised when the process ended, or was ended because its time was over: `timed_out` tells which."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__("timed out" if timed_out else "ended")
        self.timed_out = timed_out


class Child:
    """A render process. Starting returns at once; the first request waits until it is warm.

    It is started by exec, never by a bare fork (the worker holds TensorFlow and threads), and ends when the worker
    does, even by kill -9, since its input ends then.
    """

    def __init__(self, settings: RenderSettings) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "worker.render.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"},
        )
        self._is_warm = False
        with suppress(PipeClosedError):  # one that dies at once is noticed when it is asked
            send(self._pipes[0], settings.model_dump(mode="json"))

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise PipeClosedError
        return stdin, stdout

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ask(self, head: dict[str, Any], body: bytes, deadline: float) -> tuple[dict[str, Any], bytes]:
        """Send one request and wait for its answer, until `deadline` (`time.monotonic` seconds).

        Raises:
            ChildLostError: the process ended or its time was over; it is dead now.
        """
        with self._killed_at(deadline) as is_over:
            try:
                requests, answers = self._pipes
                if not self._is_warm:
                    receive(answers)
                    self._is_warm = True
                send(requests, head, body)
                return receive(answers)
            except PipeClosedError as error:
                self.kill()
                raise ChildLostError(timed_out=is_over.is_set()) from error

    @contextmanager
    def _killed_at(self, deadline: float) -> Iterator[threading.Event]:
        """Kill the process at `deadline`, which ends any wait for it; the event tells that this happened."""
        is_over = threading.Event()

        def end() -> None:
            is_over.set()
            self._process.kill()

        timer = threading.Timer(max(0.0, deadline - time.monotonic()), end)
        timer.daemon = True
        timer.start()
        try:
            yield is_over
        finally:
            timer.cancel()

    def kill(self) -> None:
        """End the process; harmless when it has ended. Safe from any thread."""
        self._process.kill()
        self._process.wait(timeout=_END_S)
        for pipe in self._pipes:
            with suppress(OSError):  # what was still to be written has no reader
                pipe.close()

"""The child process of one training, whose reports a job reads one by one.

It may be killed at any moment: its folder holds all that the next process needs. It ends when this worker ends.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

from model.isolated import IsolatedError, IsolatedProcess
from model.training.finetuning.process import run_task

LOG = "log.txt"


class TrainingProcess:
    """A training process that works in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._process = IsolatedProcess(run_task(), log_to=folder / LOG)
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(folder,), name="training-reader", daemon=True).start()

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def _run(self, folder: Path) -> None:
        order = {"folder": str(folder), "is_background": True}
        try:
            answer, _ = self._process.call(order, timeout_s=None, on_told=self._said.put)
            self._said.put(answer)
        except IsolatedError:
            pass  # the end of its messages says that it died; its log says why
        finally:
            self._said.put(None)

    def receive(self, longest_s: float) -> dict[str, Any]:
        """Its next message: progress, or the verdict or error that ends it.

        Raises:
            TimeoutError: nothing for `longest_s` seconds.
            EOFError: there are no more messages.
        """
        try:
            said = self._said.get(timeout=longest_s)
        except queue.Empty as error:
            raise TimeoutError from error
        if said is None:
            raise EOFError
        return said

    def stop(self) -> None:
        """Ask it to end after the batch under way and to judge what it has."""
        self._process.stop()

    def end(self) -> int:
        """End it at once, if it has not ended; its exit status."""
        return self._process.kill()


def end_of_log(folder: Path, lines: int = 20) -> str:
    """The last lines of the process's own log."""
    try:
        return "\n".join((folder / LOG).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""

"""The process of one training, which writes JSON, one message a line: `python -m model.training.finetuning FOLDER`, or
`python -m model.classic FOLDER` for a preset of the classic kind.

It is started by exec. It ends when this worker ends, even by kill -9, because its standard input ends then. It may be
killed at any moment: its folder holds all that the next process needs.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from model.network.config import PRESETS

_ROOT = Path(__file__).parents[2]
_END_S = 5.0  # a killed process is gone long before
LOG = "log.txt"
FINETUNING, CLASSIC = "model.training.finetuning", "model.classic"


def module_of(preset: str | None) -> str:
    """The module whose process performs a training with this preset, None where it begins with a base."""
    config = None if preset is None else PRESETS.get(preset)
    return CLASSIC if config is not None and config.window else FINETUNING


# The process gets no tokens and no passwords: it needs none. Those of a store far away are the store's own to name.
_PASSED_ON = (
    "PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
    "CADENZA_CACHE", "CADENZA_MACHINE_CODE",
)  # fmt: skip
_PASSED_PREFIXES = ("AWS_", "FSSPEC_", "GOOGLE_", "AZURE_")


class TrainingProcess:
    """A training process that works in `folder`; `module` is what performs it."""

    def __init__(self, folder: Path, module: str = FINETUNING) -> None:
        known = {name: value for name, value in os.environ.items() if _is_passed_on(name)}
        with (folder / LOG).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**known, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"},
            )
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="training-reader", daemon=True).start()

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def _read(self) -> None:
        try:
            for line in self._pipe:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # a library that prints on standard output
                if isinstance(said, dict):
                    self._said.put(said)
        finally:  # however reading ends: else whoever waits for the process would wait for ever
            self._said.put(None)

    @property
    def _pipe(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise LookupError("the training process was started without a pipe")
        return self._process.stdout

    def receive(self, longest_s: float) -> dict[str, Any]:
        """Its next message.

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
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """End it at once, if it has not ended; its exit status."""
        if self._process.poll() is None:
            self._process.kill()
        status = self._process.wait(_END_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return status


def _is_passed_on(name: str) -> bool:
    return name in _PASSED_ON or name.startswith(_PASSED_PREFIXES)


def end_of_log(folder: Path, lines: int = 20) -> str:
    """The last lines of the process's own log."""
    try:
        return "\n".join((folder / LOG).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""

"""Fine-tuning as a process of its own: an order in a folder, one JSON object a line on standard output.

While it runs, each line is a `TuningProgress`; the last one is `{"verdict": …}`, or `{"error": SENTENCE}` with exit
status 1. SIGTERM ends training after the update under way; what is the best so far is kept and judged, exit status 0.
The end of standard input says that whoever started it is gone: it exits at once; the checkpoint is safe, being replaced
whole. Only one process works in a folder at a time.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from model.errors import ModelError, RequestError

LOCK = "lock"
LOST_PARENT = 3  # exit status after the end of standard input
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS")
NICENESS = 19

log = logging.getLogger(__name__)


def main(folder: Path) -> int:
    """Carry out the order in `folder`; returns the exit status."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: _on_stop(stop, number, frame))
    lines = _own_standard_output()
    threading.Thread(target=_watch_parent, daemon=True).start()
    be_humble()
    try:
        with locked(folder):
            verdict = _carried_out(folder, lines, stop)
    except ModelError as error:
        lines.say({"error": error.sentence})
        return 1
    except Exception:
        log.exception("fine-tuning in %s failed", folder)
        lines.say({"error": "Fine-tuning failed for a reason that nobody foresaw; the log of its process has it."})
        return 1
    lines.say({"verdict": verdict})
    return 0


def _carried_out(folder: Path, lines: Lines, stop: threading.Event) -> dict:
    from model.tuning.order import read_order

    order = read_order(folder)
    use_threads(order.settings.threads)
    from model.tuning.tuning import tune  # late: it loads TensorFlow, which asks for the number of threads once

    verdict = tune(
        order.start(),
        order.data,
        folder,
        order.settings,
        order.about,
        on_progress=lambda progress: lines.say(progress.model_dump()),
        should_stop=stop.is_set,
    )
    return verdict.model_dump()


class Lines:
    """Standard output as lines of JSON; whoever reads them may be gone."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, value: dict) -> None:
        """Write one object, in one line."""
        data = (json.dumps(value) + "\n").encode()
        with suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def _own_standard_output() -> Lines:
    """Where lines go; all else that prints goes to standard error from now on, libraries in C included."""
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return Lines(descriptor)


def _on_stop(stop: threading.Event, number: int, frame: FrameType | None) -> None:
    stop.set()


def _watch_parent() -> None:
    """Exit at once when standard input ends."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(LOST_PARENT)


def be_humble() -> None:
    """Run only when nobody else wants the processor: SCHED_IDLE where the system has it, else the highest niceness."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        with suppress(OSError):
            os.nice(NICENESS)


def use_threads(threads: int | None) -> None:
    """Let libraries that are loaded later compute on so many threads; on all cores where None."""
    if threads is not None:
        os.environ.update(dict.fromkeys(THREADS, str(threads)))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else works in `folder` meanwhile; the lock goes with the process, however that ends.

    Raises:
        RequestError: when somebody does, or there is no such folder.
    """
    try:
        file = (folder / LOCK).open("wb")
    except OSError as error:
        raise RequestError(f"The folder {folder} cannot be worked in: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RequestError(f"Another process is fine-tuning in {folder}: wait for it, or stop it.") from error
        yield

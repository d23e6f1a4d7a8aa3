"""Fine-tuning as a process of its own: `python -m model.training.finetuning FOLDER`.

The folder's `order.json` says what to do. Progress goes to standard output, one JSON object a line, the verdict or an
error last. The process ends when its standard input does, so it never outlives its parent, and has low priority.
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
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.bundles import Bundle, BundleStore, open_bundle
from model.bundles.store import NAME, VERSION
from model.errors import BundleError, ModelError, RequestError
from model.training.finetuning.settings import About, TuningSettings
from model.training.finetuning.verdict import Verdict

FILE = "order.json"


class Base(BaseModel):
    """The bundle to begin with: in a folder, or in a store by its name, and by its version if not the current one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    store: str | None = Field(default=None, description="a folder or fsspec URL")
    name: str | None = Field(default=None, pattern=f"^{NAME.pattern}$")
    version: str | None = Field(default=None, pattern=f"^{VERSION.pattern}$")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.folder is None) == (self.store is None or self.name is None):
            raise ValueError("a base is a folder, or a store and a name")
        return self

    def open(self) -> Bundle:
        """The bundle.

        Raises:
            BundleError: when it is not there, or damaged.
        """
        if self.folder is not None:
            return open_bundle(str(self.folder))
        if self.store is None or self.name is None:
            raise BundleError("The order names no base.")
        return BundleStore(self.store).load(self.name, self.version)


class Order(BaseModel):
    """A run: what is fitted to what, and how; one of `base` and `preset` is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Base | None = None
    preset: str | None = Field(default=None, description="of a network that begins from scratch")
    data: Path = Field(description="folder or archive of MIDI files")
    settings: TuningSettings = Field(default_factory=TuningSettings)
    about: About = Field(default_factory=About)

    @model_validator(mode="after")
    def _has_a_beginning(self) -> Self:
        if (self.base is None) == (self.preset is None):
            raise ValueError("one of base and preset is wanted")
        return self

    def start(self) -> Bundle | str:
        """What `tune` begins with.

        Raises:
            BundleError: when the base is not there, or damaged.
        """
        return self.preset or "" if self.base is None else self.base.open()


def read_order(folder: Path) -> Order:
    """The order in `folder`.

    Raises:
        RequestError: when there is none that can be read.
    """
    try:
        return Order.model_validate_json((folder / FILE).read_bytes())
    except OSError as error:
        raise RequestError(f"There is no {FILE} in {folder} that can be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise RequestError(f"{FILE} in {folder} cannot be used: {place}: {first['msg']}.") from error


LOCK = "lock"
LOST_PARENT = 3  # exit status after the end of standard input
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS")
NICENESS = 19

log = logging.getLogger(__name__)


def main(folder: Path, tuner: str = "model.training.finetuning.run:tune") -> int:
    """Run what `folder` asks for with `tuner`, a function as `module:name`; returns the exit status."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: _on_stop(stop, number, frame))
    lines = _own_standard_output()
    threading.Thread(target=_watch_parent, daemon=True).start()
    lower_priority()
    try:
        with locked(folder):
            verdict = _run(folder, tuner, lines, stop)
    except ModelError as error:
        lines.say({"error": error.sentence})
        return 1
    except Exception:
        log.exception("fine-tuning in %s failed", folder)
        lines.say({"error": "Fine-tuning failed unexpectedly; the log of its process says why."})
        return 1
    lines.say({"verdict": verdict})
    return 0


def _run(folder: Path, tuner: str, lines: JsonLines, stop: threading.Event) -> dict:
    order = read_order(folder)
    use_threads(order.settings.threads)
    module, _, name = tuner.partition(":")
    tune = getattr(import_module(module), name)  # late: loads TensorFlow, which reads the number of threads once
    verdict: Verdict = tune(
        order.start(),
        order.data,
        folder,
        order.settings,
        order.about,
        on_progress=lambda progress: lines.say(progress.model_dump()),
        should_stop=stop.is_set,
    )
    return verdict.model_dump()


class JsonLines:
    """Standard output as lines of JSON; a reader that has gone is ignored."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def say(self, value: dict) -> None:
        """Write one object, in one line."""
        data = (json.dumps(value) + "\n").encode()
        with suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._descriptor, data) :]


def _own_standard_output() -> JsonLines:
    """Where lines go; all else that prints goes to standard error from now on, libraries in C included."""
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return JsonLines(descriptor)


def _on_stop(stop: threading.Event, number: int, frame: FrameType | None) -> None:
    stop.set()


def _watch_parent() -> None:
    """Exit at once when standard input ends."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(LOST_PARENT)


def lower_priority() -> None:
    """Run only on idle processors: SCHED_IDLE where the system has it, else the highest niceness."""
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
    """Holds the lock of `folder`, which is released when the process ends, however it ends.

    Raises:
        RequestError: when another process holds it, or there is no such folder.
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

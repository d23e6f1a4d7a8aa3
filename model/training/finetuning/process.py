"""Fine-tuning in a child process: what `order.json` in a folder says, as a function for `model.isolated`.

The child tells its progress, and can be stopped or killed at any moment: the folder holds all that the next one needs.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.bundles import Bundle, BundleStore, open_bundle
from model.bundles.store import NAME, VERSION
from model.errors import BundleError, ModelError, RequestError
from model.isolated import Limits, Message, Task
from model.network.config import PRESETS
from model.training.finetuning.settings import CardText, TuningSettings
from model.training.finetuning.verdict import TuningVerdict

FILE = "order.json"
LOCK = "lock"
FINETUNING = ("model.training.finetuning.run", "tune")
CLASSIC = ("model.classic.tuning", "tune_classic")
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS")
NICENESS = 19
# What a run needs of the environment beside what every child gets: devices, caches, and the access to a remote store.
PASSED_ON = ("CUDA_VISIBLE_DEVICES", "CADENZA_CACHE", "CADENZA_MACHINE_CODE")
PASSED_PREFIXES = ("AWS_", "FSSPEC_", "GOOGLE_", "AZURE_")
UNEXPECTED = "Fine-tuning failed unexpectedly; the log of its process says why."


class Base(BaseModel):
    """The base of a run: a bundle in a folder, or one in a store by name and version (default: the current one)."""

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
    """What to fine-tune, on which data, and how; either `base` or `preset` is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Base | None = None
    preset: str | None = Field(default=None, description="of a network that begins from scratch")
    data: Path = Field(description="folder or archive of MIDI files")
    settings: TuningSettings = Field(default_factory=TuningSettings)
    about: CardText = Field(default_factory=CardText)

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
        RequestError: when it is missing or unreadable.
    """
    try:
        return Order.model_validate_json((folder / FILE).read_bytes())
    except OSError as error:
        raise RequestError(f"There is no {FILE} in {folder} that can be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise RequestError(f"{FILE} in {folder} cannot be used: {place}: {first['msg']}.") from error


log = logging.getLogger(__name__)


def run_task() -> Task:
    """The child process of a run: its function is `run`."""
    known = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith(PASSED_PREFIXES)}
    # batches are large: the kernels of oneDNN save a fifth of the time
    keras = {"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "1"}
    return Task(f"{__name__}:run", Limits(may_write=True), environment={**known, **keras})


def run(
    head: dict[str, Any], _body: bytes, tell: Callable[[dict[str, Any]], None], should_stop: Callable[[], bool]
) -> Message:
    """Carry out the order in the folder `head["folder"]`; the function of a child process (`model.isolated`).

    Where `head["is_background"]`, it computes on idle processors only.

    Returns:
        {"verdict": ...} or, where it cannot be done, {"error": sentence}; both as JSON, without bytes.
    """
    folder = Path(head["folder"])
    if head["is_background"]:
        lower_priority()
    try:
        with locked(folder):
            order = read_order(folder)
            use_threads(order.settings.threads)
            verdict = _tuner(order)(  # late: TensorFlow reads the number of threads once
                order.start(),
                order.data,
                folder,
                order.settings,
                order.about,
                on_progress=lambda progress: tell(progress.model_dump()),
                should_stop=should_stop,
            )
    except ModelError as error:
        return {"error": error.sentence}, b""
    except Exception:
        log.exception("fine-tuning in %s failed", folder)
        return {"error": UNEXPECTED}, b""
    return {"verdict": verdict.model_dump()}, b""


def _tuner(order: Order) -> Callable[..., TuningVerdict]:
    """What carries out `order`: `tune`, or for a preset of the classic kind `tune_classic`, which takes the same."""
    config = PRESETS.get(order.preset or "")
    module, name = CLASSIC if config is not None and config.window else FINETUNING
    found: Callable[..., TuningVerdict] = getattr(import_module(module), name)
    return found


def lower_priority() -> None:
    """Run only on idle processors: SCHED_IDLE where the system has it, else the highest niceness."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        with suppress(OSError):
            os.nice(NICENESS)


def use_threads(threads: int | None) -> None:
    """Limit the threads of libraries that are loaded later; None means all cores."""
    if threads is not None:
        os.environ.update(dict.fromkeys(THREADS, str(threads)))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of `folder`; the system releases it when the process ends, however it ends.

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

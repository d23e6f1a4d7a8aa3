"""A training as the worker runs it: its folder with checkpoints and results, and the child process that trains.

The training handler calls it.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs.admission import too_small
from jobs.contract import MIN_TRAINING_PIECES, JobId, TrainRequest
from model.errors import BundleError, DataError
from model.files import replace_file
from model.isolated import IsolatedError, IsolatedProcess
from model.training.finetuning.process import run_task
from worker.library.server_library import TRAINING_DATA, ServerLibrary
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from model.training.finetuning.settings import CardText

ORDER, ASKED, DATA, CURVE = "order.json", "asked.json", TRAINING_DATA, "curve.png"
MOST_KEPT = 5  # folders of a server's trainings that can be resumed
LONGEST_TITLE = 80
MOST_MIXED = 0.875  # of a batch's eight rows at least one is the data set's


class Origin(BaseModel):
    """How a training started; stored in its folder for jobs that resume it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    jobs: tuple[JobId, ...] = Field(min_length=1, description="that asked for it, the latest last")
    base: dict[str, str] | None
    licence: str
    non_commercial: bool


def write(folder: Path, request: TrainRequest, server: ServerLibrary, settings: WorkerSettings) -> None:
    """Create the folder of a training, or update it if the training is resumed.

    Raises:
        ModelError: the data set or the base does not exist, or the data set is too small.
    """
    asked = _asked(folder)
    if asked is None:
        server.require_room(request.name)
        if request.resumes is not None:
            raise DataError("That training's checkpoint is no longer kept: start a new one with `/train start`.")
        asked = Origin(jobs=(request.job_id,), base=_base(request, server), **_data(folder, request, server))
    elif request.job_id not in asked.jobs:
        asked = asked.model_copy(update={"jobs": (*asked.jobs, request.job_id)})
    _write_order(folder, request, asked, settings)
    with replace_file(folder / ASKED) as file:
        file.write(asked.model_dump_json(indent=1).encode())


def _write_order(folder: Path, request: TrainRequest, asked: Origin, settings: WorkerSettings) -> None:
    from model.training.finetuning.process import Base, Order  # late: it loads Keras
    from model.training.finetuning.settings import TuningSettings

    order = Order(
        base=None if asked.base is None else Base.model_validate(asked.base),
        preset=request.preset if asked.base is None else None,
        data=folder / DATA,
        settings=TuningSettings(
            epochs=request.epochs,
            minutes=request.minutes,
            mix=min(request.mix, MOST_MIXED) if asked.base is not None else 0.0,
            rate=request.rate,
            random_seed=request.random_seed,
            threads=settings.training_threads or None,
            more=len(asked.jobs) - 1,
        ),
        about=_about(request, asked),
    )
    with replace_file(folder / ORDER) as file:
        file.write(order.model_dump_json(indent=1).encode())


def _about(request: TrainRequest, asked: Origin) -> CardText:
    from model.training.finetuning.settings import CardText  # late, as above

    begun = "" if asked.base is None else f"{asked.base['name']}, "
    return CardText(
        title=f"{request.name}: {begun}{request.data_set}"[:LONGEST_TITLE],
        licence=asked.licence,
        data=f"the data set '{request.data_set}' of a server",
        non_commercial=asked.non_commercial,
        command=f"/train start data_set:{request.data_set}" + ("" if asked.base is None else f" base:{request.base}"),
    )


def _asked(folder: Path) -> Origin | None:
    try:
        return Origin.model_validate_json((folder / ASKED).read_bytes())
    except (OSError, ValidationError):
        return None


def _data(folder: Path, request: TrainRequest, server: ServerLibrary) -> dict[str, Any]:
    """Copy the data set, and return its licence."""
    info = server.data_sets.info(request.data_set)
    if len(info.pieces) < MIN_TRAINING_PIECES:
        raise DataError(too_small(info.name, len(info.pieces)))
    partial = folder / f"{DATA}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    server.data_sets.materialise(request.data_set, partial)
    shutil.rmtree(folder / DATA, ignore_errors=True)
    partial.replace(folder / DATA)
    return {"licence": info.licence, "non_commercial": info.non_commercial}


def _base(request: TrainRequest, server: ServerLibrary) -> dict[str, str] | None:
    """The version of the bundle to fine-tune. It stays the same if the name switches to another version later."""
    if request.base is None:
        return None
    own, shared = server.bundles, server.shared_bundles
    for store in (own, shared):
        if request.base in store.names():
            return {"store": store.url, "name": request.base, "version": store.current(request.base)}
    known = ", ".join([*own.names(), *shared.names()])
    raise BundleError(f"There is no model '{request.base}' to begin with. These are here: {known}.")


def prune(trainings: Path, keep: Sequence[Path]) -> None:
    """Delete the oldest folders under `trainings`; the newest few and those in `keep` stay."""
    folders = sorted((one for one in trainings.iterdir() if one.is_dir()), key=os.path.getmtime, reverse=True)
    for old in folders[MOST_KEPT:]:
        if old not in keep:
            shutil.rmtree(old, ignore_errors=True)


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

"""What is asked of a training as an order for `model.tuning`: a folder with the order and a copy of the data set.

The copy is made once: what is added to the data set later does not change a training under way, nor one that goes on.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from jobs.contract import TrainRequest
from model.errors import BundleError, DataError
from model.files import replace_file
from worker.library.shelves import ServerShelves
from worker.settings import WorkerSettings

ORDER, DATA, CURVE = "order.json", "data", "curve.png"
MOST_KEPT = 5  # folders of a server's trainings that can be gone on with
FEWEST_PIECES = 8  # in a data set that anything can be learnt from and judged by


def write(folder: Path, request: TrainRequest, shelves: ServerShelves, settings: WorkerSettings) -> None:
    """Make the folder of a training, or let one that is there go on with what `request` says now.

    Raises:
        ModelError: the data set or the base is not there, or too small to learn from.
    """
    previous = _previous(folder)
    if request.resumes is not None and previous is None:
        raise DataError("That training's checkpoint is no longer kept: begin a new one with `/train start`.")
    licences = _data(folder, request, shelves) if previous is None else previous["data_licence"]
    base = previous["base"] if previous is not None else _base(request, shelves)
    order = {
        "base": base,
        "preset": request.preset,
        "data": DATA,
        "data_title": f"the data set '{request.data_set}' of a server",
        "data_licence": licences,
        "title": f"{request.name}: {request.data_set}"
        if request.base is None
        else f"{request.base} on {request.data_set}",
        "settings": {
            "epochs": request.epochs,
            "minutes": request.minutes,
            "mix": request.mix if request.base is not None else 0.0,
            "rate": request.rate,
            "random_seed": request.random_seed,
            "threads": settings.training_threads or None,
        },
        "copy_limit": settings.copy_limit,
        "goes_on": request.resumes is not None,
    }
    with replace_file(folder / ORDER) as file:
        file.write(json.dumps(order, indent=1).encode())


def _previous(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / ORDER).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _data(folder: Path, request: TrainRequest, shelves: ServerShelves) -> dict[str, Any]:
    """Copy the data set, and return its licence as an order tells it."""
    info = shelves.data_sets.info(request.data_set)
    if len(info.pieces) < FEWEST_PIECES:
        raise DataError(
            f"The data set '{info.name}' has {len(info.pieces)} pieces; a training needs at least {FEWEST_PIECES}, and "
            "gets better with 30 or more. Add some with `/dataset add`."
        )
    partial = folder / f"{DATA}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    shelves.data_sets.materialise(request.data_set, partial)
    shutil.rmtree(folder / DATA, ignore_errors=True)
    partial.replace(folder / DATA)
    return {"licence": info.licence, "non_commercial": info.non_commercial}


def _base(request: TrainRequest, shelves: ServerShelves) -> dict[str, str] | None:
    """Which version of which bundle it begins with: fixed now, whatever the name means later."""
    if request.base is None:
        return None
    own, shared = shelves.bundles, shelves.shared_bundles
    for store in (own, shared):
        if request.base in store.names():
            return {"store": store.url, "name": request.base, "version": store.current(request.base)}
    known = ", ".join([*own.names(), *shared.names()])
    raise BundleError(f"There is no model '{request.base}' to begin with. These are here: {known}.")


def prune(trainings: Path, keep: Path) -> None:
    """Delete the oldest folders under `trainings` but for the newest few and `keep`."""
    folders = sorted((one for one in trainings.iterdir() if one.is_dir()), key=os.path.getmtime, reverse=True)
    for old in folders[MOST_KEPT:]:
        if old != keep:
            shutil.rmtree(old, ignore_errors=True)

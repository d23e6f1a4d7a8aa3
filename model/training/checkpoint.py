"""Checkpoints: weights, optimiser state, epoch and history, from which a stopped run continues. Written atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError
from model.files import replace_file
from model.network import NoteNetwork

FILE = "checkpoint.npz"


def save(
    folder: Path,
    network: NoteNetwork,
    optimizer: keras.Optimizer,
    progress: dict,
    best: Sequence[NDArray] = (),
) -> None:
    """Replace the checkpoint in `folder` atomically; `progress` is plain JSON, `best` the best weights so far."""
    arrays: dict[str, NDArray] = {f"weight_{i}": weight for i, weight in enumerate(network.get_weights())}
    for index, variable in enumerate(optimizer.variables):
        arrays[f"optimizer_{index}"] = keras.ops.convert_to_numpy(variable)
    arrays |= {f"best_{index}": weight for index, weight in enumerate(best)}
    folder.mkdir(parents=True, exist_ok=True)
    with replace_file(folder / FILE) as file:
        np.savez(file, allow_pickle=False, progress=np.array(json.dumps(progress)), **arrays)


def exists(folder: Path) -> bool:
    """Whether `folder` has a checkpoint."""
    return os.path.exists(folder / FILE)


def load_best(folder: Path) -> list[NDArray]:
    """The best weights of the checkpoint; an empty list if it has none."""
    with np.load(folder / FILE, allow_pickle=False) as stored:
        return [stored[f"best_{index}"] for index in range(sum(name.startswith("best_") for name in stored.files))]


def load(folder: Path, network: NoteNetwork, optimizer: keras.Optimizer) -> dict:
    """Restore weights and optimiser state from the checkpoint and return its progress.

    Raises:
        RequestError: when the checkpoint was made by a network of another shape.
    """
    with np.load(folder / FILE, allow_pickle=False) as stored:
        try:
            network.set_weights([stored[f"weight_{index}"] for index in range(len(network.weights))])
            optimizer.build(network.trainable_variables)
            for index, variable in enumerate(optimizer.variables):
                variable.assign(stored[f"optimizer_{index}"])
        except (ValueError, KeyError) as error:
            raise RequestError(
                f"The checkpoint in {folder} was made with other settings: start in another folder, or repeat the "
                "settings of the first run."
            ) from error
        return json.loads(str(stored["progress"]))

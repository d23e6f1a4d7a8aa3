"""Bundles made by hand, whole or with a lie in them; no network is built and TensorFlow is not asked."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.bundles import Card
from model.bundles.inspection import weight_shapes
from model.network.config import NetworkConfig

CONFIG = NetworkConfig(embedding=4, units=4, layers=1, head_units=4)
CARD = Card(title="Tiny", description="Made for tests.", data="none", licence="MIT", figures={"nats": 2.5})


def npz(arrays: Mapping[str, NDArray], squeezed: bool = False, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if squeezed else np.savez)(file, allow_pickle=pickled, **arrays)
    return file.getvalue()


def weights(config: NetworkConfig = CONFIG, seed: int = 0) -> dict[str, NDArray]:
    rng = np.random.default_rng(seed)
    shapes = weight_shapes(config)
    return {f"{index:03d}": rng.normal(size=shape).astype(np.float16) for index, shape in enumerate(shapes)}


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`files` with a manifest that fits them, whatever they are called."""
    files = {name: data for name, data in files.items() if name != "manifest.json"}
    entries = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    listing = "\n".join(f"{name} {entry['sha256']}" for name, entry in sorted(entries.items()))
    version = hashlib.sha256(listing.encode()).hexdigest()[:12]
    return {**files, "manifest.json": as_json({"format": 1, "version": version, "files": entries})}


def bundle(seed: int = 0, **others: bytes) -> dict[str, bytes]:
    """The files of a bundle; `others` replace or join them, '__' for the dot in a name."""
    files = {
        "weights.npz": npz(weights(seed=seed)),
        "config.json": CONFIG.model_dump_json().encode(),
        "card.json": CARD.model_dump_json().encode(),
        "history.json": as_json([{"loss": 3.0, "epoch": 1}]),
        "CARD.md": CARD.page("tiny").encode(),
    }
    return sealed(files | {name.replace("__", "."): data for name, data in others.items()})

"""One replica as a process of `test_distributed`: `replica_process.py KIND FOLDER`; prints its results as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def main(kind: str, folder: Path) -> None:
    import keras
    import tensorflow as tf

    from model.corpora.corpus import Encoded
    from model.network import NetworkConfig
    from model.representation import representation_of
    from model.training import loop
    from model.training.distributed import ReplicaGroup
    from model.training.settings import TrainingSettings

    if kind == "two-devices":
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
        loop.replica_group = lambda: ReplicaGroup(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    rng = np.random.default_rng(0)
    fields = representation_of("performance").fields
    pieces = [np.stack([rng.integers(0, field.size, 60) for field in fields], 1).astype(np.int32) for _ in range(6)]
    kept: list[float] = []

    def keep(network: keras.Model, progress: loop.Progress) -> None:
        kept.append(float(sum(np.abs(weight).sum() for weight in network.get_weights())))

    config = NetworkConfig(units=16, layers=1, representation="performance")
    settings = TrainingSettings(streams=4, window=16, epochs=2, average=0.9, warmup_steps=2)
    progress = loop.train(config, settings, Encoded(pieces[:5], pieces[5:], {}), folder, keep)
    losses = [[epoch["nats"], epoch["val_nats"]] for epoch in progress.history]
    sys.stdout.write(json.dumps({"losses": losses, "kept": kept, "wrote": (folder / "checkpoint.npz").exists()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Training on several devices and machines at once, with TensorFlow's own distribution.

Every replica reads streams of its own, with states of its own; the gradients of all are averaged at each update, so the
weights are the same everywhere. Each machine runs one process. TF_CONFIG lists them, as TensorFlow's guide to
multi-worker training describes; the first one writes the results, and all read its folder to resume. Several GPUs of
one machine are used without any setting.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np

from model.errors import RequestError

SETTING = "TF_CONFIG"

Batches = Iterator[tuple[dict]]


class ReplicaGroup:
    """All replicas of a training; without a `strategy` only one: this process on one device."""

    def __init__(self, strategy: Any = None) -> None:
        self._strategy = strategy

    @property
    def replicas(self) -> int:
        """How many there are on all machines."""
        return 1 if self._strategy is None else int(self._strategy.num_replicas_in_sync)

    @property
    def is_first(self) -> bool:
        """Whether this process writes what comes of the training."""
        task = _task()
        return self._strategy is None or task.get("type") == "chief" or int(task.get("index", 0)) == 0

    def scope(self) -> AbstractContextManager:
        """What variables are made in, and assigned to from outside a step."""
        return nullcontext() if self._strategy is None else self._strategy.scope()

    def batches(self, of_replica: Callable[[int], Batches]) -> Any:
        """What `fit` reads: `of_replica(number)` gives each replica batches of its own, all of the same shape."""
        if self._strategy is None:
            return of_replica(0)
        import tensorflow as tf

        first = next(of_replica(0))
        signature = tf.nest.map_structure(lambda part: tf.TensorSpec(np.shape(part), np.asarray(part).dtype), first)

        def dataset(context: Any) -> Any:
            here = max(1, self.replicas // context.num_input_pipelines)
            numbers = range(context.input_pipeline_id * here, (context.input_pipeline_id + 1) * here)

            def in_turn() -> Iterator[tuple[dict]]:
                return itertools.chain.from_iterable(zip(*(of_replica(number) for number in numbers), strict=True))

            return tf.data.Dataset.from_generator(in_turn, output_signature=signature)

        return self._strategy.distribute_datasets_from_function(dataset)


def replica_group() -> ReplicaGroup:
    """The replicas that this process belongs to. Call it before anything else is done with TensorFlow.

    Raises:
        RequestError: TF_CONFIG names other machines and Keras does not run on TensorFlow, or it cannot be read.
    """
    if keras.backend.backend() != "tensorflow":
        if _task():
            raise RequestError(f"{SETTING} names several processes, which train with --backend tensorflow only.")
        return ReplicaGroup()
    import tensorflow as tf

    if _task():
        return ReplicaGroup(tf.distribute.MultiWorkerMirroredStrategy())
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return ReplicaGroup(tf.distribute.MirroredStrategy())
    return ReplicaGroup()


def _task() -> dict[str, Any]:
    said = os.environ.get(SETTING)
    if not said:
        return {}
    try:
        task = json.loads(said).get("task", {})
    except (ValueError, AttributeError) as error:
        raise RequestError(f"{SETTING} is no JSON: see TensorFlow's guide to multi-worker training.") from error
    return dict(task)

"""The training objective, and the exact likelihood of whole pieces under a network.

Training minimises the first and validates with the second, which `evaluate` reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from model.corpora.windows import WindowStreams
from model.network.note_network import NoteNetwork
from model.representation.base import Tensor


@dataclass(frozen=True)
class Likelihood:
    """The negative log-likelihood of pieces in nats, their ends included, exact to the raw value of every field."""

    nats_total: float
    notes: int
    per_field: dict[str, float]  # nats in all by field; 'residual' is the choice within the buckets

    @property
    def nats_per_note(self) -> float:
        """Nats per note; the end of each piece is shared among its notes."""
        return self.nats_total / self.notes

    @property
    def field_nats_per_note(self) -> dict[str, float]:
        """Nats for each note by field; they add up to `nats_per_note`."""
        return {name: nats / self.notes for name, nats in self.per_field.items()}


class LikelihoodMeter:
    """Measures likelihoods under one network; compiles once for any number of sets of pieces.

    It leaves the network and other carried states unchanged, and uses the network's current weights at each call.
    """

    def __init__(self, network: NoteNetwork, streams: int = 32, window: int = 128) -> None:
        """Read `streams` pieces side by side, `window` steps at a time; both affect the speed only."""
        self._representation, self._shape = network.representation, (streams, window)
        self._model = CarriedLikelihood(network, streams)  # its own carried states: those of a training run stay
        self._model.compile(jit_compile=False)

    def nats(self, pieces: Sequence[NDArray[np.int32]], styles: Sequence[str] = ()) -> Likelihood:
        """The likelihood of `pieces`, raw steps int32 (notes, fields) each, with at least one note in all.

        The network is told the `styles` of the pieces, where given, and no other controls.
        """
        model, totals = self._model, Counter[str]()
        streams = WindowStreams(self._representation, pieces, *self._shape, styles)
        for (batch,) in streams.once(with_style=bool(styles)):
            # batch by batch: `evaluate` hands generators to tf.data, whose memory settings make every step 4 times
            # slower
            model.test_on_batch(batch)
            totals.update(
                {total.name: float(total.result()) for total in (*model.totals.values(), *model.field_totals)}
            )
        notes, nats_total = totals.pop("notes"), totals.pop("nats")
        return Likelihood(nats_total, round(notes), {**totals, "residual": nats_total - totals.total()})


def nats(network: NoteNetwork, pieces: Sequence[NDArray[np.int32]], streams: int = 32, window: int = 128) -> Likelihood:
    """The likelihood of `pieces` under `network`; use a `LikelihoodMeter` to measure more than once."""
    return LikelihoodMeter(network, min(streams, len(pieces)), window).nats(pieces)


class CarriedLikelihood(keras.Model):
    """The Keras model that training fits: nats per note over windows with carried state (truncated back-propagation).

    The states are variables, so that every backend carries them. Checkpoints don't hold them.
    """

    def __init__(self, network: NoteNetwork, streams: int) -> None:
        super().__init__(name="carried_likelihood", autocast=False)
        self.network = network
        self.is_distributed = getattr(self, "_distribute_strategy", None) is not None
        self.carried = {
            name: keras.Variable(
                "zeros",
                (streams, *size),
                "float32",
                trainable=False,
                name=f"carried_{name}",
                aggregation="only_first_replica",
                synchronization="on_read",  # every replica of a group carries its own
            )
            for name, size in network.stack.state_sizes().items()
        }
        self.totals = {name: keras.metrics.Sum(name=name) for name in ("notes", "nats")}
        self.field_totals = [keras.metrics.Sum(name=field.name) for field in network.representation.fields]
        self.built = True

    def call(self, batch: dict[str, Tensor], training: bool = False) -> list[Tensor]:
        """Logits of every field, (streams, time, classes) each; moves the carried states to the window's end."""
        state = {name: _zeroed(part, batch["fresh"]) for name, part in self.carried.items()}
        logits, state = self.network(batch, state, training=training)
        for name, part in self.carried.items():
            part.assign(ops.cast(ops.stop_gradient(state[name]), "float32"))
        return logits

    def compute_loss(
        self,
        x: dict[str, Tensor],
        y: Tensor | None = None,
        y_pred: Sequence[Tensor] = (),
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Mean nats per note, its end included; the exact value of each field counts, not only its class."""
        target, weight = ops.convert_to_tensor(x["target"]), ops.convert_to_tensor(x["weight"])
        fields = [
            ops.sum(
                ops.sparse_categorical_crossentropy(target[..., index], logits, from_logits=True) * weight[..., index]
            )
            for index, logits in enumerate(y_pred)
        ]
        notes = ops.sum(weight[..., -1])
        learned = sum(fields[1:], fields[0])
        self.totals["notes"].update_state(notes)
        self.totals["nats"].update_state(ops.stop_gradient(learned) + ops.sum(x["residual"]))
        for total, nats in zip(self.field_totals, fields, strict=True):
            total.update_state(ops.stop_gradient(nats))
        return learned / ops.maximum(notes, 1.0)

    def get_metrics_result(self) -> dict[str, Tensor]:
        """Nats per note, in all and field by field; scalars (tensors where Keras compiles the step)."""
        notes = ops.maximum(self.totals["notes"].result(), 1.0)
        results = {"nats": self.totals["nats"].result() / notes}
        results |= {total.name: total.result() / notes for total in self.field_totals}
        if self.is_distributed:  # TensorFlow averages over the first axis of what the replicas return
            return {name: ops.reshape(result, (1,)) for name, result in results.items()}
        return results

    def _maybe_symbolic_build(self, *arguments: object, **named: object) -> None:
        """Builds nothing, as all is built. Keras' own method averages batches over replicas, and fails on booleans."""


def _zeroed(part: Tensor, fresh: Tensor) -> Tensor:
    """One part of the state, set to zero in the rows where a new piece begins."""
    fresh = ops.reshape(ops.cast(fresh, "float32"), (-1, *(1 for _ in part.shape[1:])))
    return part * (1.0 - fresh)

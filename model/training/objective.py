"""A network together with the states it carries from window to window and the likelihood it is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from model.network import NoteNetwork
from model.representation.base import Tensor


class CarriedLikelihood(keras.Model):
    """What `fit` and `evaluate` run: nats per note of windows whose state carries over (truncated back-propagation).

    States are variables, so that Keras carries them on every backend; they are no part of a checkpoint.
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
                synchronization="on_read",  # every replica of a team carries its own
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
        """Nothing is left to build; Keras' own would average the replicas' batches first, which flags do not bear."""


def _zeroed(part: Tensor, fresh: Tensor) -> Tensor:
    """A part of the state, zero in the rows where a new piece begins: the state before its first step."""
    fresh = ops.reshape(ops.cast(fresh, "float32"), (-1, *(1 for _ in part.shape[1:])))
    return part * (1.0 - fresh)

"""One class out of logits, decided by a uniform number that the caller brings.

Random numbers come from outside, one stream per piece, so that a piece is the same whatever else
is composed beside it.
"""

from __future__ import annotations

from keras import ops

from model.representation.base import Tensor
from model.sampling.taste import DRAW_FROM_ALL


def draw(logits: Tensor, uniform: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor) -> Tensor:
    """One class per row, int32 (batch,).

    Args:
        logits: float32 (batch, classes).
        uniform: float32 (batch,) in [0, 1), what decides.
        temperature, top_p, min_p: float32 (batch,), see `Taste`.
        top_k: int32 (batch,), see `Taste`.
    """
    probabilities = ops.softmax(logits / temperature[:, None], axis=-1)
    ordered, _ = ops.top_k(probabilities, logits.shape[-1])  # the likeliest first
    before = ops.cumsum(ordered, axis=-1) - ordered  # probability of all likelier classes
    rank = ops.arange(logits.shape[-1], dtype="int32")
    in_top_k = ops.logical_or(rank < top_k[:, None], top_k[:, None] == DRAW_FROM_ALL)
    is_kept = ops.logical_and(before < top_p[:, None], in_top_k)
    least_kept = ops.min(ops.where(is_kept, ordered, 1.0), axis=-1, keepdims=True)
    least_kept = ops.maximum(least_kept, min_p[:, None] * ordered[:, :1])
    kept = ops.where(probabilities >= least_kept, probabilities, 0.0)
    cumulative = ops.cumsum(kept, axis=-1)
    below = cumulative <= (uniform * cumulative[:, -1])[:, None]
    chosen = ops.sum(ops.cast(below, "int32"), axis=-1)
    # rounding may leave the last kept class just below the uniform number
    last_kept = logits.shape[-1] - 1 - ops.argmax(ops.flip(kept > 0, axis=-1), axis=-1)
    return ops.minimum(chosen, ops.cast(last_kept, "int32"))

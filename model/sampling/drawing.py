"""One class out of logits, decided by a uniform number that the caller brings.

Random numbers come from outside the compiled loop, one stream per piece, so that a piece is the same whatever else
is composed beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from keras import ops

from model.representation.base import Tensor


@dataclass(frozen=True)
class Taste:
    """How far from the likeliest choice the music may stray.

    `temperature` divides the logits (below 1: safer). `top_p` keeps the likeliest classes that together reach this
    probability (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"); `min_p` drops classes less
    likely than this share of the likeliest (Nguyen et al. 2024, "Turning Up the Heat").
    """

    temperature: float = 1.0
    top_p: float = 0.98
    min_p: float = 0.005


def draw(logits: Tensor, uniform: Tensor, temperature: Tensor, top_p: Tensor, min_p: Tensor) -> Tensor:
    """One class per row, int32 (batch,).

    Args:
        logits: float32 (batch, classes).
        uniform: float32 (batch,) in [0, 1), what decides.
        temperature, top_p, min_p: float32 (batch,), see `Taste`.
    """
    probabilities = ops.softmax(logits / temperature[:, None], axis=-1)
    ordered = ops.flip(ops.sort(probabilities, axis=-1), axis=-1)
    before = ops.cumsum(ordered, axis=-1) - ordered  # probability of all likelier classes
    least_kept = ops.min(ops.where(before < top_p[:, None], ordered, 1.0), axis=-1, keepdims=True)
    least_kept = ops.maximum(least_kept, min_p[:, None] * ordered[:, :1])
    kept = ops.where(probabilities >= least_kept, probabilities, 0.0)
    cumulative = ops.cumsum(kept, axis=-1)
    below = cumulative <= (uniform * cumulative[:, -1])[:, None]
    chosen = ops.sum(ops.cast(below, "int32"), axis=-1)
    # rounding may leave the last kept class just below the uniform number
    last_kept = logits.shape[-1] - 1 - ops.argmax(ops.flip(kept > 0, axis=-1), axis=-1)
    return ops.minimum(chosen, ops.cast(last_kept, "int32"))

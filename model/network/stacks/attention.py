"""Attention over kept moments: what a look-back and a Transformer with a cached window have in common."""

from __future__ import annotations

from keras import ops

from model.representation.base import Tensor

HIDDEN = -1e9  # score of a moment that cannot be seen


def reachable(kept: int, time: int | Tensor) -> Tensor:
    """Which of `kept` + `time` moments each of `time` steps may see, bool (time, kept + time).

    A step sees itself and the `kept` - 1 moments before it: the same reach for every step, so that a window read at
    once and its steps one by one see the same.
    """
    place = ops.arange(kept + time, dtype="int32")[None]
    newest = kept + ops.arange(time, dtype="int32")[:, None]
    return ops.logical_and(place <= newest, place > newest - kept)


def attended(query: Tensor, keys: Tensor, values: Tensor, added: Tensor, heads: int) -> Tensor:
    """The values that each query finds by its keys, (batch, time, width).

    Scaled dot-product attention with several heads (Vaswani et al. 2017, "Attention Is All You Need").

    Args:
        query: (batch, time, width).
        keys: (batch, moments, width).
        values: (batch, moments, width).
        added: to the scores, 0 or a bias or `HIDDEN`, float32, broadcast to (batch, heads, time, moments).
        heads: into which the width is split.
    """
    batch, time, width = ops.shape(query)
    by_head = [_by_head(part, heads) for part in (query, keys, values)]
    scores = ops.matmul(by_head[0], ops.transpose(by_head[1], (0, 1, 3, 2))) * (width // heads) ** -0.5
    weights = ops.softmax(ops.cast(scores, "float32") + added, axis=-1)
    found = ops.matmul(ops.cast(weights, values.dtype), by_head[2])  # (batch, heads, time, width / heads)
    return ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (batch, time, width))


def _by_head(tensor: Tensor, heads: int) -> Tensor:
    """(batch, count, width) as (batch, heads, count, width / heads)."""
    batch, count, width = ops.shape(tensor)
    return ops.transpose(ops.reshape(tensor, (batch, count, heads, width // heads)), (0, 2, 1, 3))

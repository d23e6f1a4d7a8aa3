"""Room for more styles in trained weights, so that training can go on from a bundle with music of other kinds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.network import NetworkConfig, NoteNetwork


def with_more_styles(
    config: NetworkConfig, weights: Sequence[NDArray], styles: Sequence[str]
) -> tuple[NetworkConfig, list[NDArray]]:
    """The configuration and weights of a network that knows `styles`, too, and predicts as before.

    A style is a number that every part of the network looks at, so each new one is a row of zeros in the weights of
    those parts. New styles stand after those the network has; the weights are of float32.
    """
    new = [style for style in dict.fromkeys(styles) if style not in config.styles]
    wider = config.model_copy(update={"styles": (*config.styles, *new)})
    before, after = NoteNetwork(config), NoteNetwork(wider)
    representation = before.representation
    part = representation.controls.slices.get("style", slice(0, 0))
    parts = iter(("input", *(field.name for field in representation.fields)))  # in the order of the weights
    widened = []
    for weight, old, room in zip(weights, before.weights, after.weights, strict=True):
        weight = np.asarray(weight, dtype=np.float32)
        if tuple(old.shape) != tuple(room.shape):
            place = representation.feature_sizes.get(next(parts), 0) + part.stop
            weight = np.insert(weight, [place] * len(new), 0.0, axis=0)
        widened.append(weight)
    return wider, widened

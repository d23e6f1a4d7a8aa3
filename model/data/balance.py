"""In which order pieces come up in training: all alike, or the styles with little music more often than their share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np


def endless_order(
    sizes: Sequence[int],
    styles: Sequence[str],
    balance: float,
    rng: np.random.Generator,
    weights: Mapping[str, float] | None = None,
) -> Iterator[int]:
    """Indices of pieces without end: within a style every piece once before any comes again.

    Args:
        sizes: steps of each piece.
        styles: of each piece; those of '' are a style as well.
        balance: 0 gives every style the share of the music that it has, 1 the same to each; between, its share is
            drawn in proportion to its steps to the power of 1 - `balance`, as languages are sampled (Conneau et al.
            2020, "Unsupervised Cross-lingual Representation Learning at Scale").
        rng: what decides.
        weights: how many times as often as that a style comes up; 1 for those it does not name, 0 leaves one out.
    """
    if not balance and not weights:
        while True:
            yield from rng.permutation(len(sizes)).tolist()
    members = {style: [i for i, name in enumerate(styles) if name == style] for style in sorted(set(styles))}
    steps = np.array([sum(sizes[index] for index in indices) for indices in members.values()], dtype=float)
    pieces = np.array([len(indices) for indices in members.values()])
    chances = np.maximum(steps, 1) ** (1 - balance) / (np.maximum(steps, 1) / pieces)
    chances *= [(weights or {}).get(style, 1.0) for style in members]
    waiting: dict[str, list[int]] = {style: [] for style in members}
    names = list(members)
    while True:
        style = names[int(rng.choice(len(names), p=chances / chances.sum()))]
        if not waiting[style]:
            waiting[style] = rng.permutation(members[style]).tolist()
        yield waiting[style].pop()

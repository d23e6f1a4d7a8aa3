"""Two sets of pieces compared by one figure of each piece: means, spreads and how far the distributions overlap.

Yang and Lerch (2020, "On the evaluation of generative models in music", Neural Computing and Applications 32) smooth
both sets with a Gaussian kernel and take the area under the lower of the two curves. They do it with the distances
between pieces, inside the real set and across the sets; that is given beside the overlap of the figures themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 512  # points at which the smoothed curves are compared
MARGIN = 4  # bandwidths that the grid reaches beyond the outermost values
HALVES = 20  # random halvings of the real set that the ceiling is averaged over

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One figure of composed and of real pieces; overlaps are 0..1, where 1 says the sets cannot be told apart."""

    composed_mean: float
    composed_spread: float  # standard deviation
    real_mean: float
    real_spread: float
    off_by: float  # composed mean less real mean, in standard deviations of the real set
    overlap: float
    overlap_of_distances: float
    ceiling: float  # the overlap of two random halves of the real set


def compared(composed: Values, real: Values) -> Comparison | None:
    """How far two sets of values agree; None where either has fewer than two.

    Args:
        composed: one value for each composed piece, (pieces,); NaN where a piece has none.
        real: the same of the real pieces.
    """
    composed, real = composed[np.isfinite(composed)], real[np.isfinite(real)]
    if min(len(composed), len(real)) < 2:
        return None
    spread = float(real.std(ddof=1))
    difference = float(composed.mean() - real.mean())
    return Comparison(
        composed_mean=float(composed.mean()),
        composed_spread=float(composed.std(ddof=1)),
        real_mean=float(real.mean()),
        real_spread=spread,
        off_by=difference / spread if spread > 0 else float(np.sign(difference)) * 99.0,
        overlap=overlap(composed, real),
        overlap_of_distances=overlap(_distances_within(real), np.abs(composed[:, None] - real).ravel()),
        ceiling=_ceiling(real),
    )


def overlap(one: Values, other: Values) -> float:
    """The area under the lower of the two smoothed distributions, 0..1."""
    widths = [bandwidth(one), bandwidth(other)]
    if max(widths) == 0:
        return float(one[0] == other[0])
    widths = [width or max(widths) for width in widths]
    low = min(one.min(), other.min()) - MARGIN * max(widths)
    high = max(one.max(), other.max()) + MARGIN * max(widths)
    grid = np.linspace(low, high, GRID)
    curves = [smoothed(values, width, grid) for values, width in zip((one, other), widths, strict=True)]
    return float(np.minimum(np.trapezoid(np.minimum(*curves), grid), 1.0))


def bandwidth(values: Values) -> float:
    """Scott's rule (1992, "Multivariate density estimation") for a Gaussian kernel."""
    return float(values.std(ddof=1)) * len(values) ** -0.2 if len(values) > 1 else 0.0


def smoothed(values: Values, width: float, grid: Values) -> Values:
    """The density of `values` at the points of `grid`, a Gaussian of `width` on each; histogram first where many."""
    weights = np.ones(len(values))
    if len(values) > GRID:  # so that a hundred thousand distances cost no more than a few hundred values
        weights, edges = np.histogram(values, bins=GRID, range=(grid[0], grid[-1]))
        values = (edges[:-1] + edges[1:]) / 2
    kernels = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    return kernels @ weights / weights.sum()


def _distances_within(values: Values) -> Values:
    """Between every two of `values`, (pairs,)."""
    first, second = np.triu_indices(len(values), k=1)
    return np.abs(values[first] - values[second])


def _ceiling(real: Values) -> float:
    """The overlap that two sets of real pieces have; of half as many pieces, so a little lower than it could be."""
    rng = np.random.default_rng(0)
    overlaps = []
    for _ in range(HALVES):
        order = rng.permutation(len(real))
        halves = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
        overlaps.append(overlap(*halves))
    return float(np.mean(overlaps))

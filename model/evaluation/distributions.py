"""Compares one metric over two sets of pieces: means, spreads, and the overlap of the distributions.

Yang and Lerch (2020, "On the evaluation of generative models in music", Neural Computing and Applications 32) smooth
both sets with a Gaussian kernel and take the area under the lower of the two curves. They apply this to the distances
between pieces, within the real set and across the sets. Both that overlap and the overlap of the values are computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 512  # points at which the smoothed curves are evaluated
MARGIN = 4  # bandwidths by which the grid extends beyond the extreme values
HALVES = 20  # random halvings of the real set over which the ceiling is averaged

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One metric over generated and real pieces. Overlaps are 0..1; 1 means the sets are indistinguishable."""

    composed_mean: float
    composed_spread: float  # standard deviation
    real_mean: float
    real_spread: float
    off_by: float  # composed mean minus real mean, in standard deviations of the real set
    overlap: float
    overlap_of_distances: float
    ceiling: float  # the overlap of two random halves of the real set


def compare(composed: Values, real: Values) -> Comparison | None:
    """Compare two sets of values; None if either has fewer than two finite values.

    Args:
        composed: one value for each generated piece, (pieces,); NaN if undefined.
        real: one value for each real piece, (pieces,); NaN if undefined.
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
    """Gaussian kernel density of `values` on `grid`, with bandwidth `width`; large sets are binned first."""
    weights = np.ones(len(values))
    if len(values) > GRID:  # a hundred thousand distances then cost no more than a few hundred values
        weights, edges = np.histogram(values, bins=GRID, range=(grid[0], grid[-1]))
        values = (edges[:-1] + edges[1:]) / 2
    kernels = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    return kernels @ weights / weights.sum()


def _distances_within(values: Values) -> Values:
    """The distance of every pair of `values`, (pairs,)."""
    first, second = np.triu_indices(len(values), k=1)
    return np.abs(values[first] - values[second])


def _ceiling(real: Values) -> float:
    """The mean overlap of two random halves of the real set; a slight underestimate, as each half is smaller."""
    rng = np.random.default_rng(0)
    overlaps = []
    for _ in range(HALVES):
        order = rng.permutation(len(real))
        halves = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
        overlaps.append(overlap(*halves))
    return float(np.mean(overlaps))

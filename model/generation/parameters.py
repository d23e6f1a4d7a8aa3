"""Sampling parameters: how far the music may stray from the likeliest choice, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DRAW_FROM_ALL = 0  # of `top_k`: no limit


@dataclass(frozen=True)
class SamplingParameters:
    """How far from the likeliest choice the music may stray.

    `temperature` divides the logits (below 1: safer); `temperatures` does so for single fields, by name, in its stead.
    `top_k` keeps that many of the likeliest classes, 0 all of them. `top_p` keeps the likeliest classes that together
    reach this probability (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"); `min_p` drops classes
    less likely than this share of the likeliest (Nguyen et al. 2024, "Turning Up the Heat").
    """

    temperature: float = 1.0
    top_k: int = DRAW_FROM_ALL
    top_p: float = 0.95  # by trial: of the values tried, its pieces came nearest to real ones in their set metrics
    min_p: float = 0.0
    temperatures: Mapping[str, float] = field(default_factory=dict)

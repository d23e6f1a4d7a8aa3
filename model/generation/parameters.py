"""Sampling parameters: how far the music may stray from the likeliest choice, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

DRAW_FROM_ALL = 0  # of `top_k`: no limit
DEFAULT_TOP_P = 0.95  # where neither the request nor the representation says one


@dataclass(frozen=True)
class SamplingParameters:
    """How far from the likeliest choice the music may stray.

    `temperature` divides the logits (below 1: safer); `temperatures` does so for single fields, by name, in its stead.
    `top_k` keeps that many of the likeliest classes, 0 all of them. `top_p` keeps the likeliest classes that together
    reach this probability (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"); `min_p` drops classes
    less likely than this share of the likeliest (Nguyen et al. 2024, "Turning Up the Heat"). A `top_p` of None is that
    of the representation. `pointer` weighs what the piece has already played (see `model.generation.pointer`): 0 leaves
    all to the network, 1 is what was fitted.
    """

    temperature: float = 1.0
    top_k: int = DRAW_FROM_ALL
    top_p: float | None = None
    min_p: float = 0.0
    temperatures: Mapping[str, float] = field(default_factory=dict)
    top_ps: Mapping[str, float] = field(default_factory=dict)
    pointer: float = 1.0

    def for_fields(
        self, fields: Sequence[str], temperatures: Mapping[str, float], top_ps: Mapping[str, float]
    ) -> SamplingParameters:
        """The same with nothing left open: a temperature and a top-p for every field.

        Args:
            fields: the names of all of them.
            temperatures: of single fields at a `temperature` of 1; others are drawn at 1.
            top_ps: of single fields where no `top_p` was given; others are drawn at the usual one.
        """
        given = {name: round(self.temperature * temperatures.get(name, 1.0), 6) for name in fields}
        kept = {name: top_ps.get(name, DEFAULT_TOP_P) if self.top_p is None else self.top_p for name in fields}
        return replace(self, temperatures={**given, **self.temperatures}, top_ps={**kept, **self.top_ps})

"""How far the music may stray from the likeliest choice: what a sampler draws by, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

DRAW_FROM_ALL = 0  # of `top_k`: no limit
DEFAULT_TOP_P = 0.95  # where neither the request nor the representation says one


@dataclass(frozen=True)
class Taste:
    """How far from the likeliest choice the music may stray.

    `temperature` divides the logits (below 1: safer); `temperatures` does so for single fields, by name, in its stead.
    `top_k` keeps that many of the likeliest classes, 0 all of them. `top_p` keeps the likeliest classes that together
    reach this probability (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration"); `min_p` drops classes
    less likely than this share of the likeliest (Nguyen et al. 2024, "Turning Up the Heat"). A `top_p` of None is that
    of the representation.
    """

    temperature: float = 1.0
    top_k: int = DRAW_FROM_ALL
    top_p: float | None = None
    min_p: float = 0.0
    temperatures: Mapping[str, float] = field(default_factory=dict)

    def for_fields(self, defaults: Mapping[str, float], fields: Sequence[str], top_p: float) -> Taste:
        """The same with nothing left open: a temperature for every field, and `top_p`.

        Args:
            defaults: temperatures of single fields at a `temperature` of 1; others are drawn at 1.
            fields: the names of all of them.
            top_p: where none was given.
        """
        usual = {name: round(self.temperature * defaults.get(name, 1.0), 6) for name in fields}
        return replace(
            self, top_p=top_p if self.top_p is None else self.top_p, temperatures={**usual, **self.temperatures}
        )

"""Composing for measurement: what is asked for, what came of it, and a bundle's composer behind one function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tqdm import tqdm

from model.controls import Controls
from model.piece import Piece

if TYPE_CHECKING:
    from model.bundles import Bundle


@dataclass(frozen=True)
class Wish:
    """One piece to be composed: everything that is not said is left at its default."""

    length_s: float
    random_seed: int
    controls: Controls = field(default_factory=Controls)
    seed: Piece | None = None  # continued; the result is the new music alone


@dataclass(frozen=True)
class Made:
    """A composed piece and whether it came to its end by itself."""

    piece: Piece
    ended: bool


Make = Callable[[Sequence[Wish], str], list[Made]]  # all of them, in order; the second says what they are for


def maker(bundle: Bundle) -> Make:
    """What composes with `bundle`, at its defaults; compiles first, which takes some seconds."""
    from model.composing import ComposeOptions, Composer

    composer = Composer(bundle)

    def make(wishes: Sequence[Wish], purpose: str) -> list[Made]:
        options = [
            ComposeOptions(
                length_s=wish.length_s, controls=wish.controls, random_seed=wish.random_seed, include_seed=False
            )
            for wish in wishes
        ]
        seeds = [wish.seed for wish in wishes]
        made: dict[int, Made] = {}
        composed = composer.compose_all(zip(seeds, options, strict=True))
        for place, composition in tqdm(composed, desc=purpose, total=len(wishes), unit="piece", file=sys.stderr):
            made[place] = Made(composition.piece, composition.ended)
        return [made[place] for place in range(len(wishes))]

    return make

"""Generates pieces for measurement: the request, the result, and one function that stands for a bundle's composer."""

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
class GenerationRequest:
    """One piece to generate; every other option has its default."""

    length_s: float
    random_seed: int
    controls: Controls = field(default_factory=Controls)
    seed: Piece | None = None  # is continued; the result is the new music without it


@dataclass(frozen=True)
class GeneratedPiece:
    """A generated piece, and whether it ended by itself."""

    piece: Piece
    ended: bool


# the results come in the order of the requests; the second argument labels the progress bar
Generate = Callable[[Sequence[GenerationRequest], str], list[GeneratedPiece]]


def generator_for(bundle: Bundle) -> Generate:
    """A `Generate` function for `bundle` with default settings. Compiling it takes some seconds."""
    from model.generation import ComposeOptions, Composer

    composer = Composer(bundle)

    def generate(requests: Sequence[GenerationRequest], purpose: str) -> list[GeneratedPiece]:
        options = [
            ComposeOptions(
                length_s=request.length_s,
                controls=request.controls,
                random_seed=request.random_seed,
                include_seed=False,
            )
            for request in requests
        ]
        seeds = [request.seed for request in requests]
        made: dict[int, GeneratedPiece] = {}
        composed = composer.compose_all(zip(seeds, options, strict=True))
        for place, composition in tqdm(composed, desc=purpose, total=len(requests), unit="piece", file=sys.stderr):
            made[place] = GeneratedPiece(composition.piece, composition.ended)
        return [made[place] for place in range(len(requests))]

    return generate

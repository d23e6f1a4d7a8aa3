"""Whether a continuation keeps the key and the tempo of its seed, as often as the real music that followed does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from model.analysis.key_detection import found_keys
from model.analysis.tempo_detection import agree, tempo_of
from model.evaluation.generation import Make, Wish
from model.excerpts import cut, excerpts
from model.piece import Piece

SEED_S = 15.0  # of real music, that the network hears
FIRST_SEED = 200_000  # random seeds of these pieces


def continuations(make: Make, pieces: Sequence[Piece], length_s: float, count: int) -> dict[str, Any]:
    """Seeds out of `pieces`, continued by their composer and by the network.

    Args:
        make: what composes.
        pieces: real music that the network has not learnt from.
        length_s: seconds of each continuation.
        count: seeds, or as many as `pieces` have room for.
    """
    found = excerpts(list(pieces), SEED_S + length_s, count)
    seeds = [cut(one.piece, 0, SEED_S) for one in found]
    usable = [index for index, seed in enumerate(seeds) if len(seed)]
    seeds = [seeds[index] for index in usable]
    real = [cut(found[index].piece, SEED_S, length_s) for index in usable]
    wishes = [Wish(length_s, FIRST_SEED + number, seed=seed) for number, seed in enumerate(seeds)]
    composed = [one.piece for one in make(wishes, "continuations")]
    kept = {"real": _kept(seeds, real), "composed": _kept(seeds, composed)}
    return {
        "seeds": len(seeds),
        "seed_s": SEED_S,
        "length_s": length_s,
        **kept,
        "of_real": {name: _share(kept["composed"][name], kept["real"][name]) for name in ("key", "tempo")},
    }


def _kept(seeds: Sequence[Piece], after: Sequence[Piece]) -> dict[str, float | None]:
    """How often key and tempo of the seed are those of what comes after it."""
    keys = found_keys(seeds) == found_keys(after)
    tempi = [(tempo_of(seed), tempo_of(piece)) for seed, piece in zip(seeds, after, strict=True)]
    told = [agree(one, other) for one, other in tempi if one is not None and other is not None]
    return {"key": float(np.mean(keys)), "tempo": float(np.mean(told)) if told else None}


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None

"""Whether a continuation keeps its seed's key, tempo and phrases as often as the real continuation does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from model.analysis.key_detection import found_keys
from model.analysis.listening import seed_reuse
from model.analysis.tempo_detection import agree, tempo_of
from model.evaluation.generation import Generate, GenerationRequest
from model.excerpts import cut, excerpts
from model.piece import Piece

SEED_S = 15.0  # seconds of real music that are continued
FIRST_SEED = 200_000  # random seeds of these pieces


def continuations(generate: Generate, pieces: Sequence[Piece], length_s: float, count: int) -> dict[str, Any]:
    """Continue seeds cut from `pieces`, and compare with how the pieces really went on.

    Args:
        generate: the composer.
        pieces: real music from outside the training set.
        length_s: seconds of each continuation.
        count: most seeds; fewer if `pieces` are too short.
    """
    found = excerpts(list(pieces), SEED_S + length_s, count)
    seeds = [cut(one.piece, 0, SEED_S) for one in found]
    usable = [index for index, seed in enumerate(seeds) if len(seed)]
    seeds = [seeds[index] for index in usable]
    real = [cut(found[index].piece, SEED_S, length_s) for index in usable]
    requests = [GenerationRequest(length_s, FIRST_SEED + number, seed=seed) for number, seed in enumerate(seeds)]
    composed = [one.piece for one in generate(requests, "continuations")]
    kept = {"real": _kept(seeds, real), "composed": _kept(seeds, composed)}
    return {
        "seeds": len(seeds),
        "seed_s": SEED_S,
        "length_s": length_s,
        **kept,
        "of_real": {name: _share(kept["composed"][name], kept["real"][name]) for name in ("key", "tempo")},
    }


def _kept(seeds: Sequence[Piece], after: Sequence[Piece]) -> dict[str, float | None]:
    """How often the music after the seed has its key and tempo, and the share of its phrases heard again."""
    keys = found_keys(seeds) == found_keys(after)
    tempi = [(tempo_of(seed), tempo_of(piece)) for seed, piece in zip(seeds, after, strict=True)]
    told = [agree(one, other) for one, other in tempi if one is not None and other is not None]
    reused = [seed_reuse(seed, piece) for seed, piece in zip(seeds, after, strict=True)]
    phrases = float(np.nanmean(reused)) if np.isfinite(reused).any() else None
    return {"key": float(np.mean(keys)), "tempo": float(np.mean(told)) if told else None, "phrases": phrases}


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None

"""Everything that a report says of one bundle: pieces composed at its defaults beside real music, and what it obeys.

The result is plain JSON; `page` draws it. Composed pieces and real excerpts are cut and measured alike.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.composing.casting import playable
from model.data.corpus import encode_corpus
from model.errors import RequestError
from model.evaluation.continuations import continuations
from model.evaluation.degeneration import MEANINGS, counted
from model.evaluation.distributions import compared
from model.evaluation.excerpts import Excerpt, cut, excerpts
from model.evaluation.indexing import index_of_steps
from model.evaluation.making import Made, Wish, maker
from model.evaluation.metrics import METRICS, UNITS
from model.evaluation.obedience import Obedience, length_figures
from model.evaluation.originality import RUNS, OriginalityIndex
from model.evaluation.reading import Reference, read_reference
from model.evaluation.verdicts import verdicts
from model.piece import Piece
from model.representation import representation_of

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.representation.base import Representation

REAL_PER_COMPOSED = 2  # excerpts of real music for each composed piece, where the reference has so many
PIECES_PER_KEY = 40  # this many composed pieces allow one for each key, and for each value of other controls
SEEDS_SHARE = 0.5  # of the number of pieces: seeds that are continued


@dataclass(frozen=True)
class Plan:
    """How much is composed: `pieces` of `length_s` seconds from nothing, the rest in proportion."""

    pieces: int = 200
    length_s: float = 30.0

    def __post_init__(self) -> None:
        if self.pieces < 2:
            raise RequestError("A report needs at least two pieces: figures of sets have a spread.")

    @property
    def each(self) -> int:
        """Pieces for each value of a control."""
        return max(1, self.pieces // PIECES_PER_KEY)

    @property
    def seeds(self) -> int:
        """Seeds that are continued."""
        return max(1, round(self.pieces * SEEDS_SHARE))


def study(
    bundle: Bundle, path: Path, plan: Plan | None = None, split: str = "auto", training: Path | None = None
) -> dict[str, Any]:
    """All figures of `bundle` beside the real music under `path`; plain JSON.

    Args:
        bundle: what composes, at its default settings.
        path: a folder or archive of real music that the bundle was not trained on.
        plan: how much is composed.
        split: the part of the reference, as `evaluate` means it.
        training: the training set, for exact originality; else the index inside the bundle is asked.

    Raises:
        DataError: when there is no real music that can be used, or none as long as the pieces.
        RequestError: when there is no such split, or too few pieces are asked for.
    """
    plan = plan or Plan()
    started = time.perf_counter()
    reference = read_reference(path, split)
    real = excerpts(reference.pieces, plan.length_s, REAL_PER_COMPOSED * plan.pieces)
    config = bundle.config
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    index = training_index(bundle, representation, training)
    make = maker(bundle)
    made = make([Wish(plan.length_s, number) for number in range(plan.pieces)], "pieces")
    figures = {
        "bundle": bundle.name,
        "version": bundle.version,
        "pieces": plan.pieces,
        "length_s": plan.length_s,
        "reference": _described(reference, real),
        **set_figures([one.piece for one in made], [one.piece for one in real], plan.length_s),
        "originality": originality_figures(made, reference, real, representation, index, training),
        "length": length_figures([plan.length_s] * len(made), made),
        "obedience": Obedience(make, representation, plan.length_s, plan.each, playable(bundle.habits)).figures(
            reference.pieces, real
        ),
        "continuation": continuations(make, reference.pieces, plan.length_s, plan.seeds),
    }
    return {**figures, "verdicts": verdicts(figures), "seconds_taken": round(time.perf_counter() - started, 1)}


def training_index(bundle: Bundle, representation: Representation, training: Path | None) -> OriginalityIndex | None:
    """The runs of what `train` would learn from in `training`, all of them; else those that the bundle carries."""
    if training is None:
        return bundle.originality()
    learnt = encode_corpus(training, bundle.representation).train
    return index_of_steps(representation, learnt, [], exact=True)


def set_figures(made: Sequence[Piece], real: Sequence[Piece], length_s: float) -> dict[str, Any]:
    """Degeneration counts and set metrics of composed pieces beside real excerpts of `length_s` seconds."""
    alike = [cut(piece, 0.0, length_s) for piece in made]
    metrics = {}
    for name, metric in METRICS.items():
        values = [np.array([metric(piece) for piece in pieces]) for pieces in (alike, real)]
        comparison = compared(*values)
        metrics[name] = {
            "unit": UNITS[name],
            **(asdict(comparison) if comparison else {}),
            "values": {"composed": _rounded(values[0]), "real": _rounded(values[1])},
        }
    return {
        "degeneration": {
            "meanings": MEANINGS,
            "composed": counted(made),
            "composed_of": len(made),
            "real": counted(real),
            "real_of": len(real),
        },
        "set_metrics": metrics,
    }


def originality_figures(
    made: Sequence[Made],
    reference: Reference,
    real: Sequence[Excerpt],
    representation: Representation,
    index: OriginalityIndex | None,
    training: Path | None,
) -> dict[str, Any] | None:
    """What composed pieces and real excerpts share with the training set; None where that is not known.

    A reference piece that is itself in the training set is judged by the runs that another piece of it has too.
    """
    if index is None:
        return None
    through = [representation.decode(representation.encode(piece)) for piece in reference.pieces]
    learnt = [index.was_learnt(piece) for piece in through]
    parts = [representation.decode(representation.encode(one.piece)) for one in real]
    is_left_out = [learnt[one.source] for one in real]
    composed = [one.piece for one in made]
    return {
        "index": f"every run of {training.name}" if training else "the bundle's own",
        "kept": {str(notes): f"1 run in {index.every[notes]}" for notes in RUNS},
        "composed": _shares(index, composed, [False] * len(composed)),
        "human": _shares(index, parts, is_left_out),
        "human_left_out": f"{sum(learnt)} of {len(learnt)} reference pieces are in the training set",
        "human_when_indexed": asdict(index.human) if index.human else None,
    }


def _shares(index: OriginalityIndex, pieces: Sequence[Piece], left_out: Sequence[bool]) -> dict[str, Any]:
    both = list(zip(pieces, left_out, strict=True))
    shares = {notes: [index.share(piece, notes, out) for piece, out in both] for notes in RUNS}
    longest = [index.longest_run(piece, out) for piece, out in both]
    pooled = {notes: sum(shares[notes][1:], shares[notes][0]) for notes in RUNS}
    single = [share.value for share in shares[16] if share.value is not None]
    return {
        "pieces": len(pieces),
        "share_8": pooled[8].value,
        "share_16": pooled[16].value,
        "looked_up_16": pooled[16].looked_up,
        "largest_share_16_of_a_piece": max(single, default=None),
        "longest_run_mean": float(np.mean(longest)),
        "longest_run_90th_percentile": float(np.percentile(longest, 90)),
        "longest_run": max(longest),
        "values": {"share_16": [round(value, 4) for value in single], "longest_run": longest},
    }


def _described(reference: Reference, real: Sequence[Excerpt]) -> dict[str, Any]:
    return {
        "name": reference.name,
        "split": reference.split,
        "pieces": len(reference.pieces),
        "left_out": reference.refused,
        "excerpts": len(real),
        "pedal": "applied",
    }


def _rounded(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]

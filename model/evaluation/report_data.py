"""All figures of a report on one bundle as plain JSON, and the goals they are checked against.

Generated pieces and real excerpts are cut and measured alike; `html_report` renders the result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model.analysis.listening import LISTENING, LISTENING_UNITS
from model.analysis.metrics import MEANINGS, METRICS, UNITS, counted
from model.analysis.originality import RUNS, OriginalityIndex, index_training_set
from model.bundles.instrumentation import playable
from model.corpora.corpus import encode_corpus
from model.errors import RequestError
from model.evaluation.control_accuracy import ControlAccuracy, length_figures
from model.evaluation.distributions import compare
from model.evaluation.samples import (
    GeneratedPiece,
    GenerationRequest,
    Reference,
    continuations,
    generator_for,
    read_reference,
)
from model.piece import Excerpt, Piece, cut, excerpts
from model.representation import representation_of

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.representation.base import Representation

REAL_PER_COMPOSED = 2  # most excerpts of real music per generated piece
PIECES_PER_KEY = 40  # generated pieces per piece for each value of a control
SEEDS_SHARE = 0.5  # continued seeds per generated piece
MANY = 1000  # pieces
HUMAN_FACTOR = 2.0
LEAST_OVERLAP = 0.9
LEAST_KEPT, WELL_KEPT = 0.85, 0.95


@dataclass(frozen=True)
class ReportPlan:
    """How much to generate: `pieces` of `length_s` seconds without a seed, and the rest in proportion."""

    pieces: int = 200
    length_s: float = 30.0

    def __post_init__(self) -> None:
        if self.pieces < 2:
            raise RequestError("A report needs at least two pieces.")

    @property
    def each(self) -> int:
        """Pieces per value of a control."""
        return max(1, self.pieces // PIECES_PER_KEY)

    @property
    def seeds(self) -> int:
        """Seeds to continue."""
        return max(1, round(self.pieces * SEEDS_SHARE))


def report_data(
    bundle: Bundle, path: Path, plan: ReportPlan | None = None, split: str = "auto", training: Path | None = None
) -> dict[str, Any]:
    """All figures of `bundle`, compared with the real music under `path`, as plain JSON.

    Args:
        bundle: generates the pieces, with default settings.
        path: a folder or archive of real music that the bundle was not trained on.
        plan: how much to generate.
        split: the part of the reference, as in `evaluate`.
        training: the training set, for exact originality; without it the bundle's own index is used.

    Raises:
        DataError: no usable real music, or none as long as the pieces.
        RequestError: an unknown split, or too few pieces.
    """
    plan = plan or ReportPlan()
    started = time.perf_counter()
    reference = read_reference(path, split)
    real = excerpts(reference.pieces, plan.length_s, REAL_PER_COMPOSED * plan.pieces)
    config = bundle.config
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    index = training_index(bundle, representation, training)
    generate = generator_for(bundle)
    made = generate([GenerationRequest(plan.length_s, number) for number in range(plan.pieces)], "pieces")
    figures = {
        "bundle": bundle.name,
        "version": bundle.version,
        "pieces": plan.pieces,
        "length_s": plan.length_s,
        "reference": _described(reference, real),
        **set_figures([one.piece for one in made], [one.piece for one in real], plan.length_s),
        "originality": originality_figures(made, reference, real, representation, index, training),
        "length": length_figures([plan.length_s] * len(made), made),
        "obedience": ControlAccuracy(
            generate, representation, plan.length_s, plan.each, playable(bundle.priors)
        ).figures(reference.pieces, real),
        "continuation": continuations(generate, reference.pieces, plan.length_s, plan.seeds),
    }
    return {**figures, "verdicts": check_goals(figures), "seconds_taken": round(time.perf_counter() - started, 1)}


def training_index(bundle: Bundle, representation: Representation, training: Path | None) -> OriginalityIndex | None:
    """An exact index of the training part of `training`, or else the index inside the bundle."""
    if training is None:
        return bundle.originality()
    learnt = encode_corpus(training, bundle.representation).train
    return index_training_set(representation, learnt, [], exact=True)


def set_figures(made: Sequence[Piece], real: Sequence[Piece], length_s: float) -> dict[str, Any]:
    """Failures, listening measures and set metrics of generated pieces and of real excerpts of `length_s` seconds."""
    alike = [cut(piece, 0.0, length_s) for piece in made]
    return {
        "degeneration": {
            "meanings": MEANINGS,
            "composed": counted(made),
            "composed_of": len(made),
            "real": counted(real),
            "real_of": len(real),
        },
        "listening": _compared(LISTENING, LISTENING_UNITS, alike, real),
        "set_metrics": _compared(METRICS, UNITS, alike, real),
    }


def _compared(
    metrics: Mapping[str, Callable[[Piece], float]],
    units: Mapping[str, str],
    composed: Sequence[Piece],
    real: Sequence[Piece],
) -> dict[str, Any]:
    """Each metric over both sets: its unit, the comparison (if there are enough values) and all values."""
    found = {}
    for name, metric in metrics.items():
        values = [np.array([metric(piece) for piece in pieces]) for pieces in (composed, real)]
        comparison = compare(*values)
        found[name] = {
            "unit": units[name],
            **(asdict(comparison) if comparison else {}),
            "values": {"composed": _rounded(values[0]), "real": _rounded(values[1])},
        }
    return found


def originality_figures(
    made: Sequence[GeneratedPiece],
    reference: Reference,
    real: Sequence[Excerpt],
    representation: Representation,
    index: OriginalityIndex | None,
    training: Path | None,
) -> dict[str, Any] | None:
    """What generated pieces and real excerpts share with the training set; None without an index.

    For a reference piece that is itself in the training set, only runs that a second training piece has count.
    """
    if index is None:
        return None
    through = [representation.decode(representation.encode(piece)) for piece in reference.pieces]
    learnt = [index.is_training_piece(piece) for piece in through]
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


def check_goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per figure with a goal: name, value, both goals, and whether each is met.

    Figures that do not apply (an unknown control, no originality index) have no row.
    """
    return [*_degeneration(figures), *_originality(figures), *_metrics(figures), *_control(figures)]


def _row(figure: str, value: object, must: str, meets: bool, aim: str, reaches: bool) -> dict[str, Any]:
    return {"figure": figure, "value": value, "must": must, "meets": meets, "aim": aim, "reaches": reaches}


def _degeneration(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    counts, total = figures["degeneration"]["composed"], figures["degeneration"]["composed_of"]
    for name, meaning in figures["degeneration"]["meanings"].items():
        is_none = counts[name] == 0
        reaches = is_none and total >= MANY
        yield _row(f"pieces in which {meaning}", counts[name], f"0 of {total}", is_none, f"0 of {MANY}", reaches)


def _originality(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if (found := figures["originality"]) is None:
        return
    own, human = found["composed"]["share_16"], found["human"]["share_16"]
    if own is not None and human is not None:
        meets, reaches = own <= HUMAN_FACTOR * human, own <= human
        goals = f"at most {HUMAN_FACTOR * human:.4f}, twice the human share", f"at most {human:.4f}, the human share"
        yield _row("share of 16-note runs found in the training set", own, goals[0], meets, goals[1], reaches)


def _metrics(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, metric in figures["set_metrics"].items():
        if "off_by" in metric:
            value = {"off_by": metric["off_by"], "overlap": metric["overlap"]}
            meets, reaches = abs(metric["off_by"]) <= 1, metric["overlap"] >= LEAST_OVERLAP
            goals = "mean within one standard deviation of real music", f"overlap of at least {LEAST_OVERLAP}"
            yield _row(name, value, goals[0], meets, goals[1], reaches)


def _control(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    length = figures["length"]
    is_kept = length["within_5_percent"] == 1 and length["ended_by_itself"] == 1
    value = {name: length[name] for name in ("within_5_percent", "ended_by_itself")}
    yield _row("length asked against got", value, "all within 5 %, all end by themselves", is_kept, "the same", is_kept)
    goals = f"at least {LEAST_KEPT:.0%} of", f"at least {WELL_KEPT:.0%} of"
    if (key := figures["obedience"].get("key")) and key["of_ceiling"] is not None:
        yield _share("key asked is the key found", key["of_ceiling"], "the ceiling", goals)
    for name, share in figures["continuation"]["of_real"].items():
        if share is not None:
            yield _share(f"a continuation keeps the {name}", share, "how often the real one does", goals)


def _share(figure: str, value: float, of: str, goals: tuple[str, str]) -> dict[str, Any]:
    return _row(figure, value, f"{goals[0]} {of}", value >= LEAST_KEPT, f"{goals[1]} {of}", value >= WELL_KEPT)

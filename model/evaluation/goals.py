"""The goals of a report (what a model must reach, what it should aim at), checked against its figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MANY = 1000  # pieces
HUMAN_FACTOR = 2.0
LEAST_OVERLAP = 0.9
LEAST_KEPT, WELL_KEPT = 0.85, 0.95


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

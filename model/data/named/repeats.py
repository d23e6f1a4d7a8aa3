"""Repeats written out: bars in the order in which they are played, on tables of ticks.

music21 knows the order that repeat signs, first and second endings, da capo and segno mean, but it copies every note
and every bar several times on the way, which takes seconds a piece. So it is asked about emptied bars, and the notes
are moved here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from music21.stream import Part

LONGEST_ORDER = 20_000  # bars; more is a repeat that never ends


def played_order(part: Part) -> list[int] | None:
    """Indices of the part's bars in the order played; None where no repeat is written, or one that makes no sense.

    Empties the part's bars: take the notes out before.
    """
    from music21.exceptions21 import Music21Exception
    from music21.repeat import Expander

    bars = list(part.getElementsByClass("Measure"))
    if not part.recurse().getElementsByClass(["RepeatMark", "RepeatBracket"]).first():
        return None
    for index, bar in enumerate(bars):
        bar.id = str(index)  # which copies keep; of their numbers, a da capo makes new ones
        bar.remove([element for element in bar if {"RepeatMark", "Barline"}.isdisjoint(element.classes)])
    try:
        order = [int(bar.id) for bar in Expander(part).process(deepcopy=False).getElementsByClass("Measure")]
    except Music21Exception:
        return None
    return order if len(order) <= LONGEST_ORDER else None


def played_notes(notes: NDArray, starts: NDArray[np.int64], order: list[int]) -> NDArray:
    """The notes of the bars in `order`, one after another.

    Args:
        notes: table with a column `onset` in ticks.
        starts: tick at which each bar begins, and at which the last one ends, int64 (bars + 1,).
        order: indices of bars.
    """
    inside = np.searchsorted(starts, notes["onset"], side="right") - 1
    parts = []
    for bar, start in zip(order, _new_starts(starts, order), strict=True):
        part = notes[inside == bar].copy()
        part["onset"] += start - starts[bar]
        parts.append(part)
    return np.concatenate(parts) if parts else notes[:0]


def played_map(changes: NDArray, starts: NDArray[np.int64], order: list[int]) -> NDArray:
    """A tempo or meter map (a table with a column `tick`, the first 0) as it is met when bars are played in `order`."""
    rows: list[tuple[int, ...]] = []
    for bar, start in zip(order, _new_starts(starts, order), strict=True):
        first = max(int(np.searchsorted(changes["tick"], starts[bar], side="right")) - 1, 0)
        for tick, *values in changes[first : np.searchsorted(changes["tick"], starts[bar + 1])].tolist():
            if not rows or tuple(values) != rows[-1][1:]:
                rows.append((int(max(tick - starts[bar], 0) + start) if rows else 0, *values))
    return np.array(rows, dtype=changes.dtype) if rows else changes


def _new_starts(starts: NDArray[np.int64], order: list[int]) -> NDArray[np.int64]:
    lengths = np.diff(starts)[order]
    return np.cumsum(np.concatenate([[starts[order[0]] if order else 0], lengths[:-1]]))

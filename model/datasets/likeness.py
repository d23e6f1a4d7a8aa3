"""Which piece of a set a new piece nearly repeats, in any key: the sketches of `model.corpora.near_duplicates`."""

from __future__ import annotations

import numpy as np

from model.corpora.near_duplicates import FEWEST_SHARED, SAME, Sketch, share


class Likeness:
    """The sketches of a set's pieces, to ask and to add to; pieces are known by their number in the set."""

    def __init__(self, sketches: list[Sketch]) -> None:
        self._sketches = list(sketches)
        hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *sketches])
        holders = np.repeat(np.arange(len(sketches)), [len(one) for one in sketches])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._holders = hashes[order], holders[order]
        self._sorted = len(sketches)  # how many pieces the two arrays know; those added later are looked at one by one

    def nearest(self, sketch: Sketch) -> int | None:
        """The piece that shares most with `sketch`, if that is enough to count as the same; else None."""
        shares = {number: share(sketch, self._sketches[number]) for number in self._likely(sketch)}
        best = max(shares, key=lambda number: shares[number], default=None)
        return best if best is not None and shares[best] >= SAME else None

    def add(self, sketch: Sketch) -> None:
        """Count one more piece to the set."""
        self._sketches.append(sketch)

    def _likely(self, sketch: Sketch) -> list[int]:
        starts = np.searchsorted(self._hashes, sketch, side="left")
        ends = np.searchsorted(self._hashes, sketch, side="right")
        held = [self._holders[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        counts = np.bincount(np.concatenate([np.zeros(0, dtype=np.int64), *held]), minlength=self._sorted)
        return [*np.flatnonzero(counts >= FEWEST_SHARED).tolist(), *range(self._sorted, len(self._sketches))]

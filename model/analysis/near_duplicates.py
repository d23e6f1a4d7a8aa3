"""Pieces that are nearly the same: transposed, slightly edited, or the same tune in two collections.

A piece is represented by a sketch: the smallest hashes of its runs of notes, which depend on intervals alone (Broder
1997, "On the resemblance and containment of documents"). A repeated note counts once, because some collections tie what
others repeat. Two sketches give an estimate of the share of the smaller piece's runs that the other piece has too: a
tune and a variation of it share some, a copy nearly all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from model.analysis.melody_hashes import melodies
from model.piece import Piece

RUN = 10  # notes; long enough that two pieces seldom share one by chance
SKETCH = 256  # hashes of a piece that are kept
SAME = 0.5  # share of the smaller piece's runs from which on two pieces count as one
FEWEST_SHARED = 8  # hashes; less is no evidence
MOST_HOLDERS = 64  # pieces that hold a hash; one in more is a commonplace such as a scale
CHORD_S = 0.03  # notes struck no later than this after the one before are a chord, told from the lowest note up
WEIGHTS = np.random.default_rng(10).integers(1, 1 << 63, RUN - 1, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
LARGEST_HASH = np.iinfo(np.uint64).max

Sketch = NDArray[np.uint64]


def sketch(piece: Piece) -> Sketch:
    """The smallest hashes of the piece's runs, rising, uint64 (at most SKETCH,); drums do not count."""
    runs = [np.zeros(0, dtype=np.uint64)]
    runs += [_run_hashes(line[np.diff(line, prepend=-1) != 0]) for line in melodies(piece, CHORD_S)]
    hashes = np.sort(np.concatenate(runs))
    is_new = np.ones(len(hashes), dtype=bool)
    is_new[1:] = hashes[1:] != hashes[:-1]
    return hashes[is_new][:SKETCH]


def _run_hashes(pitches: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each run of RUN pitches, the same for the same intervals, evenly spread, uint64."""
    if len(pitches) < RUN:
        return np.zeros(0, dtype=np.uint64)
    intervals = np.diff(pitches).astype(np.uint64)
    hashes = np.zeros(len(intervals) - len(WEIGHTS) + 1, dtype=np.uint64)
    for place, weight in enumerate(WEIGHTS):
        hashes += intervals[place : place + len(hashes)] * weight  # modulo 2**64
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's last steps
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return hashes ^ (hashes >> np.uint64(33))


def near_duplicates(sketches: Sequence[Sketch]) -> list[tuple[int, int]]:
    """Pairs of indices (lower first) of pieces that share at least SAME of the smaller one's runs, sorted."""
    shared = Counter(_pairs(sketches))
    likely = (pair for pair, count in shared.items() if count >= FEWEST_SHARED)
    return sorted(pair for pair in likely if share(sketches[pair[0]], sketches[pair[1]]) >= SAME)


def share(one: Sketch, other: Sketch) -> float:
    """The share of the smaller piece's runs that both have, 0 to 1, estimated; 0 where there is little evidence."""
    reach = min(_reach(one), _reach(other))
    one, other = one[one <= reach], other[other <= reach]
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / min(len(one), len(other)) if both >= FEWEST_SHARED else 0.0


def _reach(one: Sketch) -> int:
    """Up to which hash a sketch holds every one of its piece."""
    return int(one[-1]) if len(one) == SKETCH else int(LARGEST_HASH)


def _pairs(sketches: Sequence[Sketch]) -> list[tuple[int, int]]:
    """Every pair of pieces once for each hash that both sketches hold."""
    hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *sketches])
    holders = np.repeat(np.arange(len(sketches)), [len(one) for one in sketches])
    _, group, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    is_shared = (counts[group] > 1) & (counts[group] <= MOST_HOLDERS)
    holders, group = holders[is_shared], group[is_shared]
    holders = holders[np.argsort(group, kind="stable")]
    ends = np.cumsum(counts[(counts > 1) & (counts <= MOST_HOLDERS)])
    return [pair for held in np.split(holders, ends[:-1]) for pair in combinations(held.tolist(), 2)]

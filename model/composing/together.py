"""Many pieces drawn side by side: where nobody waits for the first, a step of many costs little more than one of one.

Used by evaluation, which composes hundreds. Each piece has its own random stream and its own wishes, as alone; only the
rounding of sums may differ, so a piece need not be note for note the one that its random seed names when alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from keras import tree
from numpy.typing import NDArray

from model.composing.assignment import Assignment
from model.composing.options import ComposeOptions
from model.composing.performing import Drawing
from model.sampling import Sampler
from model.sampling.sampler import CHUNK, Drawn, Position

SLOTS = 24  # pieces at a time


@dataclass
class _Slot:
    """One piece on its way; `place` says which of all it is."""

    place: int
    assignment: Assignment
    options: ComposeOptions
    rng: np.random.Generator
    drawn: list[Drawn] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it has more notes than any piece should."""
        return len(self.drawn) * CHUNK > self.assignment.most_steps

    def drawing(self, position: Position, row: int) -> Drawing:
        steps, is_given, is_past_end = (np.concatenate(parts) for parts in zip(*self.drawn, strict=True))
        ended, guarded = bool(position.is_over[row]), int(position.watch["acted"][row])
        return Drawing(steps[~is_past_end], is_given[~is_past_end], stopped=False, ended=ended, guarded=guarded)


def perform_together(
    sampler: Sampler, pieces: Iterable[tuple[Assignment, ComposeOptions]], slots: int = SLOTS
) -> Iterator[tuple[int, Drawing]]:
    """Draw every piece to its end; each with its place in `pieces`, in the order in which they end.

    Args:
        sampler: of the model.
        pieces: what is to be done, without a plan, and the options, whose taste and guard are the same for all.
        slots: how many are drawn side by side; the next piece takes the place of one that ended.
    """
    draws = len(sampler.representation.fields) + 2
    waiting = (
        _Slot(place, assignment, options, np.random.Generator(np.random.Philox(options.random_seed)))
        for place, (assignment, options) in enumerate(pieces)
    )
    running: list[_Slot] = list(islice(waiting, slots))
    position = _side_by_side([slot.assignment.position for slot in running]) if running else None
    while running and position is not None:
        uniforms = np.concatenate([slot.rng.random((CHUNK, 1, draws), dtype=np.float32) for slot in running], axis=1)
        options = running[0].options
        drawn, position = sampler.chunk(position, uniforms, options.taste, guard=options.guard)
        for row, slot in enumerate(running):
            slot.drawn.append(Drawn(*(part[:, row] for part in drawn)))
        is_done = np.array([bool(position.is_over[row]) or slot.is_full for row, slot in enumerate(running)])
        if not is_done.any():
            continue
        yield from (
            (running[row].place, running[row].drawing(position, row)) for row in np.flatnonzero(is_done).tolist()
        )
        fresh = list(islice(waiting, int(is_done.sum())))
        running = [slot for slot, done in zip(running, is_done, strict=True) if not done] + fresh
        position = _side_by_side([_rows(position, ~is_done), *(slot.assignment.position for slot in fresh)])


def _side_by_side(positions: list[Position]) -> Position:
    """One batch out of several."""
    return tree.map_structure(lambda *parts: np.concatenate([np.asarray(part) for part in parts]), *positions)


def _rows(position: Position, kept: NDArray[np.bool_]) -> Position:
    """The pieces of a batch that are kept."""

    def pick(part: object) -> NDArray:
        return np.asarray(part)[kept]

    return tree.map_structure(pick, position)

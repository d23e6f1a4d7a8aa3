"""The way from a starting position to the last note: chunk after chunk, watched and stoppable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.composing.assignment import Assignment
from model.composing.options import ComposeOptions
from model.sampling import Sampler
from model.sampling.sampler import CHUNK


@dataclass(frozen=True)
class Drawing:
    """What was drawn.

    Attributes:
        steps: raw int32 (notes, fields).
        is_given: which of them the plan gave, bool (notes,).
        stopped: whether it was stopped before its end.
        ended: whether it came to its end by itself.
        guarded: at how many steps the repetition guard stepped in.
    """

    steps: NDArray[np.int32]
    is_given: NDArray[np.bool_]
    stopped: bool
    ended: bool
    guarded: int


def perform(
    sampler: Sampler,
    assignment: Assignment,
    options: ComposeOptions,
    on_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> Drawing:
    """Draw steps until the piece ends, is stopped, or has more notes than any piece should."""
    rng = np.random.Generator(np.random.Philox(options.random_seed))
    draws = len(sampler.representation.fields) + 2
    position, stopped, ended, chunks = assignment.position, False, False, []
    for _ in range(assignment.most_steps // CHUNK + 1):
        uniforms = rng.random((CHUNK, 1, draws), dtype=np.float32)
        drawn, position = sampler.chunk(position, uniforms, options.taste, assignment.plan, options.guard)
        chunks.append(drawn)
        ended = bool(position.is_over[0])
        on_progress(1.0 if ended else min(assignment.progress(position), 1.0))
        stopped = not ended and should_stop()
        if ended or stopped:
            break
    steps, is_given, is_past_end = (np.concatenate(parts)[:, 0] for parts in zip(*chunks, strict=True))
    return Drawing(steps[~is_past_end], is_given[~is_past_end], stopped, ended, int(position.watch["acted"][0]))

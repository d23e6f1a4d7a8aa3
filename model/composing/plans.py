"""What the modes `vary` and `accompany` give the sampler beforehand, out of the steps of a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.generation.plan import NEVER, Plan, filled_in, woven
from model.piece import Piece
from model.representation import Representation


def variation(representation: Representation, steps: NDArray[np.int32], strength: float) -> Plan:
    """A plan that keeps the rhythm of `steps`.

    Raises:
        RequestError: the representation cannot be varied.
    """
    freedom = representation.variation(steps)
    return filled_in(steps, freedom, _below_the_next(representation, steps), strength)


def accompaniment(representation: Representation, melody: NDArray[np.int32]) -> tuple[Plan, NDArray | None]:
    """A plan that keeps the steps of `melody`, and their `Freedom`; None where the new steps come between them.

    Raises:
        RequestError: the representation cannot play around given notes.
    """
    freedom = representation.accompaniment(melody)
    if freedom is None:
        return woven(representation.onsets(melody), melody), None
    return filled_in(melody, freedom, np.full(len(melody), NEVER, dtype=np.int32), 0.0), freedom


def around(
    representation: Representation,
    steps: NDArray[np.int32],
    is_given: NDArray[np.bool_],
    freedom: NDArray[np.int32] | None,
) -> Piece:
    """What was drawn around given notes.

    Args:
        representation: of the steps.
        steps: all of them, (notes, fields).
        is_given: which of them were, (notes,).
        freedom: which of their values were, where steps followed a template.
    """
    if freedom is not None:
        return representation.drawn_part(steps, freedom[: len(steps)])
    drawn = steps[~is_given].copy()  # the others keep their place in time
    drawn[:, 0] = np.diff(representation.onsets(steps)[~is_given], prepend=0)
    return representation.decode(drawn)


def _below_the_next(representation: Representation, steps: NDArray[np.int32]) -> NDArray[np.int32]:
    """What the pitch of each step may not exceed, (notes,).

    Pitches rise within a chord: one that rose above the next of its template would leave that no place.
    """
    highest = np.full(len(steps), NEVER, dtype=np.int32)
    names = [field.name for field in representation.fields]
    if not representation.opens_with_wait:
        return highest
    pitch = names.index("pitch")
    same_time = steps[1:, 0] == 0
    same_voice = (steps[1:, 1:pitch] == steps[:-1, 1:pitch]).all(axis=1)
    below_next = np.where(same_time & same_voice, steps[1:, pitch] - 1, NEVER)
    highest[:-1] = np.minimum(below_next, NEVER)
    return highest

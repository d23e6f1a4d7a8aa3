"""What is given beforehand: notes to weave in among the drawn ones, or a template to fill in step by step.

Plans are data, padded to powers of two, so that few graphs serve them all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from model.network.heads import REFUSED
from model.representation.base import Tensor

NEVER = 1 << 30  # own time units: the onset of no note
NEAR_SEMITONES = 12  # how far from the given pitch a near one may lie
SAME_CHROMA, EACH_SEMITONE = 1.0, -0.35  # logits of the other near pitches at full strength
LEAST = 1e-30  # a probability that is never drawn, and whose logarithm float32 can hold


class Plan(NamedTuple):
    """What is given to a batch of pieces; int32 unless said otherwise.

    Attributes:
        onsets: own time units of each given note from where the composing starts, (batch, notes).
        notes: raw steps of the given notes, (batch, notes, fields); their shifts do not matter.
        template: raw steps, (batch, steps, fields).
        freedom: `Freedom` of each value of the template, (batch, steps, fields).
        highest: what a near pitch may not exceed, (batch, steps).
        length: steps of the template before its padding, or NEVER where there is none, (batch,).
        strength: the share of near pitches that are the given ones in any case, 0..1, float32 (batch,).
    """

    onsets: Tensor
    notes: Tensor
    template: Tensor
    freedom: Tensor
    highest: Tensor
    length: Tensor
    strength: Tensor


def woven(onsets: NDArray[np.int64], notes: NDArray[np.int32]) -> Plan:
    """A plan for one piece that brings `notes` (notes, fields) at `onsets` (notes,) and leaves all else free."""
    fields = notes.shape[1]
    nothing = np.zeros((0, fields), dtype=np.int32)
    plan = filled_in(nothing, nothing, np.zeros(0, dtype=np.int32), 0.0)
    size = _padded(len(notes) + 1)  # at least one note that never comes
    at = np.full((1, size), NEVER, dtype=np.int32)
    at[0, : len(notes)] = onsets
    rows = np.zeros((1, size, fields), dtype=np.int32)
    rows[0, : len(notes)] = notes
    return plan._replace(onsets=at, notes=rows, length=np.array([NEVER], dtype=np.int32))


def filled_in(
    template: NDArray[np.int32], freedom: NDArray[np.int32], highest: NDArray[np.int32], strength: float
) -> Plan:
    """A plan for one piece that follows `template` (steps, fields) step by step and ends with it.

    Args:
        template: raw steps.
        freedom: `Freedom` of each of their values.
        highest: of each step, what a near pitch may not exceed.
        strength: 0 (any near pitch) to 1 (the given pitch).
    """
    steps, fields = template.shape
    size = _padded(max(steps, 1))
    rows, free = (np.zeros((1, size, fields), dtype=np.int32) for _ in range(2))
    limit = np.full((1, size), NEVER, dtype=np.int32)
    rows[0, :steps], free[0, :steps], limit[0, :steps] = template, freedom, highest
    return Plan(
        onsets=np.full((1, 1), NEVER, dtype=np.int32),
        notes=np.zeros((1, 1, fields), dtype=np.int32),
        template=rows,
        freedom=free,
        highest=limit,
        length=np.array([steps], dtype=np.int32),
        strength=np.array([strength], dtype=np.float32),
    )


def _padded(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def leaning(logits: Tensor, given: Tensor, barred: Tensor, highest: Tensor, strength: Tensor) -> Tensor:
    """Logits of a pitch that is to lie near a given one, float32 (batch, classes).

    With a probability of `strength` it is the given one; else it is the network's choice among the near ones, which may
    be the given one too. Leaning on the logits alone would not do: a network that has heard the given notes so far
    expects them to go on, so that any push is enough to have all of them.

    Args:
        logits: of the network; refused classes have `REFUSED`.
        given: the class of the given pitch, int32 (batch,).
        barred: a class that may not be drawn, or -1, int32 (batch,).
        highest: how many classes above the given one are allowed at most, int32 (batch,).
        strength: see `Plan`.
    """
    classes = ops.arange(logits.shape[-1], dtype="int32")
    distance = classes - given[:, None]
    semitones = ops.cast(ops.abs(distance), "float32")
    fits = ops.logical_and(ops.abs(distance) <= NEAR_SEMITONES, distance <= highest[:, None])
    fits = ops.logical_and(fits, classes != barred[:, None])
    fits = ops.logical_and(fits, logits > REFUSED / 2)
    towards = EACH_SEMITONE * semitones + SAME_CHROMA * ops.cast(distance % 12 == 0, "float32")
    # where nothing fits, as when the only key left is still held, the given pitch comes before all others
    near = ops.where(fits, logits + strength[:, None] * towards, REFUSED * (1 + semitones / 128))
    kept = ops.cast(ops.logical_and(fits, distance == 0), "float32")
    share = strength[:, None] * ops.sum(kept, axis=-1, keepdims=True)  # nothing where the given pitch does not fit
    mixed = ops.log(ops.maximum((1 - share) * ops.softmax(near, axis=-1) + share * kept, LEAST))
    return ops.where(fits, mixed, near)

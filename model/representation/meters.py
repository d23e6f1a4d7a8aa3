"""Where in the bar, the beat and the phrase a moment lies, as features a network can read at a glance.

Used by `score`; the position follows from the steps, so a network need not count ticks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from model.representation.grid import BAR_TICKS, TICKS_PER_QUARTER

Tensor = Any  # a numpy array or a tensor of the running Keras backend

QUARTERS = 8  # of a bar told apart, counted from either end
HARMONICS = (1, 2, 3, 4)  # parts of a bar between which sine and cosine turn once
PHRASE = 8  # bars told apart
FEATURES = TICKS_PER_QUARTER + 2 * QUARTERS + 2 * len(HARMONICS) + PHRASE + 3
DEFAULT_BAR = 4 * TICKS_PER_QUARTER  # before the first meter is known


def bar_ticks(meter: Tensor, ops: Any) -> Tensor:
    """The length of a bar in ticks, int32 (...); `meter` is a class, -1 where none is known."""
    return ops.where(meter < 0, DEFAULT_BAR, ops.take(BAR_TICKS, ops.maximum(meter, 0)))


def position_features(since_line: Tensor, meter: Tensor, ops: Any) -> Tensor:
    """Float32 (..., FEATURES): place in the quarter, quarters since and until a bar line, place in the bar, the bar.

    Args:
        since_line: ticks since the bar line at which the meter began, int32 (...).
        meter: its class, int32 (...), -1 where none is known.
        ops: numpy or keras.ops.
    """
    bar = bar_ticks(meter, ops)
    inside = ops.mod(since_line, bar)
    quarter = inside // TICKS_PER_QUARTER
    to_come = (bar - inside - 1) // TICKS_PER_QUARTER
    number = ops.mod(since_line // bar, PHRASE)
    share = ops.cast(ops.expand_dims(inside, -1), "float32") / ops.cast(ops.expand_dims(bar, -1), "float32")
    turns = share * (2 * np.pi * np.array(HARMONICS, dtype=np.float32))  # (..., harmonics)
    length = ops.cast(ops.expand_dims(bar, -1), "float32") / DEFAULT_BAR
    return ops.concatenate(
        [
            one_hot(ops.mod(inside, TICKS_PER_QUARTER), TICKS_PER_QUARTER, ops),
            one_hot(ops.minimum(quarter, QUARTERS - 1), QUARTERS, ops),
            one_hot(ops.minimum(to_come, QUARTERS - 1), QUARTERS, ops),
            ops.sin(turns),
            ops.cos(turns),
            one_hot(number, PHRASE, ops),
            ops.cast(ops.expand_dims(inside, -1) == 0, "float32"),
            length,
            ops.log(length),
        ],
        axis=-1,
    )


def one_hot(values: Tensor, size: int, ops: Any) -> Tensor:
    """Float32 (..., size) with a one at each value, nothing where it is outside 0..size-1."""
    return ops.cast(ops.expand_dims(values, -1) == ops.arange(size, dtype="int32"), "float32")

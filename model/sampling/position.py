"""Where pieces stand between two steps: all that a step reads and leaves behind."""

from __future__ import annotations

from typing import NamedTuple

from model.representation.base import Situation, Tensor
from model.sampling.guard import Watch
from model.sampling.steering import Steer


class Position(NamedTuple):
    """Where a batch of pieces stands.

    Attributes:
        previous: the last step's classes, int32 (batch, fields).
        latest: its raw values, int32 (batch, fields).
        situation: after it.
        state: of the stack, after it.
        watch: what the repetition guard remembers.
        steer: key, pace and pulse to be kept, and what was heard of them.
        now: own time units since the composing started, int32 (batch,).
        woven: how many of the plan's notes were brought in, int32 (batch,).
        filled: how many steps were drawn, int32 (batch,).
        is_over: whether the piece has ended, bool (batch,).
    """

    previous: Tensor
    latest: Tensor
    situation: Situation
    state: dict[str, Tensor]
    watch: Watch
    steer: Steer
    now: Tensor
    woven: Tensor
    filled: Tensor
    is_over: Tensor

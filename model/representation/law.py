"""The law of a step: what follows from the steps so far, written once for drawing, training and evaluation.

Every representation has a version of these functions, scalar code over the state of one piece, compiled by numba. The
engine calls them while it draws; `trace` runs the same ones over whole encoded pieces, for training and evaluation.

A state is one record of a structured numpy array; all hold `left`, own time units until the last onset of the piece or
`UNKNOWN`. Arrays named `out` and `classes` are written from 0 on. `field` is the index of a field; `raw` holds the raw
values of a step, int32 (fields,).
"""

# ruff: noqa: ANN001, ANN201 (numba infers types; these are signatures only)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import exp32
from model.compiling import by_state, inlined, kept

UNKNOWN = -1  # of `left`: nobody said how long the piece is to be
INPUT = -1  # the part of the features that the stack reads; the other parts are fields
NONE = -1  # of a pitch class: the class sounds none


class Conditions(NamedTuple):
    """What is asked of a piece, as the network and the law read it.

    Attributes:
        controls: float32 (width,), see `model.controls`.
        key_at, instruments_at: where these controls begin in it, -1 where the representation has none.
        fades: own time units over which the nearness of the end fades, float32.
    """

    controls: NDArray[np.float32]
    key_at: int
    instruments_at: int
    fades: NDArray[np.float32]


@by_state
def features(state, conditions, part, out):
    """Write what `part` (`INPUT` or a field) may look at of the music so far, float32; returns how many numbers."""
    raise NotImplementedError


@by_state
def forbid(state, field, allowed):
    """Clear the classes of `field` that cannot follow, in `allowed` uint8 (classes,)."""
    raise NotImplementedError


@by_state
def forbid_composing(state, conditions, field, allowed):
    """Clear the classes of `field` that could follow but that composing does not draw."""
    raise NotImplementedError


@by_state
def learn(state, field, value):
    """Bring the state up to date once `field` of the coming step is known, before later fields are drawn."""
    raise NotImplementedError


@by_state
def advance(state, raw):
    """From the state before a step to the state after it; no field of it has been learnt before."""
    raise NotImplementedError


@by_state
def to_classes(state, raw, classes):
    """Write the classes of a step, given the state before it."""
    raise NotImplementedError


@by_state
def to_raw(state, field, drawn, uniform):
    """The raw value of a drawn class; `uniform` in [0, 1) chooses within a bucket."""
    raise NotImplementedError


@by_state
def pitch_class(state, field, drawn):
    """The pitch class that a class of `field` sounds, `NONE` where it sounds none."""
    raise NotImplementedError


@by_state
def sounding(state, raw, weights):
    """Add how much of each pitch class a step sounds, to float32 (12,)."""
    raise NotImplementedError


@by_state
def has_pitch(state, raw):
    """Whether a step sounds a pitch, told by its values before the pitch."""
    raise NotImplementedError


@inlined
def wait(state, units):
    """Let own time units pass until the last onset; a part of `learn` or `advance`."""
    if state.left != UNKNOWN:
        state.left = max(state.left - units, 0)


@inlined
def context(state, conditions, part, out):
    """Everything that `part` may look at: the music so far, what is asked, how near the end is."""
    at = features(state, conditions, part, out)
    controls, fades = conditions.controls, conditions.fades
    for i in range(len(controls)):
        out[at + i] = controls[i]
    at += len(controls)
    known, left = state.left >= 0, np.float32(max(state.left, 0))
    out[at] = np.float32(1.0 if known else 0.0)
    out[at + 1] = np.float32(1.0 if state.left == 0 else 0.0)
    for i in range(len(fades)):
        out[at + 2 + i] = exp32(-left / fades[i]) if known else np.float32(0)
    return at + 2 + len(fades)


@kept
def trace(states, conditions, raw, sizes, classes, parts, allowed):
    """Go through known steps of one piece: classes, features and masks of each; the state moves to after the last.

    Args:
        states: the state before the first step, and a second record for scratch.
        conditions: of these steps.
        raw: int32 (steps, fields).
        sizes: classes of each field, int64 (fields,).
        classes: int32 (steps, fields), written.
        parts: float32 (steps, widths of all parts together), written: `INPUT`, then each field.
        allowed: uint8 (steps, classes of all fields together), written.
    """
    state = states[0]
    fields = raw.shape[1]
    scratch = states[1]
    for step in range(len(raw)):
        to_classes(state, raw[step], classes[step])
        at = context(
            state, conditions, np.int64(INPUT), parts[step]
        )  # no literal, for which numba would compile it once more
        states[1] = states[0]
        mask_at = 0
        for field in range(fields):
            mask = allowed[step, mask_at : mask_at + sizes[field]]
            mask[:] = np.uint8(1)
            forbid(scratch, field, mask)
            mask_at += sizes[field]
            at += context(scratch, conditions, field, parts[step, at:])
            learn(scratch, field, raw[step, field])
        advance(state, raw[step])

"""The law of `performance`: which keys sound and for how long; see `law` for what each function does."""

# ruff: noqa: ANN001, ANN201, ANN202, D103 (numba infers types; `law` documents the functions)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from model.arithmetic import exp32
from model.compiling import inlined, version
from model.representation import law
from model.representation.buckets import EXACT, LARGEST, LOWEST, SIZE, WIDTHS, class_of
from model.representation.law import INPUT, wait

PITCHES = 128
LOWEST_KEY, HIGHEST_KEY = 21, 108  # A0 and C8, the ends of a piano
PENDING_ENDS = 4  # how many of the latest ends of sounding notes a duration can point at
LONG_AGO = 100_000  # steps of 10 ms; the age of a key that was never struck
LOG_SCALE = np.float32(6.0)  # brings log(1 + steps) of a few seconds near 1
FADES = (np.float32(50.0), np.float32(400.0))  # steps in which the memory of a struck key fades
END_FADES = (np.float32(20.0), np.float32(100.0))  # steps; resolves pending ends near and far
KEYBOARD = PITCHES * (1 + len(FADES))  # numbers that `_keyboard` writes
ENDS = PENDING_ENDS * (1 + len(END_FADES))

SHIFT, PITCH, VELOCITY, DURATION = range(4)

# `remaining`: steps until the note of each key ends, 0 = silent; `age`: steps since it was struck; both seen from the
# latest onset. `pitch`: the latest one if nothing has passed since, -1 otherwise.
STATE = np.dtype(
    [("left", np.int32), ("pitch", np.int32), ("remaining", np.int32, (PITCHES,)), ("age", np.int32, (PITCHES,))],
    align=True,
)


def start(state: np.ndarray) -> None:
    """No key sounds, none was struck."""
    state["pitch"], state["remaining"], state["age"] = -1, 0, LONG_AGO


@inlined
def pending_end(state, rank, passed):
    """Steps until the end of the sounding notes that is the `rank`-th latest, counted without repeats; 0 = none."""
    below = 1 << 30
    for _ in range(rank + 1):
        latest = 0
        for key in range(PITCHES):
            end = state.remaining[key] - passed
            if end < below and end > latest:
                latest = end
        below = latest
    return below


@inlined
def _keyboard(state, out):
    """How long each key still sounds, and how long ago it was struck."""
    for key in range(PITCHES):
        out[key] = np.float32(math.log1p(np.float32(state.remaining[key]))) / LOG_SCALE if state.remaining[key] else 0
    for key in range(PITCHES):
        out[PITCHES + key] = exp32(-np.float32(state.age[key]) / FADES[0])
    for key in range(PITCHES):
        out[2 * PITCHES + key] = exp32(-np.float32(state.age[key]) / FADES[1])


@version(law.features, STATE)
def features(state, conditions, part, out):
    if part in (INPUT, PITCH):
        _keyboard(state, out)
        return KEYBOARD
    if part == VELOCITY:
        return 0
    for rank in range(PENDING_ENDS):
        end = np.float32(pending_end(state, rank, 0))
        out[rank] = np.float32(math.log1p(end)) / LOG_SCALE
        out[PENDING_ENDS + rank] = exp32(-end / END_FADES[0])
        out[2 * PENDING_ENDS + rank] = exp32(-end / END_FADES[1])
    return ENDS


@version(law.forbid, STATE)
def forbid(state, field, allowed):
    """Only silent keys sound next, in a chord only higher ones; a duration points only at ends of sounding notes."""
    if field == PITCH:
        for key in range(PITCHES):
            if state.remaining[key] > 0 or key <= state.pitch:
                allowed[key] = 0
    elif field == DURATION:
        allowed[0] = 0
        for rank in range(PENDING_ENDS):
            if pending_end(state, rank, 0) == 0:
                allowed[SIZE + rank] = 0


@version(law.forbid_composing, STATE)
def forbid_composing(state, conditions, field, allowed):
    """The keys of a piano only; the first note comes without a wait; after the highest free key a chord is over."""
    if field == PITCH:
        allowed[:LOWEST_KEY] = np.uint8(0)
        allowed[HIGHEST_KEY + 1 :] = np.uint8(0)
    elif field == SHIFT:
        is_begun, is_any_free = False, False
        for key in range(PITCHES):
            is_begun = is_begun or state.age[key] < LONG_AGO
        for key in range(max(state.pitch + 1, LOWEST_KEY), HIGHEST_KEY + 1):
            is_any_free = is_any_free or state.remaining[key] == 0
        if not is_any_free:
            allowed[0] = 0
        if not is_begun:
            allowed[1:] = np.uint8(0)


@version(law.learn, STATE)
def learn(state, field, value):
    if field == SHIFT:
        _elapse(state, value)


@inlined
def _elapse(state, shift):
    wait(state, shift)
    for key in range(PITCHES):
        state.remaining[key] = max(state.remaining[key] - shift, 0)
        state.age[key] = min(state.age[key] + shift, LONG_AGO)
    if shift > 0:  # pitches rise within a chord, so after a shift of 0 only higher ones may follow
        state.pitch = -1


@version(law.advance, STATE)
def advance(state, raw):
    _elapse(state, raw[SHIFT])
    state.remaining[raw[PITCH]] = raw[DURATION]
    state.age[raw[PITCH]] = 0
    state.pitch = raw[PITCH]


@version(law.to_classes, STATE)
def to_classes(state, raw, classes):
    """A duration is the first pending end that it meets, else its bucket."""
    classes[SHIFT], classes[PITCH], classes[VELOCITY] = class_of(raw[SHIFT], EXACT), raw[PITCH], raw[VELOCITY]
    classes[DURATION] = class_of(raw[DURATION], EXACT)
    for rank in range(PENDING_ENDS):
        if pending_end(state, rank, raw[SHIFT]) == raw[DURATION]:
            classes[DURATION] = SIZE + rank
            return


@version(law.to_raw, STATE)
def to_raw(state, field, drawn, uniform):
    if field in (PITCH, VELOCITY):
        return np.int32(drawn)
    if drawn >= SIZE:
        return np.int32(pending_end(state, drawn - SIZE, 0) if field == DURATION else LARGEST)
    return np.int32(LOWEST[drawn] + np.int32(uniform * np.float32(WIDTHS[drawn])))


@version(law.pitch_class, STATE)
def pitch_class(state, field, drawn):
    return drawn % 12 if field == PITCH else law.NONE


@version(law.sounding, STATE)
def sounding(state, raw, weights):
    weights[raw[PITCH] % 12] += np.float32(1)


@version(law.has_pitch, STATE)
def has_pitch(state, raw):
    return True

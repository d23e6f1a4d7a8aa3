"""How one step of one piece is drawn: the law of a step, as ordinary scalar code compiled by numba.

    features of the state ─► embedding ─► stack ─► for each field: head ─► masks ─► logits processors ─► plan ─► draw
         ▲                                                                                                      │
         └──────────────────────────────── advance the state with the step ◄────────────────────────────────────┘

A piece has everything that its drawing reads and changes in arrays of its own (`Decoder`). What one piece draws does not
depend on any other, so pieces go to threads as they are. `draw_chunk` and `prefill` serve recurrent stacks; for other
stacks, and for a GPU, `embed` and `draw_step` are the two halves around a step of the stack by Keras.
"""

# ruff: noqa: ANN001, ANN201, ANN202, PLR0913 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import sigmoid32
from model.compiling import inlined, kept
from model.generation.kernels.recurrent import add_product, biased, stack_step
from model.generation.plan import NEVER, Plan, lean
from model.generation.processors import FREEING_TEMPERATURE, Rules, hear, is_crowded, process
from model.generation.sampler import draw
from model.generation.weights import (
    CLASSES,
    CLASSES_BIAS,
    CONTEXT,
    CONTEXT_BIAS,
    CONTEXT_SIZE,
    EARLIER,
    EMBEDDING,
    FROM_CONTEXT,
    FROM_STACK,
    HEAD_CONTEXT,
    HIDDEN,
    STACK_BIAS,
    STACK_UNITS,
    TABLES,
    TO_CLASSES,
    Memory,
)
from model.network.heads import REFUSED
from model.representation import law
from model.representation.base import Freedom
from model.representation.law import INPUT, UNKNOWN, Conditions

FREE, GIVEN, HELD, NEAR, MOVED = (int(freedom) for freedom in Freedom)
CLOSE_S = 0.5  # an onset that would come so close before the last one is put off until the end, and joins the last chord
LAST_CHORD_S = 0.02  # that the notes of the last chord take


class Sampling(NamedTuple):
    """Sampling parameters of a piece; `temperature` float32 (fields,)."""

    temperature: NDArray[np.float32]
    top_k: int
    top_p: float
    min_p: float


class Steps(NamedTuple):
    """The steps of a piece around the one under way, int32 (fields,) each, and counters.

    Attributes:
        previous: classes of the step before.
        latest: its raw values.
        raw, classes: of the step under way.
        template, template_classes, barred: what the plan's template says of it.
        freedom: of each of its fields.
        counts: int64, see the names of its places.
    """

    previous: NDArray[np.int32]
    latest: NDArray[np.int32]
    raw: NDArray[np.int32]
    classes: NDArray[np.int32]
    template: NDArray[np.int32]
    template_classes: NDArray[np.int32]
    barred: NDArray[np.int32]
    freedom: NDArray[np.int32]
    counts: NDArray[np.int64]


NOW, WOVEN, FILLED, PENALISED, IS_OVER = range(5)  # of `Steps.counts`: own time units, notes of the plan, steps, steps


class Decoder(NamedTuple):
    """Everything that the drawing of one piece reads and changes.

    Attributes:
        law: the state of its law, and a record of scratch.
        conditions: what is asked.
        steps: around the one under way.
        processors: the record of the logits processors, in an array of one.
        sampling: how far from the likeliest it is drawn.
        plan: what is given beforehand.
        memory: of a recurrent stack.
    """

    law: NDArray[np.void]
    conditions: Conditions
    steps: Steps
    processors: NDArray[np.void]
    sampling: Sampling
    plan: Plan
    memory: Memory


@inlined
def _embed(piece, weights, scratch):
    """The input of the stack: the features of the state, and a row of each field's table for the step before."""
    places, inputs, width = weights.embed, scratch.inputs, weights.embed[EMBEDDING]
    law.context(piece.law[0], piece.conditions, INPUT, scratch.features)
    biased(inputs, weights, places[CONTEXT_BIAS], width)
    add_product(inputs, scratch.features, places[CONTEXT_SIZE], weights, places[CONTEXT], width, scratch)
    for field in range(len(piece.steps.previous)):
        table = places[TABLES + field] + piece.steps.previous[field] * width
        for i in range(width):
            inputs[i] += weights.floats[table + i]


@inlined
def _head(state, piece, weights, field, output, scratch):
    """The logits of a field, from what the stack says, the features of the state and the fields before."""
    head, hidden, logits = weights.heads[field], scratch.gates, scratch.logits
    units = head[HIDDEN]
    law.context(state, piece.conditions, field, scratch.features)
    biased(hidden, weights, head[STACK_BIAS], units)
    add_product(hidden, output, head[STACK_UNITS], weights, head[FROM_STACK], units, scratch)
    add_product(hidden, scratch.features, head[HEAD_CONTEXT], weights, head[FROM_CONTEXT], units, scratch)
    for earlier in range(field):
        table = head[EARLIER + earlier] + piece.steps.classes[earlier] * units
        for i in range(units):
            hidden[i] += weights.floats[table + i]
    for i in range(units):
        hidden[i] *= sigmoid32(hidden[i])
    biased(logits, weights, head[CLASSES_BIAS], head[CLASSES])
    add_product(logits, hidden, units, weights, head[TO_CLASSES], head[CLASSES], scratch)


@inlined
def _mask(state, piece, rules, field, scratch):
    """Refuse classes that cannot follow, and those that composing does not draw."""
    size, steps, logits = rules.sizes[field], piece.steps, scratch.logits
    allowed, composable = scratch.allowed[:size], scratch.composable[:size]
    allowed[:], composable[:] = np.uint8(1), np.uint8(1)
    law.forbid(state, field, allowed)
    if field == 0:  # no wait beyond the last onset that was asked for; there, what sounds together with it, and END
        left = state.left
        for drawn in range(size):
            if not rules.drawable[drawn] or (left != UNKNOWN and rules.waits[drawn] > left):
                composable[drawn] = 0
        if left == 0:
            composable[rules.end_class] = 1
    law.forbid_composing(state, piece.conditions, field, composable)
    if steps.freedom[field] in (NEAR, MOVED):  # what a seed has, its variation may keep
        composable[steps.template_classes[field]] = 1
    for drawn in range(size):
        if not (allowed[drawn] and composable[drawn]):
            logits[drawn] = REFUSED


@inlined
def _prepare(piece, rules):
    """Read the template's row for this step, and whether notes are drawn more freely because time hardly moves."""
    steps, plan, filled = piece.steps, piece.plan, piece.steps.counts[FILLED]
    row = min(filled, len(plan.template) - 1)
    for field in range(len(steps.raw)):
        has_template = filled < plan.length < NEVER
        steps.freedom[field] = plan.freedom[row, field] if has_template else FREE
        is_held = steps.freedom[field] == HELD
        steps.template[field] = steps.latest[field] if is_held else plan.template[row, field]
    law.to_classes(piece.law[0], steps.latest, steps.barred)
    law.to_classes(piece.law[0], steps.template, steps.template_classes)
    crowded = is_crowded(rules, piece.processors[0])
    is_freed = False
    for field in range(len(steps.raw)):
        is_freed = is_freed or (crowded and piece.sampling.temperature[field] < FREEING_TEMPERATURE)
    return is_freed


@inlined
def _draw_fields(piece, weights, rules, output, uniforms, scratch):
    """Draw the fields one after another, each given those before it; whether the penalty stepped in."""
    steps, plan, sampling, is_freed = piece.steps, piece.plan, piece.sampling, _prepare(piece, rules)
    piece.law[1] = piece.law[0]
    state, is_penalised = piece.law[1], is_freed
    row = min(steps.counts[FILLED], len(plan.template) - 1)
    for field in range(len(steps.raw)):
        freedom, size = steps.freedom[field], rules.sizes[field]
        _head(state, piece, weights, field, output, scratch)
        _mask(state, piece, rules, field, scratch)
        if process(state, piece.conditions, rules, piece.processors[0], field, steps.raw, scratch.logits):
            is_penalised = True
        if freedom in (NEAR, MOVED):
            barred = steps.barred[field] if freedom == MOVED else -1
            highest = plan.highest[row] - steps.template[field]
            lean(scratch.logits, size, steps.template_classes[field], barred, highest, plan.strength)
        temperature = np.float64(sampling.temperature[field])
        if is_freed:
            temperature = max(temperature, FREEING_TEMPERATURE)
        drawn = draw(
            scratch.logits, size, uniforms[field], temperature, sampling.top_k, sampling.top_p, sampling.min_p,
            scratch.probabilities,
        )  # fmt: skip
        chance = uniforms[len(steps.raw) + (0 if field == 0 else 1)]
        raw = _value(state, rules, field, drawn, chance)
        if freedom in (GIVEN, HELD):
            drawn, raw = steps.template_classes[field], steps.template[field]
        steps.classes[field], steps.raw[field] = drawn, raw
        law.learn(state, field, raw)
    return is_penalised


@inlined
def _value(state, rules, field, drawn, uniform):
    """The raw value of a drawn class. A wait is no longer than what is left, and the last chord stays one chord.

    A network strikes its last chord a little before the end, may not end yet, and fills the time with more and more
    notes of the same chord. So an onset that would come so close to the end is put off until the end.
    """
    value = law.to_raw(state, field, drawn, uniform)
    if field > 0 or not rules.opens_with_wait or state.left == UNKNOWN:
        return value
    value = min(value, state.left)
    after, chord = state.left - value, round(LAST_CHORD_S * rules.per_second)
    return np.int32(state.left - chord if chord < after <= round(CLOSE_S * rules.per_second) else value)


@inlined
def _weave(piece, rules):
    """Put the plan's next note in the place of the drawn step where it comes first; whether it does."""
    steps, plan, counts = piece.steps, piece.plan, piece.steps.counts
    place = min(counts[WOVEN], len(plan.onsets) - 1)
    if not rules.opens_with_wait or plan.onsets[place] >= NEVER:
        return False
    wait = plan.onsets[place] - counts[NOW]
    drawn_wait = NEVER if steps.classes[0] == rules.end_class else steps.raw[0]
    if wait > drawn_wait:
        return False
    if wait == drawn_wait:
        for field in range(1, max(rules.pitch, 0) + 1):
            if plan.notes[place, field] > steps.raw[field]:
                return False
            if plan.notes[place, field] < steps.raw[field]:
                break
    for field in range(len(steps.raw)):
        steps.raw[field] = plan.notes[place, field]
    steps.raw[0] = wait
    law.to_classes(piece.law[0], steps.raw, steps.classes)
    return True


@inlined
def _finish(piece, rules, is_penalised, is_given):
    """Advance the piece by the step; whether the step is its end, or lies behind it."""
    steps, counts = piece.steps, piece.steps.counts
    was_over, is_end = counts[IS_OVER] != 0, steps.classes[0] == rules.end_class
    hear(piece.law[0], rules, piece.processors[0], steps.raw)
    law.advance(piece.law[0], steps.raw)
    for field in range(len(steps.raw)):
        steps.previous[field], steps.latest[field] = steps.classes[field], steps.raw[field]
    counts[FILLED] += 1
    if rules.opens_with_wait:
        counts[NOW] += steps.raw[0]
    if is_given:
        counts[WOVEN] += 1
    if is_penalised and not (was_over or is_end):
        counts[PENALISED] += 1
    if is_end or counts[FILLED] >= piece.plan.length:
        counts[IS_OVER] = 1
    return was_over or is_end


@inlined
def _step(piece, weights, rules, output, uniforms, scratch, raw):
    """One step after the stack has said its `output`; writes raw values, returns whether they are given, and past the end."""
    is_penalised = _draw_fields(piece, weights, rules, output, uniforms, scratch)
    is_given = _weave(piece, rules)
    for field in range(len(raw)):
        raw[field] = piece.steps.raw[field]
    return is_given, _finish(piece, rules, is_penalised, is_given)


@kept
def draw_chunk(piece, weights, rules, uniforms, scratch, raw, is_given, is_past_end):
    """Draw steps of one piece with a recurrent stack, until its end at most; returns how many.

    Args:
        piece: a `Decoder`.
        weights, rules, scratch: of the network and of this thread.
        uniforms: in [0, 1), float32 (steps, fields + 2): one for each field, then two to choose within buckets.
        raw: int32 (steps, fields), written.
        is_given: which steps the plan gave, uint8 (steps,), written.
        is_past_end: which is the end itself, uint8 (steps,), written.
    """
    for step in range(len(uniforms)):
        _embed(piece, weights, scratch)
        stack_step(scratch.inputs, weights, piece.memory, scratch, scratch.output)
        given, past_end = _step(piece, weights, rules, scratch.output, uniforms[step], scratch, raw[step])
        is_given[step], is_past_end[step] = given, past_end
        if piece.steps.counts[IS_OVER] != 0:
            return step + 1
    return len(uniforms)


@kept
def prefill(piece, weights, raw, scratch):
    """Have a recurrent stack read given steps, int32 (steps, fields); the piece then goes on after them."""
    steps = piece.steps
    for step in range(len(raw)):
        _embed(piece, weights, scratch)
        stack_step(scratch.inputs, weights, piece.memory, scratch, scratch.output)
        law.to_classes(piece.law[0], raw[step], steps.previous)
        law.advance(piece.law[0], raw[step])
    for field in range(raw.shape[1]):
        steps.latest[field] = raw[len(raw) - 1, field]


@kept
def embed(piece, weights, scratch, inputs):
    """The input of a stack that Keras carries out, float32 (embedding,), written."""
    _embed(piece, weights, scratch)
    for i in range(len(inputs)):
        inputs[i] = scratch.inputs[i]


@kept
def embed_given(piece, weights, raw, scratch, inputs):
    """The inputs of such a stack for given steps, float32 (steps, embedding), written; see `prefill`."""
    steps = piece.steps
    for step in range(len(raw)):
        _embed(piece, weights, scratch)
        for i in range(inputs.shape[1]):
            inputs[step, i] = scratch.inputs[i]
        law.to_classes(piece.law[0], raw[step], steps.previous)
        law.advance(piece.law[0], raw[step])
    for field in range(raw.shape[1]):
        steps.latest[field] = raw[len(raw) - 1, field]


@kept
def draw_step(piece, weights, rules, output, uniforms, scratch, raw):
    """The rest of a step after that, from the output of the stack; see `draw_chunk`."""
    return _step(piece, weights, rules, output, uniforms, scratch, raw)

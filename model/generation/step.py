"""How one step of one piece is drawn: the law of a step, as ordinary scalar code compiled by numba.

    features of the state ─► embedding ─► stack ─► each field: head ─► masks ─► pointer ─► processors ─► plan ─► draw
         ▲                                                                                                      │
         └────────────────────────────── advance the state with the step ◄──────────────────────────────────────┘

Everything that the drawing of a piece reads and changes is in arrays of its own (`Decoder`). What one piece draws does
not depend on any other, so pieces go to threads as they are. `run` serves recurrent stacks; for other stacks, and for a
GPU, `embed` and `draw` are the two halves around a step of the stack by Keras.
"""

# ruff: noqa: ANN001, ANN201, ANN202 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import sigmoid32
from model.compiling import inlined, kept
from model.generation.plan import NEVER, Plan, clear_of_given, lean
from model.generation.pointer import Pointer, agree, look_again, point, remember
from model.generation.processors import FREEING_TEMPERATURE, LAST_CHORD_S, hear, is_crowded, least_wait, process
from model.generation.recurrent import add_product, biased, stack_step
from model.generation.sampler import another, draw_class
from model.generation.weights import (
    FEATURES,
    GATES,
    LOGITS,
    MOST_FIELDS,
    STACK_INPUT,
    STACK_OUTPUT,
    Memory,
)
from model.network.note_network import REFUSED
from model.representation import law
from model.representation.base import Constraint
from model.representation.law import INPUT, UNKNOWN, Conditions

FREE, GIVEN, HELD, NEAR, MOVED = (int(one) for one in Constraint)
CLOSE_S = (
    0.5  # an onset that would come so close before the last one is put off until the end, and joins the last chord
)
MOST_TRIES = 8  # to draw a step that is not the lead's; then its given note comes next


# the steps of a piece around the one under way, counters, and sampling parameters
PIECE = np.dtype(
    [
        ("previous", np.int32, (MOST_FIELDS,)),  # classes of the step before
        ("latest", np.int32, (MOST_FIELDS,)),  # its raw values
        ("raw", np.int32, (MOST_FIELDS,)),  # of the step under way
        ("classes", np.int32, (MOST_FIELDS,)),
        ("template", np.int32, (MOST_FIELDS,)),  # what the plan's template says of it: raw values
        ("template_classes", np.int32, (MOST_FIELDS,)),
        ("barred", np.int32, (MOST_FIELDS,)),  # classes that another one than before must not be
        ("constraints", np.int32, (MOST_FIELDS,)),  # `Constraint` of each field
        ("now", np.int64),  # own time units since the composing started
        ("woven", np.int64),  # notes of the plan brought in
        ("filled", np.int64),  # steps drawn
        ("penalised", np.int64),  # steps at which the repetition penalty stepped in
        ("is_over", np.int64),
        ("temperature", np.float64, (MOST_FIELDS,)),
        ("top_k", np.int64),
        ("top_p", np.float64, (MOST_FIELDS,)),
        ("min_p", np.float64),
    ],
    align=True,
)


class Decoder(NamedTuple):
    """Everything that the drawing of one piece reads and changes.

    Attributes:
        law: the state of its law, and a record of scratch.
        conditions: what is asked.
        piece: a `PIECE` record, in an array of one.
        processors: the record of the logits processors, likewise.
        pointer: what was played so far.
        plan: what is given beforehand.
        memory: of a recurrent stack.
    """

    law: NDArray[np.void]
    conditions: Conditions
    piece: NDArray[np.void]
    processors: NDArray[np.void]
    pointer: Pointer
    plan: Plan
    memory: Memory


@inlined
def _embed(decoder, weights, scratch):
    """The input of the stack: the features of the state, and a row of each field's table for the step before."""
    places, inputs, features = weights.embed[0], scratch.floats[STACK_INPUT], scratch.floats[FEATURES]
    width, previous = places.width, decoder.piece[0].previous
    law.context(
        decoder.law[0], decoder.conditions, np.int64(INPUT), features
    )  # no literal, for which numba would compile it once more
    biased(inputs, weights, places.bias, width)
    add_product(inputs, features, places.features_size, weights, places.features, width, scratch)
    for field in range(len(weights.heads)):
        table = places.tables[field] + previous[field] * width
        for i in range(width):
            inputs[i] += weights.floats[table + i]


@inlined
def _head(state, conditions, classes, weights, field, output, scratch):
    """The logits of a field, from what the stack says, the features of the state and the fields before."""
    head, features = weights.heads[field], scratch.floats[FEATURES]
    hidden, logits, units = scratch.floats[GATES], scratch.floats[LOGITS], head.units
    law.context(state, conditions, field, features)
    biased(hidden, weights, head.stack_bias, units)
    add_product(hidden, output, head.stack_units, weights, head.stack, units, scratch)
    add_product(hidden, features, head.features_size, weights, head.features, units, scratch)
    for earlier in range(field):
        table = head.tables[earlier] + classes[earlier] * units
        for i in range(units):
            hidden[i] += weights.floats[table + i]
    for i in range(units):
        hidden[i] *= sigmoid32(hidden[i])
    biased(logits, weights, head.classes_bias, head.size)
    add_product(logits, hidden, units, weights, head.classes, head.size, scratch)


@inlined
def mask(state, conditions, piece, processors, rules, field, scratch):
    """Refuse classes that cannot follow, and those that composing does not draw."""
    size, logits = rules.sizes[field], scratch.floats[LOGITS]
    allowed, composable = scratch.masks[0, :size], scratch.masks[1, :size]
    allowed[:], composable[:] = np.uint8(1), np.uint8(1)
    law.forbid(state, field, allowed)
    if field == 0:  # no wait beyond the last onset that was asked for; there, what sounds together with it, and END
        left = state.left
        for drawn in range(size):
            if not rules.drawable[drawn] or (left != UNKNOWN and rules.waits[drawn] > left):
                composable[drawn] = 0
        if left == 0:
            composable[rules.end_class] = 1
    law.forbid_composing(state, conditions, field, composable)
    if piece.constraints[field] in (NEAR, MOVED):  # what a seed has, its variation may keep
        composable[piece.template_classes[field]] = 1
    least = least_wait(rules, processors) if field == 0 else 0
    if state.left != UNKNOWN:
        least = min(least, state.left)
    for drawn in range(size):
        is_too_soon = field == 0 and rules.waits[drawn] < least and drawn != rules.end_class
        if not (allowed[drawn] and composable[drawn]) or is_too_soon:
            logits[drawn] = REFUSED


@inlined
def _prepare(state, piece, plan, rules):
    """Read the template's row for this step."""
    row, has_template = min(piece.filled, len(plan.template) - 1), piece.filled < plan.length < NEVER
    for field in range(len(rules.sizes)):
        piece.constraints[field] = plan.constraints[row, field] if has_template else FREE
        is_held = piece.constraints[field] == HELD
        piece.template[field] = piece.latest[field] if is_held else plan.template[row, field]
    if has_template:
        law.to_classes(state, piece.latest, piece.barred)
        law.to_classes(state, piece.template, piece.template_classes)


@inlined
def _draw_fields(decoder, weights, rules, output, uniforms, scratch):
    """Draw the fields one after another, each given those before it; whether the penalty stepped in.

    A note drawn for the lead before its next given note is none: a network that doesn't know the melody expects it now
    here, now there. Its place in time belongs to nobody, so the step is drawn anew.
    """
    piece, plan, processors = decoder.piece[0], decoder.plan, decoder.processors[0]
    fields, crowded, is_penalised = len(rules.sizes), is_crowded(rules, processors), False
    _prepare(decoder.law[0], piece, plan, rules)
    decoder.law[1] = decoder.law[0]
    state, pointer = decoder.law[1], decoder.pointer
    field, tries = 0, 0
    while field < fields:
        _head(state, decoder.conditions, piece.classes, weights, field, output, scratch)
        if _process_field(decoder, state, rules, field, scratch):
            is_penalised = True
        temperature = piece.temperature[field]
        if crowded and temperature < FREEING_TEMPERATURE:
            temperature, is_penalised = FREEING_TEMPERATURE, True
        drawn = draw_class(
            scratch.floats[LOGITS],
            rules.sizes[field],
            another(uniforms[field], tries),
            temperature,
            piece.top_k,
            piece.top_p[field],
            piece.min_p,
            scratch.probabilities,
        )
        raw = _value(state, rules, field, drawn, another(uniforms[fields if field == 0 else fields + 1], tries))
        if piece.constraints[field] in (GIVEN, HELD):
            drawn, raw = piece.template_classes[field], piece.template[field]
        piece.classes[field], piece.raw[field] = drawn, raw
        agree(pointer, rules, field, drawn)
        law.learn(state, field, raw)
        if field == rules.instrument and tries < MOST_TRIES and _is_too_early(piece, plan, rules):
            decoder.law[1] = decoder.law[0]
            look_again(pointer)
            field, tries = 0, tries + 1
        else:
            field += 1
    return is_penalised


@inlined
def _process_field(decoder, state, rules, field, scratch):
    """Everything that changes the logits of a field; whether the penalty stepped in."""
    piece, plan, processors, logits = decoder.piece[0], decoder.plan, decoder.processors[0], scratch.floats[LOGITS]
    constraint, size = piece.constraints[field], rules.sizes[field]
    mask(state, decoder.conditions, piece, processors, rules, field, scratch)
    is_closing = 0 <= decoder.law[0].left <= rules.longest_held
    if constraint == FREE and not is_closing:  # an earlier place did not come to its end
        point(decoder.pointer, rules.pointing, field, size, logits)
    is_penalised = process(state, decoder.conditions, rules, processors, field, piece.raw, logits)
    clear_of_given(state, plan, rules, piece, field, logits)
    if constraint in (NEAR, MOVED):
        barred = piece.barred[field] if constraint == MOVED else -1
        highest = plan.highest[min(piece.filled, len(plan.highest) - 1)] - piece.template[field]
        lean(logits, size, piece.template_classes[field], barred, highest, plan.strength)
    return is_penalised


@inlined
def _is_too_early(piece, plan, rules):
    """Whether the step under way is the lead's, before its next given note."""
    onset = plan.notes[min(piece.woven, len(plan.notes) - 1), 0]
    return onset < NEVER and piece.raw[rules.instrument] == plan.lead and piece.now + piece.raw[0] < onset


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
def _weave(state, piece, notes, lead, rules):
    """Put the plan's next note in the place of the drawn step where it comes first; whether it does."""
    place, fields = min(piece.woven, len(notes) - 1), len(rules.sizes)
    onset, raw = notes[place, 0], piece.raw
    if not rules.opens_with_wait or onset >= NEVER:
        return False
    wait = onset - piece.now
    drawn_wait = NEVER if piece.classes[0] == rules.end_class else raw[0]
    is_lead = rules.instrument >= 0 and raw[rules.instrument] == lead
    if wait > drawn_wait and not is_lead:
        return False
    if wait == drawn_wait and not is_lead:
        for field in range(1, max(rules.pitch, 0) + 1):
            if notes[place, field] > raw[field]:
                return False
            if notes[place, field] < raw[field]:
                break
    for field in range(fields):
        raw[field] = notes[place, field]
    raw[0] = wait
    law.to_classes(state, raw, piece.classes)
    return True


@inlined
def _finish(decoder, rules, is_penalised, is_given):
    """Advance the piece by the step; whether the step is its end."""
    piece, is_end = decoder.piece[0], decoder.piece[0].classes[0] == rules.end_class
    is_counted = not is_given or decoder.plan.lead >= 0  # given notes of nobody in particular are nobody's share
    hear(decoder.law[0], rules, decoder.processors[0], piece.raw, is_counted)
    law.advance(decoder.law[0], piece.raw)
    remember(decoder.pointer, rules, piece.raw, piece.classes)
    for field in range(len(rules.sizes)):
        piece.previous[field], piece.latest[field] = piece.classes[field], piece.raw[field]
    piece.filled += 1
    piece.now += piece.raw[0] if rules.opens_with_wait else 0
    piece.woven += 1 if is_given else 0
    piece.penalised += 1 if is_penalised and not is_end else 0
    if is_end or piece.filled >= decoder.plan.length:
        piece.is_over = 1
    return is_end


@inlined
def _read(decoder, rules, raw):
    """Advance the piece by a given step."""
    piece = decoder.piece[0]
    law.to_classes(decoder.law[0], raw, piece.previous)
    law.advance(decoder.law[0], raw)
    remember(decoder.pointer, rules, raw, piece.previous)
    for field in range(len(raw)):
        piece.latest[field] = raw[field]


@kept
def run(decoder, weights, rules, given, uniforms, scratch, raw, is_given):  # noqa: PLR0913
    """Steps of one piece with a recurrent stack: first it reads given ones (prefill), then it draws, up to its end.

    Args:
        decoder: a `Decoder`.
        weights, rules, scratch: of the network and of this thread.
        given: int32 (steps to read, fields).
        uniforms: in [0, 1), float32 (steps to draw, fields + 2): one for each field, then two to choose within buckets.
        raw: int32 (steps to draw, fields), written.
        is_given: which of them the plan gave, uint8 (steps to draw,), written.

    Returns:
        How many were drawn, without the end itself.
    """
    inputs, output, piece = scratch.floats[STACK_INPUT], scratch.floats[STACK_OUTPUT], decoder.piece[0]
    for step in range(-len(given), len(uniforms)):
        _embed(decoder, weights, scratch)
        stack_step(inputs, weights, decoder.memory, scratch, output)
        if step < 0:
            _read(decoder, rules, given[step + len(given)])
            continue
        is_penalised = _draw_fields(decoder, weights, rules, output, uniforms[step], scratch)
        is_given[step] = _weave(decoder.law[0], piece, decoder.plan.notes, decoder.plan.lead, rules)
        for field in range(raw.shape[1]):
            raw[step, field] = piece.raw[field]
        is_end = _finish(decoder, rules, is_penalised, is_given[step])
        if piece.is_over != 0:
            return step if is_end else step + 1
    return len(uniforms)


@kept
def embed(decoder, weights, rules, given, scratch, inputs):
    """The inputs of a stack that Keras carries out, float32 (steps, embedding), written.

    One for each of the steps `given`, int32 (steps, fields), which the piece advances by; without any, that of the step
    to draw.
    """
    for step in range(max(len(given), 1)):
        _embed(decoder, weights, scratch)
        for i in range(inputs.shape[1]):
            inputs[step, i] = scratch.floats[STACK_INPUT, i]
        if len(given) > 0:
            _read(decoder, rules, given[step])


@kept
def draw(decoder, weights, rules, output, uniforms, scratch, raw):
    """The rest of a step to draw, from the output of the stack: whether the plan gave it, and whether it is the end."""
    piece = decoder.piece[0]
    is_penalised = _draw_fields(decoder, weights, rules, output, uniforms, scratch)
    is_given = _weave(decoder.law[0], piece, decoder.plan.notes, decoder.plan.lead, rules)
    for field in range(len(raw)):
        raw[field] = piece.raw[field]
    return is_given, _finish(decoder, rules, is_penalised, is_given)

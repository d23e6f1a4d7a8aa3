"""Recurrent stacks, built into the machine: LSTM and GRU layers one above the other, and the look-back between them.

The same functions as `model.network.stacks`, for a few rows at a time; a test holds the two together.
"""

# ruff: noqa: ANN001, ANN201, ANN202, PLR0913 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from model.engine import sharing
from model.engine.arithmetic import exp32, sigmoid32, tanh32
from model.engine.compiling import inlined
from model.engine.layout import (
    ANSWER_BIAS,
    ANSWER_WEIGHTS,
    ASK_BIAS,
    ASK_WEIGHTS,
    BEFORE_LAYER,
    BIAS,
    COUNT,
    INPUTS,
    KIND,
    LSTM,
    MOMENTS,
    NEXT,
    RECURRENT_BIAS,
    RECURRENT_WEIGHTS,
    STATE,
    UNITS,
    VALUE_BIAS,
    VALUE_WEIGHTS,
    WAITING,
    WEIGHTS,
    WIDTH,
)
from model.engine.matmul import PANEL, multiply_add, padded, panel_bytes, rounded
from model.engine.sharing import post, see_through
from model.network.stacks.lookback import HEAD_UNITS, HEADS

SCALE = np.float32(HEAD_UNITS**-0.5)
ZERO, ONE = np.float32(0), np.float32(1)


@inlined
def copied(target, at, source, start, count):
    """target[at:][:count] = source[start:][:count]; as a loop, for numba's own way may allocate."""
    for i in range(count):
        target[at + i] = source[start + i]


@inlined
def _whole_panels(outputs):
    return (outputs + PANEL - 1) // PANEL * PANEL


@inlined
def _biased(y, biases, bias_at, outputs, rows):
    """y[row] = bias; rows of y are padded to whole panels."""
    width = _whole_panels(outputs)
    for row in range(rows):
        sums = y[row * width : (row + 1) * width]
        copied(sums, 0, biases, bias_at, outputs)
        sums[outputs:] = ZERO


@inlined
def _with_inputs(y, x, inputs, room, weights, weight_at, outputs, rows):
    """y[row] += x[row] @ weights."""
    for row in range(rows):
        room.scales[row] = rounded(x, row * inputs, inputs, room.rounded, row * padded(inputs))
    multiply_add(room.rounded, room.scales, weights, weight_at, inputs, outputs, y, _whole_panels(outputs), rows)


@inlined
def _with_states(y, states, slots, at, units, room, weights, weight_at, outputs):
    """y[row] += the `units` numbers from `at` on in the row's state @ weights."""
    for row in range(len(slots)):
        room.scales[row] = rounded(states[slots[row]], at, units, room.rounded, row * padded(units))
    width = _whole_panels(outputs)
    multiply_add(room.rounded, room.scales, weights, weight_at, units, outputs, y, width, len(slots))


@inlined
def _affine(x, inputs, room, weights, weight_at, biases, bias_at, outputs, y, rows):
    """y[row] = x[row] @ weights + bias."""
    _biased(y, biases, bias_at, outputs, rows)
    _with_inputs(y, x, inputs, room, weights, weight_at, outputs, rows)


@inlined
def look_ahead(room, slots, weights, layout, memory):
    """Post what of the next step's products is known now: those with the hidden states. For a piece that is alone.

    They are more than half of the weights, and whoever helps reads them while the leader draws the note.
    """
    joint, layers, state = room.joint, layout.layers, memory.states[slots[0]]
    width = _gates_width(layers[0])
    for number in range(len(layers)):
        layer = layers[number]
        units, at, bias = layer[UNITS], layer[STATE], layer[BIAS]
        product, sums = joint.products[number], joint.leaving[number * width : (number + 1) * width]
        if layer[KIND] != LSTM:
            bias = layer[RECURRENT_BIAS]
        product[sharing.WEIGHTS_AT], product[sharing.STRIDE] = layer[RECURRENT_WEIGHTS], panel_bytes(units)
        product[sharing.TERMS] = units
        product[sharing.ENTERING_AT], product[sharing.LEAVING_AT] = number * padded(units), number * width
        joint.scales[number] = rounded(state, at, units, joint.entering, number * padded(units))
        gates = _gates(layer)
        copied(sums, 0, layout.biases, bias, gates)
        sums[gates:] = ZERO
    post(joint, len(layers), width // PANEL)


@inlined
def _gates(layer):
    return (4 if layer[KIND] == LSTM else 3) * layer[UNITS]


@inlined
def _gates_width(layer):
    return _whole_panels(_gates(layer))


@inlined
def _together(source, room, weights, weights_at, inputs, sums, panels):
    """Add source[:inputs] @ the weights to the sums at `sums` in `room.joint.leaving`, with the helpers."""
    joint = room.joint
    product = joint.products[0]
    product[sharing.WEIGHTS_AT], product[sharing.STRIDE] = weights_at, panel_bytes(inputs)
    product[sharing.TERMS], product[sharing.ENTERING_AT], product[sharing.LEAVING_AT] = inputs, 0, sums
    joint.scales[0] = rounded(source, 0, inputs, joint.entering, 0)
    post(joint, 1, panels)
    see_through(joint, weights)


@inlined
def _lstm(source, room, slots, weights, layer, biases, states, ahead):
    """One LSTM layer; `ahead` is where its sums with the hidden state lie in `room.joint.leaving`, -1 for nowhere."""
    inputs, units, at, leaving = layer[INPUTS], layer[UNITS], layer[STATE], room.leaving
    y, rows, width = room.scratch[1], len(slots), _gates_width(layer)
    if ahead >= 0:
        _together(source, room, weights, layer[WEIGHTS], inputs, ahead, width // PANEL)
        y = room.joint.leaving[ahead:]
    else:
        _biased(y, biases, layer[BIAS], 4 * units, rows)
        _with_states(y, states, slots, at, units, room, weights, layer[RECURRENT_WEIGHTS], 4 * units)
        _with_inputs(y, source, inputs, room, weights, layer[WEIGHTS], 4 * units, rows)
    for row in range(rows):
        gates = y[row * width : row * width + 4 * units]
        enter, keep, new, out = (
            gates[:units],
            gates[units : 2 * units],
            gates[2 * units : 3 * units],
            gates[3 * units :],
        )
        state = states[slots[row]]
        hidden, cell = state[at : at + units], state[at + units : at + 2 * units]
        said = leaving[row * units : (row + 1) * units]
        for i in range(units):
            cell[i] = sigmoid32(keep[i]) * cell[i] + sigmoid32(enter[i]) * tanh32(new[i])
        for i in range(units):
            said[i] = sigmoid32(out[i]) * tanh32(cell[i])
        copied(hidden, 0, said, 0, units)


@inlined
def _gru(source, room, slots, weights, layer, biases, states, ahead):
    """One GRU layer; see `_lstm`."""
    inputs, units, at, leaving = layer[INPUTS], layer[UNITS], layer[STATE], room.leaving
    y, z, rows, width = room.scratch[1], room.scratch[2], len(slots), _gates_width(layer)
    _affine(source, inputs, room, weights, layer[WEIGHTS], biases, layer[BIAS], 3 * units, y, rows)
    if ahead >= 0:
        z = room.joint.leaving[ahead:]
    else:
        _biased(z, biases, layer[RECURRENT_BIAS], 3 * units, rows)
        _with_states(z, states, slots, at, units, room, weights, layer[RECURRENT_WEIGHTS], 3 * units)
    for row in range(rows):
        start = row * width
        of_inputs, of_state = y[start : start + 3 * units], z[start : start + 3 * units]
        hidden, said = states[slots[row], at : at + units], leaving[row * units : (row + 1) * units]
        for i in range(units):
            update = sigmoid32(of_inputs[i] + of_state[i])
            reset = sigmoid32(of_inputs[units + i] + of_state[units + i])
            new = tanh32(of_inputs[2 * units + i] + reset * of_state[2 * units + i])
            said[i] = update * hidden[i] + (ONE - update) * new
        copied(hidden, 0, said, 0, units)


@inlined
def _attend(query, keys, values, count, found, scores):
    """What a query (width,) finds among `count` moments, and in the moment with nothing in it, whose score is 0."""
    for head in range(HEADS):
        first = head * HEAD_UNITS
        scores[:count] = ZERO
        for d in range(first, first + HEAD_UNITS):
            factor, column = query[d] * SCALE, keys[d]
            for j in range(count):
                scores[j] += factor * column[j]
        largest = ZERO
        for j in range(count):
            largest = max(largest, scores[j])
        for j in range(count):
            scores[j] = exp32(scores[j] - largest)
        total = exp32(-largest)
        for j in range(count):
            total += scores[j]
        answer = found[first : first + HEAD_UNITS]
        answer[:] = ZERO
        for j in range(count):
            weight, moment = scores[j] / total, values[j, first : first + HEAD_UNITS]
            for d in range(HEAD_UNITS):
                answer[d] += weight * moment[d]


@inlined
def _looked_back(room, slots, weights, layout, memory):
    """Add to what the layer below says what a look-back found, and keep the new moment."""
    look, biases, leaving, scratch = layout.look, layout.biases, room.leaving, room.scratch
    states, keys, values, moments = memory.states, memory.keys, memory.values, memory.moments
    below, layers = layout.layers[look[BEFORE_LAYER], INPUTS], layout.layers
    embedding, kept, waiting, rows = layers[0, INPUTS], look[MOMENTS], look[WAITING], len(slots)
    asked, value, found, answer = scratch[0], scratch[1], scratch[2], scratch[1]
    _affine(leaving, below, room, weights, look[ASK_WEIGHTS], biases, look[ASK_BIAS], 2 * WIDTH, asked, rows)
    _affine(room.entering, embedding, room, weights, look[VALUE_WEIGHTS], biases, look[VALUE_BIAS], WIDTH, value, rows)
    for row in range(rows):
        slot, at = slots[row], row * 2 * WIDTH
        if states[slot, waiting + WIDTH] > ZERO:
            place = moments[slot, NEXT]
            for d in range(WIDTH):
                keys[slot, d, place] = states[slot, waiting + d]
                values[slot, place, d] = value[row * WIDTH + d]
            moments[slot, NEXT] = (place + 1) % kept
            moments[slot, COUNT] = min(moments[slot, COUNT] + 1, kept)
        query, answered = asked[at : at + WIDTH], found[row * WIDTH : (row + 1) * WIDTH]
        _attend(query, keys[slot], values[slot], moments[slot, COUNT], answered, scratch[3])
        for d in range(WIDTH):
            states[slot, waiting + d] = asked[at + WIDTH + d]
        states[slot, waiting + WIDTH] = ONE
    _affine(found, WIDTH, room, weights, look[ANSWER_WEIGHTS], biases, look[ANSWER_BIAS], below, answer, rows)
    width = _whole_panels(below)
    for row in range(rows):
        for i in range(below):
            leaving[row * below + i] += answer[row * width + i]


@inlined
def stack_step(room, slots, weights, layout, memory):
    """One step of the stack for some rows; returns the width of what it says.

    Args:
        room: see `machine.Room`; `entering` holds the inputs of the rows one after another, `leaving` is written.
        slots: the slot of each row, int64 (rows,).
        weights: uint8, those of the stack first.
        layout: see `Layout`.
        memory: see `Memory`.
    """
    joint = room.joint
    is_shared = len(slots) == 1 and joint.board[sharing.HELPED] != 0
    if is_shared and joint.board[sharing.POSTED] == 0:
        look_ahead(room, slots, weights, layout, memory)
    is_shared = is_shared or joint.board[sharing.POSTED] != 0
    if is_shared:
        see_through(joint, weights)
    width = _gates_width(layout.layers[0])
    for number in range(len(layout.layers)):
        layer, ahead = layout.layers[number], number * width if is_shared else -1
        if number == layout.look[BEFORE_LAYER]:
            _looked_back(room, slots, weights, layout, memory)
        source = room.entering if number == 0 else room.leaving
        if layer[KIND] == LSTM:
            _lstm(source, room, slots, weights, layer, layout.biases, memory.states, ahead)
        else:
            _gru(source, room, slots, weights, layer, layout.biases, memory.states, ahead)
    return layout.layers[len(layout.layers) - 1, UNITS]

"""One step of a recurrent stack for one piece: LSTM and GRU layers one above the other, and the look-back between them.

The same functions as `model.network.stacks`, with products in whole numbers; tests compare the two.
"""

from __future__ import annotations

import numpy as np

from model.arithmetic import exp32, sigmoid32, tanh32
from model.compiling import inlined
from model.generation.kernels.products import PANEL, multiply_add, rounded
from model.generation.weights import (
    ANSWER,
    ANSWER_BIAS,
    ASK,
    ASK_BIAS,
    BEFORE_LAYER,
    BIAS,
    COUNT,
    FOUND,
    GATES,
    HEAD_UNITS,
    HEADS,
    INPUTS,
    IS_WAITING,
    KERNEL,
    KIND,
    LOGITS,
    LSTM,
    MORE_GATES,
    NEXT,
    RECURRENT_BIAS,
    RECURRENT_KERNEL,
    STATE,
    UNITS,
    VALUE,
    VALUE_BIAS,
    WIDTH,
)

# ruff: noqa: ANN001, ANN201, ANN202 (numba infers types)
# mypy: disable-error-code="no-untyped-def"


SCALE = np.float32(HEAD_UNITS**-0.5)
ZERO, ONE = np.float32(0), np.float32(1)


@inlined
def biased(y, weights, bias_at, outputs):
    """y[:outputs] = bias, and zeros up to the end of the last panel."""
    for i in range(outputs):
        y[i] = weights.floats[bias_at + i]
    y[outputs : (outputs + PANEL - 1) // PANEL * PANEL] = ZERO


@inlined
def add_product(y, x, inputs, weights, at, outputs, scratch):
    """y[:outputs] += x[:inputs] @ the weights that begin at `at`."""
    scale = rounded(x, inputs, scratch.rounded)
    multiply_add(scratch.rounded, scale, weights.packed, at, inputs, outputs, y)


@inlined
def _lstm(x, weights, layer, states, scratch, y):
    inputs, units, gates = layer[INPUTS], layer[UNITS], scratch.floats[GATES]
    hidden, cell = states[layer[STATE] :], states[layer[STATE] + units :]
    biased(gates, weights, layer[BIAS], 4 * units)
    add_product(gates, hidden, units, weights, layer[RECURRENT_KERNEL], 4 * units, scratch)
    add_product(gates, x, inputs, weights, layer[KERNEL], 4 * units, scratch)
    keep, new, out = gates[units:], gates[2 * units :], gates[3 * units :]
    for i in range(units):
        cell[i] = sigmoid32(keep[i]) * cell[i] + sigmoid32(gates[i]) * tanh32(new[i])
    for i in range(units):
        y[i] = sigmoid32(out[i]) * tanh32(cell[i])
    for i in range(units):
        hidden[i] = y[i]


@inlined
def _gru(x, weights, layer, states, scratch, y):
    inputs, units, of_x, of_state = layer[INPUTS], layer[UNITS], scratch.floats[GATES], scratch.floats[MORE_GATES]
    hidden = states[layer[STATE] :]
    biased(of_x, weights, layer[BIAS], 3 * units)
    add_product(of_x, x, inputs, weights, layer[KERNEL], 3 * units, scratch)
    biased(of_state, weights, layer[RECURRENT_BIAS], 3 * units)
    add_product(of_state, hidden, units, weights, layer[RECURRENT_KERNEL], 3 * units, scratch)
    for i in range(units):
        update = sigmoid32(of_x[i] + of_state[i])
        reset = sigmoid32(of_x[units + i] + of_state[units + i])
        new = tanh32(of_x[2 * units + i] + reset * of_state[2 * units + i])
        y[i] = update * hidden[i] + (ONE - update) * new
    for i in range(units):
        hidden[i] = y[i]


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
def _look_back(inputs, below, weights, memory, scratch):
    """Add to what the layer below says what a look-back finds, and keep the new moment.

    The key of a moment waits in the state for its value, which the next step's inputs hold.
    """
    look, states, moments = weights.look, memory.states, memory.moments
    units, embedding = weights.layers[look[BEFORE_LAYER], INPUTS], weights.layers[0, INPUTS]
    asked, value, found = scratch.floats[GATES], scratch.floats[MORE_GATES], scratch.floats[FOUND]
    waiting = states[look[IS_WAITING] - WIDTH :]
    biased(asked, weights, look[ASK_BIAS], 2 * WIDTH)
    add_product(asked, below, units, weights, look[ASK], 2 * WIDTH, scratch)
    if waiting[WIDTH] > ZERO:
        biased(value, weights, look[VALUE_BIAS], WIDTH)
        add_product(value, inputs, embedding, weights, look[VALUE], WIDTH, scratch)
        place = moments[NEXT]
        for d in range(WIDTH):
            memory.keys[d, place] = waiting[d]
            memory.values[place, d] = value[d]
        moments[NEXT] = (place + 1) % len(memory.values)
        moments[COUNT] = min(moments[COUNT] + 1, len(memory.values))
    _attend(asked, memory.keys, memory.values, moments[COUNT], found, scratch.floats[LOGITS])
    for d in range(WIDTH):
        waiting[d] = asked[WIDTH + d]
    waiting[WIDTH] = ONE
    biased(value, weights, look[ANSWER_BIAS], units)
    add_product(value, found, WIDTH, weights, look[ANSWER], units, scratch)
    for i in range(units):
        below[i] += value[i]


@inlined
def stack_step(inputs, weights, memory, scratch, y):
    """One step: from the inputs of the stack, float32 (embedding,), to what it says, `y` float32 (units,).

    Args:
        inputs: the embedded step before.
        weights, memory, scratch: see `model.generation.weights`.
        y: written.
    """
    for number in range(len(weights.layers)):
        layer = weights.layers[number]
        if number == weights.look[BEFORE_LAYER]:
            _look_back(inputs, y, weights, memory, scratch)
        x = inputs if number == 0 else y
        if layer[KIND] == LSTM:
            _lstm(x, weights, layer, memory.states, scratch, y)
        else:
            _gru(x, weights, layer, memory.states, scratch, y)

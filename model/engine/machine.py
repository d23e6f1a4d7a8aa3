"""The machine: carries out a program for some rows, a number of steps at a time, without Python and without the GIL.

Between two barriers each row goes through the instructions by itself; at a barrier, a product with weights, all rows go
together, so that the weights pass from memory once. No row's numbers depend on which others there are.
"""

# ruff: noqa: ANN001, ANN201, ANN202, C901, PLR0913 (numba infers types; one loop is one machine code)

from __future__ import annotations

import numpy as np

from model.engine import instructions as do
from model.engine.compiling import inlined, machine_code
from model.engine.instructions import UNSIGNED as U
from model.engine.instructions import place
from model.engine.matmul import PANEL, multiply_add
from model.engine.recurrent import stack_step


@machine_code
def execute(code, first, end, addresses, memory, base, plan, plan_at, plan_rows):
    """Carry out the instructions from `first` to before `end`, none of them a barrier, for one row.

    Args:
        code, addresses: see `Program`.
        memory: float64, constants and the memory of all rows.
        base: where the row's memory begins.
        plan: float64, the rows of all plans.
        plan_at: where each part of this row's plan begins, int64 (parts,).
        plan_rows: how many rows each has, int64 (parts,).
    """
    for pc in range(first, end):
        kind = code[pc, 0]
        r, a = U(base + code[pc, 1]), place(code[pc, 2], base)
        f3, f4, f5, f6 = U(code[pc, 3]), U(code[pc, 4]), U(code[pc, 5]), U(code[pc, 6])
        if kind >= do.ADD:
            b, near_a, far_b, near_b = place(code[pc, 3], base), U(code[pc, 7]), U(code[pc, 8]), U(code[pc, 9])
            for o in range(f4):
                do.binary(kind, memory, r + o * f5, a + o * f6, b + o * far_b, f5, near_a, near_b)
        elif kind >= do.NEG:
            do.unary(kind, memory, r, a, f3)
        elif kind == do.COPY:
            # f4 may stand for a negative distance: unsigned sums wrap around to the right place
            for i in range(f3):
                memory[r + i] = memory[a + i * f4]
        elif kind == do.COLLECT:
            table = U(code[pc, 2])
            for i in range(f3):
                memory[r + i] = memory[place(addresses[table + i], base)]
        elif kind == do.SELECT:
            b, c = place(code[pc, 3], base), place(code[pc, 4], base)
            do.select(memory, r, a, b, c, f5, f6, code[pc, 7:13])
        elif kind == do.GATHER:
            index = place(code[pc, 3], base)
            do.gather(memory, r, a, index, f4, f5, f6, U(code[pc, 7]), U(code[pc, 8]))
        elif kind == do.GATHER_PLAN:
            row = memory[place(code[pc, 3], base)]
            do.gather_plan(memory, r, row, f4, plan, plan_at[code[pc, 2]], plan_rows[code[pc, 2]])
        elif kind == do.BATCH_MATMUL:
            do.batch_matmul(memory, r, a, place(code[pc, 3], base), f4, f5, f6, U(code[pc, 7]))
        elif kind == do.SOFTMAX:
            do.softmax(memory, r, a, f3, f4)
        elif kind == do.SORT:
            do.sort(memory, r, a, f3, f4)
        elif kind == do.ARGMAX:
            do.argmax(memory, r, a, f3, f4, f5)
        elif kind >= do.SUM:
            do.reduced(kind, memory, r, a, f3, f4, f5)
        else:
            do.running(kind, memory, r, a, f3, f4, f5)


@inlined
def _matmul(code, pc, memory, bases, matrices, weights, entering, leaving):
    matrix, each = code[pc, 3], code[pc, 4]
    at, inputs, outputs = matrices[matrix, 0], matrices[matrix, 1], matrices[matrix, 2]
    width = (outputs + PANEL - 1) // PANEL * PANEL
    rows = len(bases)
    for row in range(rows):
        a = place(code[pc, 2], bases[row])
        for i in range(each * inputs):
            entering[row * each * inputs + i] = memory[a + i]
    for i in range(rows * each * width):
        leaving[i] = np.float32(0.0)
    multiply_add(entering, inputs, weights, at, inputs, outputs, leaving, width, rows * each)
    for row in range(rows):
        r = bases[row] + code[pc, 1]
        for one in range(each):
            source = (row * each + one) * width
            for i in range(outputs):
                memory[r + one * outputs + i] = leaving[source + i]


@inlined
def _through_stack(
    code, pc, memory, bases, slots, weights, layers, biases, states, look, keys, values, moments, scratch, entering,
    leaving,
):  # fmt: skip
    width = layers[0, 1]
    for row in range(len(bases)):
        a = place(code[pc, 2], bases[row])
        for i in range(width):
            entering[row * width + i] = memory[a + i]
    units = stack_step(entering, leaving, slots, weights, layers, biases, states, look, keys, values, moments, scratch)
    for row in range(len(bases)):
        r = bases[row] + code[pc, 1]
        for i in range(units):
            memory[r + i] = leaving[row * units + i]


@machine_code
def run(
    code, barriers, addresses, matrices, memory, bases, slots, plan, plan_at, plan_rows, weights, entering, leaving,
    uniforms, uniform_at, over_at, raw_at, woven_at, end_at, raw, is_woven, is_past_end,
    layers, biases, states, look, keys, values, moments, scratch,
):  # fmt: skip
    """Carry out a program for some rows, step after step.

    Args:
        code, barriers, addresses: see `Program`.
        matrices: where each begins in `weights`, its inputs and outputs, int64 (matrices, 3).
        memory: float64, constants and the memory of all slots.
        bases: where the memory of each row begins, int64 (rows,).
        slots: the slot of each row, int64 (rows,).
        plan, plan_at, plan_rows: float64; int64 (slots, parts) twice; see `execute`.
        weights: uint16, float16 numbers packed as `matmul.pack` does.
        entering, leaving: float32, room for the vectors of the largest product of all rows.
        uniforms: float64 (steps, rows, draws).
        uniform_at, over_at, raw_at, woven_at, end_at: where these lie in a row's memory.
        raw, is_woven, is_past_end: what was drawn, int32 (steps, rows, fields), bool (steps, rows) twice; written.
        layers, biases, states, look, keys, values, moments, scratch: of the recurrent stack, see `recurrent`.
    """
    steps, rows, draws = uniforms.shape
    fields = raw.shape[2]
    for step in range(steps):
        for row in range(rows):
            for i in range(draws):
                memory[bases[row] + uniform_at + i] = uniforms[step, row, i]
            is_past_end[step, row] = memory[bases[row] + over_at] != 0.0
        first = 0
        for barrier in barriers:
            for row in range(rows):
                slot = slots[row]
                execute(code, first, barrier, addresses, memory, bases[row], plan, plan_at[slot], plan_rows[slot])
            if barrier == len(code):
                break
            if code[barrier, 0] == do.MATMUL:
                _matmul(code, barrier, memory, bases, matrices, weights, entering, leaving)
            else:
                _through_stack(
                    code, barrier, memory, bases, slots, weights, layers, biases, states, look, keys, values, moments,
                    scratch, entering, leaving,
                )  # fmt: skip
            first = barrier + 1
        for row in range(rows):
            for field in range(fields):
                raw[step, row, field] = np.int32(memory[bases[row] + raw_at + field])
            is_woven[step, row] = memory[bases[row] + woven_at] != 0.0
            if memory[bases[row] + end_at] != 0.0:
                is_past_end[step, row] = True

"""The machine: carries out a program for some rows, a number of steps at a time, without Python and without the GIL.

Between two barriers each row goes through the instructions by itself; at a barrier, a product with weights, all rows go
together, so that the weights pass from memory once. No row's numbers depend on which others there are.
"""

# ruff: noqa: ANN001, ANN201, ANN202, PLR0913 (numba infers types; one loop is one machine code)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engine import codes as code_of
from model.engine import elementwise, moving, reductions
from model.engine.codes import UNSIGNED as U
from model.engine.codes import place
from model.engine.compiling import inlined, machine_code
from model.engine.matmul import PANEL, multiply_add, padded, rounded
from model.engine.recurrent import look_ahead, stack_step
from model.engine.sharing import HELPED, Joint


class Steps(NamedTuple):
    """A program as the machine takes it: see `Program`.

    `matrices` says where each begins among the weights, its inputs and outputs, int64 (matrices, 3).
    """

    code: NDArray[np.int64]
    barriers: NDArray[np.int64]
    addresses: NDArray[np.int64]
    matrices: NDArray[np.int64]


class Where(NamedTuple):
    """Where in a row's memory lies what goes in and comes out in each step."""

    uniform: int
    is_over: int
    raw: int
    is_woven: int
    is_end: int


class Plans(NamedTuple):
    """The rows of all plans, float64, flat; where each part of a slot's plan begins there, and how many rows it has."""

    values: NDArray[np.float64]
    at: NDArray[np.int64]  # (slots, parts)
    rows: NDArray[np.int64]


class Room(NamedTuple):
    """Room for intermediate results of one thread, float32: vectors that go into products, and that come out.

    `rounded` is for the former as bytes, `scales` for what these are worth, `joint` for the recurrent stack of a piece
    that is alone.
    """

    entering: NDArray[np.float32]
    rounded: NDArray[np.uint8]
    scales: NDArray[np.float32]
    leaving: NDArray[np.float32]
    scratch: NDArray[np.float32]  # (4, size)
    joint: Joint


@machine_code
def execute(steps, first, end, memory, base, plans, slot):
    """Carry out the instructions from `first` to before `end`, none of them a barrier, for one row.

    Args:
        steps: the program.
        memory: float64, constants and the memory of all rows.
        base: where the row's memory begins.
        plans: of all slots.
        slot: of the row.
    """
    code = steps.code
    for pc in range(first, end):
        kind = code[pc, 0]
        r, a = U(base + code[pc, 1]), place(code[pc, 2], base)
        f3, f4, f5, f6 = U(code[pc, 3]), U(code[pc, 4]), U(code[pc, 5]), U(code[pc, 6])
        if kind >= code_of.ADD:
            b, near_a, far_b, near_b = place(code[pc, 3], base), U(code[pc, 7]), U(code[pc, 8]), U(code[pc, 9])
            for o in range(f4):
                elementwise.binary(kind, memory, r + o * f5, a + o * f6, b + o * far_b, f5, near_a, near_b)
        elif kind >= code_of.NEG:
            elementwise.unary(kind, memory, r, a, f3)
        elif kind >= code_of.BATCH_MATMUL:
            _along(code, pc, memory, base, r, a)
        else:
            _move(steps, pc, memory, base, plans, slot, r, a)


@inlined
def _move(steps, pc, memory, base, plans, slot, r, a):
    code = steps.code
    kind, f3, f4, f5, f6 = code[pc, 0], U(code[pc, 3]), U(code[pc, 4]), U(code[pc, 5]), U(code[pc, 6])
    if kind == code_of.COPY:
        # f4 may stand for a negative distance: unsigned sums wrap around to the right place
        for i in range(f3):
            memory[r + i] = memory[a + i * f4]
    elif kind == code_of.COLLECT:
        table = U(code[pc, 2])
        for i in range(f3):
            memory[r + i] = memory[place(steps.addresses[table + i], base)]
    elif kind == code_of.SELECT:
        b, c = place(code[pc, 3], base), place(code[pc, 4], base)
        far, near = (U(code[pc, 7]), U(code[pc, 9]), U(code[pc, 11])), (code[pc, 8], code[pc, 10], code[pc, 12])
        elementwise.select(memory, r, a, b, c, f5, f6, far, near)
    elif kind == code_of.GATHER:
        index = place(code[pc, 3], base)
        moving.gather(memory, r, a, index, f4, f5, f6, U(code[pc, 7]), U(code[pc, 8]))
    else:
        row, part = memory[place(code[pc, 3], base)], code[pc, 2]
        moving.gather_plan(memory, r, row, f4, plans.values, plans.at[slot, part], plans.rows[slot, part])


@inlined
def _along(code, pc, memory, base, r, a):
    kind, f3, f4, f5, f6 = code[pc, 0], U(code[pc, 3]), U(code[pc, 4]), U(code[pc, 5]), U(code[pc, 6])
    if kind == code_of.BATCH_MATMUL:
        moving.batch_matmul(memory, r, a, place(code[pc, 3], base), f4, f5, f6, U(code[pc, 7]))
    elif kind == code_of.SOFTMAX:
        reductions.softmax(memory, r, a, f3, f4)
    elif kind == code_of.SORT:
        moving.sort(memory, r, a, f3, f4)
    elif kind == code_of.ARGMAX:
        reductions.argmax(memory, r, a, f3, f4, f5)
    elif kind == code_of.NEAREST:
        reductions.nearest(memory, r, a, place(code[pc, 3], base), f4, f5)
    elif kind >= code_of.SEGMENT_SUM:
        reductions.segmented(kind, memory, r, a, place(code[pc, 3], base), f4, f5)
    elif kind >= code_of.SUM:
        reductions.reduced(kind, memory, r, a, f3, f4, f5)
    else:
        reductions.running(kind, memory, r, a, f3, f4, f5)


@inlined
def _matmul(steps, pc, memory, bases, weights, room):
    matrix, each = steps.code[pc, 3], steps.code[pc, 4]
    at, inputs, outputs = steps.matrices[matrix, 0], steps.matrices[matrix, 1], steps.matrices[matrix, 2]
    width, rows = (outputs + PANEL - 1) // PANEL * PANEL, len(bases)
    for row in range(rows):
        a = place(steps.code[pc, 2], bases[row])
        for one in range(each):
            for i in range(inputs):
                room.entering[i] = memory[a + U(one * inputs + i)]
            number = row * each + one
            room.scales[number] = rounded(room.entering, 0, inputs, room.rounded, number * padded(inputs))
    room.leaving[: rows * each * width] = np.float32(0.0)
    multiply_add(room.rounded, room.scales, weights, at, inputs, outputs, room.leaving, width, rows * each)
    for row in range(rows):
        for one in range(each):
            r = U(bases[row] + steps.code[pc, 1] + one * outputs)
            product = room.leaving[(row * each + one) * width : (row * each + one + 1) * width]
            for i in range(outputs):
                memory[r + U(i)] = product[i]


@inlined
def _through_stack(steps, pc, memory, bases, slots, weights, layout, kept, room, is_last):
    width = layout.layers[0, 1]
    for row in range(len(bases)):
        a, vector = place(steps.code[pc, 2], bases[row]), room.entering[row * width : (row + 1) * width]
        for i in range(width):
            vector[i] = memory[a + U(i)]
    units = stack_step(room, slots, weights, layout, kept)
    if len(bases) == 1 and room.joint.board[HELPED] != 0 and not is_last:
        look_ahead(room, slots, weights, layout, kept)
    for row in range(len(bases)):
        r, said = U(bases[row] + steps.code[pc, 1]), room.leaving[row * units : (row + 1) * units]
        for i in range(units):
            memory[r + U(i)] = said[i]


@machine_code
def run(steps, where, memory, bases, slots, plans, weights, layout, kept, room, uniforms, drawn):
    """Carry out a program for some rows, step after step.

    Args:
        steps: the program.
        where: what goes in and comes out.
        memory: float64, constants and the memory of all slots.
        bases: where the memory of each row begins, int64 (rows,).
        slots: the slot of each row, int64 (rows,).
        plans: of all slots.
        weights: uint8, packed as `matmul.pack` does.
        layout, kept: the recurrent stack, and what the slots remember of it.
        room: for intermediate results.
        uniforms: float64 (steps, rows, draws).
        drawn: `requests.Drawn`, with the arrays to write into.
    """
    for step in range(len(uniforms)):
        for row in range(len(bases)):
            for number in range(uniforms.shape[2]):
                memory[bases[row] + where.uniform + number] = uniforms[step, row, number]
            drawn.is_past_end[step, row] = memory[bases[row] + where.is_over] != 0.0
        first = 0
        for barrier in steps.barriers:
            for row in range(len(bases)):
                execute(steps, first, barrier, memory, bases[row], plans, slots[row])
            if barrier < len(steps.code) and steps.code[barrier, 0] == code_of.MATMUL:
                _matmul(steps, barrier, memory, bases, weights, room)
            elif barrier < len(steps.code):
                is_last = step == len(uniforms) - 1  # a notice may not outlive the call
                _through_stack(steps, barrier, memory, bases, slots, weights, layout, kept, room, is_last)
            first = barrier + 1
        for row in range(len(bases)):
            for field in range(drawn.steps.shape[2]):
                drawn.steps[step, row, field] = np.int32(memory[bases[row] + where.raw + field])
            drawn.is_given[step, row] = memory[bases[row] + where.is_woven] != 0.0
            drawn.is_past_end[step, row] |= memory[bases[row] + where.is_end] != 0.0

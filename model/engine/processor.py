"""Drawing on a CPU: the machine with its programs, and a fixed number of slots for pieces that come and go."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from model.engine import layout, machine
from model.engine.kernels import GROUP, PANEL
from model.engine.known_answers import check
from model.engine.lowering import lowered
from model.engine.program import Code, Program
from model.engine.requests import Drawn, Standing
from model.engine.sharing import OVER, Joint, Worth, assist, new_board
from model.engine.tracing import PLAN, leaves, traced
from model.network import NoteNetwork
from model.network.stacks.recurrent import RecurrentStack
from model.sampling.plan import Plan, filled_in
from model.sampling.position import Position
from model.sampling.step import Tastes
from model.sampling.taste import Taste

Share = tuple[int, int, NDArray[np.int64]]  # which desk carries out which program for which rows
MOST_HELPERS = 3  # for one piece: more would wait for each other longer than they work
_STANDING = {
    "left": "position/situation/left", "filled": "position/filled", "woven": "position/woven",
    "acted": "position/watch/acted", "is_over": "position/is_over",
}  # fmt: skip


class Processor:
    """Slots for pieces, and what carries their steps out."""

    def __init__(self, network: NoteNetwork, example: Position, slots: int) -> None:
        """Compile the programs of `network`; some seconds, fewer once machine code is in the cache.

        Args:
            network: what to draw from.
            example: a position of one piece, before its first note.
            slots: how many pieces can be drawn at the same time.

        Raises:
            EngineError: compiled code computes wrong numbers.
        """
        check()
        self.slots = slots
        self._stack = layout.stack_of(network.stack) if isinstance(network.stack, RecurrentStack) else None
        self._programs = self._compiled(network, example)
        constants = [program.constants for program in self._programs]
        self._first_row = sum(map(len, constants))
        self._row_size = max(program.size for program in self._programs)
        self._memory = np.zeros(self._first_row + slots * self._row_size)
        self._memory[: self._first_row] = np.concatenate(constants)
        self._weights, self._matrices = _packed(self._programs, self._stack)
        self._kept = layout.memory_of(self._stack, slots) if self._stack else _no_memory(slots)
        parts = len(self._programs[1].plan_parts)
        self._plans: dict[int, list[NDArray[np.float64]]] = {}
        self._plan = machine.Plans(np.zeros(1), *(np.zeros((slots, parts), dtype=np.int64) for _ in range(2)))
        self._desks = [_Desk(self._programs, self._stack, slots) for _ in range(_cores())]
        self._worth = Worth()
        self._helpers = min(len(self._desks) - 1, MOST_HELPERS)
        self._threads = ThreadPoolExecutor(len(self._desks), thread_name_prefix="draw")

    def _compiled(self, network: NoteNetwork, example: Position) -> tuple[Program, Program]:
        """The programs of steps without a plan and with one; what they have in common lies in the same places."""
        position = example._replace(state={}) if self._stack else example
        fields = [field.name for field in network.representation.fields]
        tastes = Tastes.of(Taste(), fields, 1, is_guarded=True)
        step = np.zeros((1, len(fields)), dtype=np.int32)
        free = lowered(traced(network, position, tastes, None), 0)
        plan = filled_in(step, step, step[:, 0], 0.0)
        planned = lowered(traced(network, position, tastes, plan), len(free.constants))
        return free, planned

    @property
    def memory_bytes(self) -> int:
        """What the weights and all slots take."""
        arrays: list[NDArray] = [self._memory, self._weights, *self._kept]
        return sum(array.nbytes for array in arrays)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True)

    def join(self, slot: int, position: Position, tastes: Tastes, plan: Plan | None) -> None:
        """Put one piece into a slot; `position`, `tastes` and `plan` have a batch of one."""
        given = dict(leaves({"position": position, "tastes": tastes}))
        if plan is not None:
            given |= {f"{PLAN}{name}": part for name, part in plan._asdict().items()}
        base = self._base(slot)
        for name, place in self._programs[plan is not None].inputs.items():
            if name in given:
                self._memory[base + place.at : base + place.at + place.size] = np.asarray(given[name]).reshape(-1)
        if self._stack:
            layout.remember(self._stack, self._kept, slot, position.state)
        self._plans.pop(slot, None)
        if plan is not None:
            parts = [np.asarray(getattr(plan, name))[0] for name in self._programs[1].plan_parts]
            self._plan.rows[slot] = [len(part) for part in parts]
            self._plans[slot] = [part.astype(np.float64).reshape(-1) for part in parts]
            self._lay_out_plans()

    def leave(self, slot: int) -> None:
        """Forget the piece in a slot."""
        if self._plans.pop(slot, None) is not None:
            self._lay_out_plans()

    def _lay_out_plans(self) -> None:
        flat, at = [np.zeros(1)], 1
        for slot, parts in self._plans.items():
            for number, part in enumerate(parts):
                self._plan.at[slot, number] = at
                flat.append(part)
                at += len(part)
        self._plan = self._plan._replace(values=np.concatenate(flat))

    def draw(self, slots: list[int], uniforms: NDArray[np.float32]) -> Drawn:
        """The next steps of the pieces in `slots`.

        Args:
            slots: some that were joined, each once.
            uniforms: float32 (steps, rows, draws) in [0, 1), a row for each slot.
        """
        steps, rows, _ = uniforms.shape
        fields = self._programs[0].outputs["raw"].size
        drawn = Drawn(
            np.zeros((steps, rows, fields), dtype=np.int32), *(np.zeros((steps, rows), dtype=bool) for _ in range(2))
        )
        shares = self._shared_out(slots)
        if len(shares) == 1:
            self._draw_alone(shares[0], slots, uniforms, drawn)
        else:
            tasks = [self._threads.submit(self._draw, share, slots, uniforms, drawn) for share in shares]
            for task in tasks:
                task.result()
        return drawn

    def _draw_alone(self, share: Share, slots: list[int], uniforms: NDArray[np.float32], drawn: Drawn) -> None:
        """Draw in this thread, and where there is but one piece have the others help, if that pays."""
        can_share = self._stack is not None and self._helpers > 0 and len(share[2]) == 1
        is_helped = can_share and self._worth.is_help_wanted()
        board, started = new_board(is_helped), time.perf_counter()
        joint = self._desks[share[0]].joint(board)
        helping = [self._threads.submit(assist, joint, self._weights) for _ in range(self._helpers * is_helped)]
        try:
            self._draw(share, slots, uniforms, drawn, joint)
        finally:
            board[OVER] = 1
        for one in helping:
            one.cancel()  # who has not come yet need not
        if can_share:
            self._worth.took(is_helped, time.perf_counter() - started)

    def _shared_out(self, slots: list[int]) -> list[Share]:
        """Which desk carries out which program for which rows: about as many rows for each processor core."""
        tasks = []
        for number in range(len(self._programs)):
            rows = np.array([row for row, slot in enumerate(slots) if (slot in self._plans) == bool(number)], dtype=int)
            parts = min(len(self._desks), len(rows))
            tasks += [(number, part) for part in np.array_split(rows, parts)] if parts else []
        return [(place % len(self._desks), *task) for place, task in enumerate(tasks)]

    def _draw(
        self,
        share: Share,
        slots: list[int],
        uniforms: NDArray[np.float32],
        drawn: Drawn,
        joint: Joint | None = None,
    ) -> None:
        """Carry out a program for some of the rows."""
        desk, number, rows = share
        program, where = self._programs[number], np.array(slots, dtype=np.int64)[rows]
        part = Drawn(*(np.zeros((len(one), len(rows), *one.shape[2:]), dtype=one.dtype) for one in drawn))
        steps = machine.Steps(program.code, program.barriers, program.addresses, self._matrices[number])
        bases = self._first_row + where * self._row_size
        given = uniforms[:, rows].astype(np.float64)
        stack = self._stack or _NO_STACK
        with self._desks[desk] as room:
            machine.run(
                steps, _where(program), self._memory, bases, where, self._plan, self._weights, stack.layout, self._kept,
                room if joint is None else room._replace(joint=joint), given, part,
            )  # fmt: skip
        for whole, one in zip(drawn, part, strict=True):
            whole[:, rows] = one

    def standing(self, slot: int) -> Standing:
        """How far the piece in a slot is."""
        base, inputs = self._base(slot), self._programs[0].inputs
        found = {name: self._memory[base + inputs[path].at] for name, path in _STANDING.items()}
        counts = {name: int(found[name]) for name in ("left", "filled", "woven", "acted")}
        return Standing(**counts, is_over=bool(found["is_over"]))

    def _base(self, slot: int) -> int:
        return self._first_row + slot * self._row_size


class _Desk:
    """Room for the intermediate results of one thread; one task at a time has it."""

    def __init__(self, programs: tuple[Program, ...], stack: layout.Stack | None, rows: int) -> None:
        sizes, vectors = [PANEL], rows
        for program in programs:
            for number, each in program.code[program.code[:, 0] == Code.MATMUL][:, 3:5].tolist():
                matrix = program.matrices[number]
                sizes.append(each * max(matrix.inputs + GROUP, matrix.panels * PANEL))
                vectors = max(vectors, rows * each)
        if stack:
            layers = stack.layout.layers
            sizes += [int(layers[0, layout.INPUTS]), layout.widest_input(stack) + GROUP]
        self._lock = Lock()
        entering, leaving = (np.zeros(rows * max(sizes), dtype=np.float32) for _ in range(2))
        scratch = np.zeros((4, layout.scratch_size(stack, rows) if stack else 1), dtype=np.float32)
        self._joint = layout.new_joint(stack)
        as_bytes, scales = np.zeros(rows * max(sizes), dtype=np.uint8), np.zeros(vectors, dtype=np.float32)
        self._room = machine.Room(entering, as_bytes, scales, leaving, scratch, self._joint)

    def joint(self, board: NDArray[np.int64]) -> Joint:
        """What helpers share with whoever has this desk."""
        return self._joint._replace(board=board)

    def __enter__(self) -> machine.Room:
        self._lock.acquire()
        return self._room

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_NO_STACK = layout.Stack(
    layout=layout.Layout(np.zeros((1, 8), dtype=np.int64), np.full(9, -1, dtype=np.int64), np.zeros(0, np.float32)),
    weights=np.zeros(0, dtype=np.uint8),
    state_size=0,
    parts={},
)


def carry_out(program: Program, memory: NDArray[np.float64]) -> None:
    """Carry out a program without inputs and stack once for some rows, `memory` (rows, at least the program's size)."""
    rows, slots = len(memory), np.arange(len(memory), dtype=np.int64)
    weights, matrices = _packed((program,), None)
    steps = machine.Steps(program.code, program.barriers, program.addresses, matrices[0])
    no_parts = np.zeros((rows, 0), dtype=np.int64)
    drawn = Drawn(np.zeros((1, rows, 0), np.int32), *(np.zeros((1, rows), dtype=bool) for _ in range(2)))
    with _Desk((program,), None, rows) as room:
        machine.run(
            steps, machine.Where(0, 0, 0, 0, 0), memory.reshape(-1), slots * memory.shape[1], slots,
            machine.Plans(np.zeros(1), no_parts, no_parts), weights, _NO_STACK.layout, _no_memory(rows), room,
            np.zeros((1, rows, 0)), drawn,
        )  # fmt: skip


def _cores() -> int:
    """Processor cores that this process may use; not every system can tell these from all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _where(program: Program) -> machine.Where:
    inputs, outputs = program.inputs, program.outputs
    return machine.Where(
        inputs["uniform"].at,
        inputs["position/is_over"].at,
        *(outputs[name].at for name in ("raw", "is_woven", "is_end")),
    )


def _no_memory(slots: int) -> layout.Memory:
    return layout.memory_of(_NO_STACK, slots)


def _packed(
    programs: tuple[Program, ...], stack: layout.Stack | None
) -> tuple[NDArray[np.uint8], list[NDArray[np.int64]]]:
    """All weights in one array, those of the stack first, and of each program where its matrices begin."""
    parts = [stack.weights] if stack else []
    at, tables, known = sum(map(len, parts)), [], {}
    for program in programs:
        table = []
        for matrix in program.matrices:
            key = (matrix.inputs, matrix.outputs, matrix.data.tobytes())
            if key not in known:
                known[key] = at
                parts.append(matrix.data)
                at += len(matrix.data)
            table.append((known[key], matrix.inputs, matrix.outputs))
        tables.append(np.array(table, dtype=np.int64).reshape(-1, 3))
    return np.concatenate(parts), tables

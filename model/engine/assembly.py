"""Instructions one by one, with operands brought into one piece where they are not, and memory used again.

While a program grows, every result gets a place of its own; `finished` then lets results share places whose values
nobody needs any more, so that a row's memory stays in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.engine.matmul import Packed
from model.engine.placing import Placing
from model.engine.program import BARRIERS, SORT_NOTES, WIDTH, Code, Place, Program
from model.engine.walking import Walk, common_loops, in_order, runs_of, walk_of

Addresses = NDArray[np.int64]

FEWEST_RUN = 4  # elements of a run on average, below which elements are collected one by one


class Assembly:
    """A program in the making."""

    def __init__(self, first_constant: int) -> None:
        self._first_constant = first_constant
        self._constants: list[NDArray[np.float64]] = []
        self._constant_at: dict[bytes, int] = {}
        self._constant_count = 0
        self._code: list[list[int]] = []
        self._reads: list[list[tuple[int, int]]] = []  # of each instruction: addresses and sizes in a row's memory
        self._lists: list[Addresses] = []
        self._list_count = 0
        self._matrices: list[Packed] = []
        self._blocks: list[tuple[int, int]] = []  # of each result: where it begins, its size
        self._end = 0
        self._known: dict[tuple, Addresses] = {}
        self.inputs: dict[str, Place] = {}
        self._input_size = 0

    def input(self, name: str, shape: Sequence[int]) -> Addresses:
        """Room for an input, before the first instruction."""
        size = int(np.prod(shape, dtype=int))
        at = self._input_size
        self.inputs[name] = Place(at, size)
        self._input_size = at + size
        self._end = self._input_size + 1
        return np.arange(at, at + size).reshape(shape)

    def constant(self, value: NDArray) -> Addresses:
        """Addresses of the elements of `value`, which all rows share."""
        flat = np.ascontiguousarray(value, dtype=np.float64).reshape(-1)
        key = flat.tobytes()
        if key not in self._constant_at:
            self._constant_at[key] = self._first_constant + self._constant_count
            self._constants.append(flat)
            self._constant_count += len(flat)
        at = self._constant_at[key]
        return (-1 - np.arange(at, at + len(flat))).reshape(value.shape)

    def unary(self, code: Code, values: Addresses) -> Addresses:
        """An instruction on each element."""
        return self._made(code, (values,), (values.size,), values.shape)

    def binary(self, code: Code, left: Addresses, right: Addresses) -> Addresses:
        """An instruction on pairs of elements, shapes broadcast."""
        left, right = np.broadcast_arrays(left, right)
        return self._elementwise(code, (left, right))

    def select(self, condition: Addresses, chosen: Addresses, other: Addresses) -> Addresses:
        """Elements of `chosen` where `condition` holds, else of `other`."""
        return self._elementwise(Code.SELECT, tuple(np.broadcast_arrays(condition, chosen, other)))

    def _elementwise(self, code: Code, operands: tuple[Addresses, ...]) -> Addresses:
        shape, size = operands[0].shape, operands[0].size
        key = (code, *(operand.tobytes() for operand in operands), shape)
        if key not in self._known:
            walks = [self._walk(operand) for operand in operands]
            loops = common_loops(shape, walks)
            if loops is None:
                pieces = [self._in_one_piece(operand.reshape(-1)) for operand in operands]
                walks = [in_order(piece, shape) for piece in pieces]
                loops = common_loops(shape, walks)
            outer, inner, distances = loops or (1, size, [(0, 1)] * len(operands))
            reads = [
                (walk.first, 1 + (outer - 1) * far + (inner - 1) * near)
                for walk, (far, near) in zip(walks, distances, strict=True)
            ]
            flat = [distance for pair in distances for distance in pair]
            self._known[key] = self._emit(code, [*(walk.first for walk in walks), outer, inner, *flat], reads, size)
        return self._known[key].reshape(shape)

    def _walk(self, operand: Addresses) -> Walk:
        """How elements follow one another along each axis; those that lie scattered are brought together first."""
        walk = walk_of(operand)
        if walk is not None:
            owners = self._owners(np.array([operand.min(), operand.max()]))
            if owners[0] == owners[1]:
                return walk
        return in_order(self._in_one_piece(operand.reshape(-1)), operand.shape)

    def by_rows(self, code: Code, values: Addresses) -> Addresses:
        """An instruction along the last axis that keeps the shape."""
        count = values.shape[-1]
        notes = SORT_NOTES if code == Code.SORT else 0
        made = self._made(code, (values,), (values.size // count, count), (values.size + notes,))
        return made[: values.size].reshape(values.shape)

    def reduced(self, code: Code, values: Addresses, axis: int) -> Addresses:
        """One element for each along `axis`, (outer, inner)."""
        outer, count, inner = _around(values.shape, axis)
        return self._made(code, (values,), (outer, count, inner), (outer, inner))

    def running(self, code: Code, values: Addresses, axis: int) -> Addresses:
        """Sums or products up to each element along `axis`."""
        return self._made(code, (values,), _around(values.shape, axis), values.shape)

    def gather(self, table: Addresses, index: Addresses, axis: int, batched: int) -> Addresses:
        """What stands at `index` along `axis` of `table`; their first `batched` axes belong together."""
        axis %= table.ndim
        parts = int(np.prod(table.shape[:batched], dtype=int))
        before = int(np.prod(table.shape[batched:axis], dtype=int))
        inner = int(np.prod(table.shape[axis + 1 :], dtype=int))
        count = index.size // parts
        sizes = (parts, before, table.shape[axis], inner, count)
        return self._made(Code.GATHER, (table, index), sizes, (parts * before * count * inner,))

    def segmented(self, code: Code, values: Addresses, index: Addresses, parts: int) -> Addresses:
        """One element for each part: of those of `values` whose index it is."""
        return self._made(code, (values, index), (values.size, parts), (parts,))

    def nearest(self, points: Addresses, places: Addresses) -> Addresses:
        """How far it is from each of `places` to the nearest of `points`."""
        return self._made(Code.NEAREST, (points, places), (points.size, places.size), (places.size,))

    def gather_plan(self, part: int, index: Addresses, width: int) -> Addresses:
        """The row of a plan at `index`."""
        at = self._in_one_piece(index.reshape(-1))
        return self._emit(Code.GATHER_PLAN, [part, at, width], [(at, 1)], width)

    def matmul(self, vectors: Addresses, weights: Packed) -> Addresses:
        """Vectors (m, inputs) times weights that never change."""
        vectors = vectors.reshape(-1, weights.inputs)
        self._matrices.append(weights)
        at = self._in_one_piece(vectors.reshape(-1))
        count, size = len(vectors), len(vectors) * weights.outputs
        operands = [at, len(self._matrices) - 1, count]
        return self._emit(Code.MATMUL, operands, [(at, vectors.size)], size).reshape(count, weights.outputs)

    def batch_matmul(self, left: Addresses, right: Addresses) -> Addresses:
        """Products of (..., m, k) and (..., k, n) of a row's own numbers."""
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        left = np.broadcast_to(left, (*batch, *left.shape[-2:]))
        right = np.broadcast_to(right, (*batch, *right.shape[-2:]))
        (m, k), n = left.shape[-2:], right.shape[-1]
        sizes = (int(np.prod(batch, dtype=int)), m, k, n)
        return self._made(Code.BATCH_MATMUL, (left, right), sizes, (*batch, m, n))

    def stack(self, vector: Addresses, shape: Sequence[int]) -> Addresses:
        """What the recurrent stack makes of `vector`."""
        at = self._in_one_piece(vector.reshape(-1))
        return self._emit(Code.STACK, [at], [(at, vector.size)], int(np.prod(shape, dtype=int))).reshape(shape)

    def _made(
        self, code: Code, operands: tuple[Addresses, ...], sizes: Sequence[int], shape: Sequence[int]
    ) -> Addresses:
        """The result of an instruction whose operands lie in one piece each."""
        key = (code, *(operand.tobytes() for operand in operands), tuple(sizes))
        if key not in self._known:
            starts = [self._in_one_piece(operand.reshape(-1)) for operand in operands]
            reads = [(start, operand.size) for start, operand in zip(starts, operands, strict=True)]
            size = int(np.prod(shape, dtype=int))
            self._known[key] = self._emit(code, [*starts, *sizes], reads, size)
        return self._known[key].reshape(tuple(shape))

    def _in_one_piece(self, flat: Addresses) -> int:
        """The address of the first of elements that lie one after another, copied together where they do not."""
        if not len(flat):
            return 0
        step = -1 if flat[0] < 0 else 1  # addresses of constants count down
        if bool((flat == flat[0] + step * np.arange(len(flat))).all()):
            return int(flat[0])
        key = (Code.COLLECT, flat.tobytes())
        if key not in self._known:
            self._known[key] = self._collected(flat)
        return int(self._known[key][0])

    def _collected(self, flat: Addresses) -> Addresses:
        at = self._room(len(flat))
        starts, counts, steps = runs_of(flat, self._owners(flat))
        if len(starts) * FEWEST_RUN > len(flat):
            self._lists.append(flat)
            reads = [(int(address), 1) for address in np.unique(flat)]
            self._append([Code.COLLECT, at, self._list_count, len(flat)], reads)
            self._list_count += len(flat)
        else:
            to = at
            for start, count, step in zip(starts, counts, steps, strict=True):
                first, final = sorted((start, start + (count - 1) * step))
                self._append([Code.COPY, to, start, count, -step if start < 0 else step], [(first, final - first + 1)])
                to += count
        return np.arange(at, at + len(flat))

    def _owners(self, flat: Addresses) -> NDArray[np.int64]:
        """Which result each address belongs to; -1 for inputs, -2 for constants."""
        starts = np.array([at for at, _ in self._blocks], dtype=np.int64)
        owners = np.searchsorted(starts, flat, side="right") - 1
        return np.where(flat < 0, -2, np.where(flat < self._input_size, -1, owners))

    def _emit(self, code: Code, operands: list[int], reads: list[tuple[int, int]], size: int) -> Addresses:
        at = self._room(size)
        self._append([code, at, *operands], reads)
        return np.arange(at, at + size)

    def _append(self, instruction: list[int], reads: list[tuple[int, int]]) -> None:
        self._code.append([*instruction, *[0] * (WIDTH - len(instruction))])
        self._reads.append(reads)

    def _room(self, size: int) -> int:
        """Room for a result; a gap behind it, so that two results never look like one."""
        at = self._end
        self._blocks.append((at, size))
        self._end = at + size + 1
        return at

    def finished(self, outputs: dict[str, Addresses], plan_parts: tuple[str, ...]) -> Program:
        """The program; what of `outputs` bears the name of an input is moved to its place at the end."""
        results = {
            name: Place(self._apart(addresses.reshape(-1)), addresses.size)
            for name, addresses in outputs.items()
            if name not in self.inputs
        }
        moves = []
        for name, addresses in outputs.items():
            if name in self.inputs and not self._is_in_place(addresses.reshape(-1), self.inputs[name]):
                moves.append((self.inputs[name], self._apart(addresses.reshape(-1))))
        for place, at in moves:  # once none of them reads an input any more
            self._append([Code.COPY, place.at, at, place.size, 1], [(at, place.size)])
        self._leave_out_what_nobody_reads(results)
        placing = Placing(self._blocks, self._input_size, self._code, self._reads, results)
        code = placing.code()
        return Program(
            code=code,
            barriers=np.append(np.flatnonzero(np.isin(code[:, 0], BARRIERS)), len(code)).astype(np.int64),
            addresses=placing.addresses(np.concatenate(self._lists) if self._lists else np.zeros(0, dtype=np.int64)),
            constants=np.concatenate(self._constants) if self._constants else np.zeros(0),
            matrices=tuple(self._matrices),
            inputs=self.inputs,
            outputs={name: Place(placing.at(place.at), place.size) for name, place in results.items()},
            size=placing.size,
            plan_parts=plan_parts,
        )

    def _leave_out_what_nobody_reads(self, results: dict[str, Place]) -> None:
        kept, needed = [], {self._block(place.at) for place in results.values()}
        for number in reversed(range(len(self._code))):
            code, to = self._code[number][:2]
            if code == Code.STACK or to < self._input_size or self._block(to) in needed:
                kept.append(number)
                needed |= {self._block(at) for at, _ in self._reads[number]}
        self._code = [self._code[number] for number in reversed(kept)]
        self._reads = [self._reads[number] for number in reversed(kept)]

    def _block(self, address: int) -> int:
        return int(self._owners(np.array([address]))[0])

    def _is_in_place(self, flat: Addresses, place: Place) -> bool:
        """Whether a step leaves an input as it is."""
        return bool((flat == np.arange(place.at, place.at + place.size)).all())

    def _apart(self, flat: Addresses) -> int:
        """Where elements lie in one piece that is neither an input nor a constant, copied there where they do not."""
        at = self._in_one_piece(flat)
        if at >= self._input_size:
            return at
        copy = self._room(len(flat))
        self._append([Code.COPY, copy, at, len(flat), 1], [(at, len(flat))])
        return copy


def _around(shape: Sequence[int], axis: int) -> tuple[int, int, int]:
    """How many elements there are before an axis, along it and after it."""
    axis %= len(shape)
    return int(np.prod(shape[:axis], dtype=int)), shape[axis], int(np.prod(shape[axis + 1 :], dtype=int))

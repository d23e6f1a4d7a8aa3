"""The innermost loop of a product, written for the processor at hand.

It multiplies a row of bytes with one panel of weights: sums stay in registers from the first term to the last. LLVM
does not find the instructions that multiply four bytes at once (AVX-512 VNNI, AVX-VNNI) in a plain loop: written by
hand a product takes a fourth of the time of numba's best (docs/adr/0007). Other processors multiply whole numbers of
sixteen bits in pairs. All ways give the same bits.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

PANEL = 64  # columns packed side by side
GROUP = 4  # inputs of a column that lie side by side
HEAD = 8 * PANEL  # bytes before the weights of a panel
ZERO = 128  # what stands for 0 among the inputs: the instructions want one side without sign

BYTE, SHORT, INT, PLACE, FLOAT = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.FloatType()


@dataclass(frozen=True)
class Way:
    """How a processor multiplies.

    Attributes:
        columns: of one register of sums.
        registers: of sums in a pass over the panel.
        fours: the instruction, by LLVM's name, that multiplies and adds four bytes; none where pairs are multiplied.
        pairs: the one for pairs of sixteen bits, by LLVM's name; none leaves it to the compiler.
    """

    columns: int
    registers: int
    fours: str = ""
    pairs: str = ""


WAYS = {  # by the feature that a processor needs
    "avx512vnni": Way(16, 4, fours="llvm.x86.avx512.vpdpbusd.512"),
    "avxvnni": Way(8, 4, fours="llvm.x86.avx512.vpdpbusd.256"),
    "avx2": Way(4, 4, pairs="llvm.x86.avx2.pmadd.wd"),
}
ANYWHERE = Way(4, 4)


def way_of_this_processor() -> Way:
    """The fastest one that it knows."""
    known = binding.get_host_cpu_features()
    return next((way for feature, way in WAYS.items() if known.get(feature)), ANYWHERE)


@intrinsic
def multiply_panel(_context, q, q_at, scale, w, w_at, groups, y, y_at):  # noqa: ANN001, ANN201, PLR0913
    """y[y_at:][:PANEL] += a row of inputs @ a panel.

    Args:
        q: uint8, the row begins at `q_at`.
        scale: what one of its numbers is worth, float32.
        w: uint8, the panel begins at `w_at`.
        groups: of `GROUP` inputs.
        y: float32.
    """
    signature = types.void(q, types.int64, types.float32, w, types.int64, types.int64, y, types.int64)
    return signature, lambda *arguments: Kernel(way_of_this_processor(), *arguments).generate()


class Kernel:
    """Writes the machine code of one kernel."""

    def __init__(self, way: Way, context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> None:
        q, q_at, scale, w, w_at, groups, y, y_at = arguments
        self._way, self._context, self._builder, self._groups, self._scale = way, context, builder, groups, scale

        def place(number: int, array: ir.Value, at: ir.Value) -> ir.Value:
            return builder.gep(context.make_array(signature.args[number])(context, builder, array).data, [at])

        self._row, self._panel, self._sums = place(0, q, q_at), place(3, w, w_at), place(6, y, y_at)

    def generate(self) -> ir.Value:
        """Pass after pass, until all columns of the panel are done."""
        each = self._way.columns * self._way.registers
        for first in range(0, PANEL, each):
            self._pass([first + number * self._way.columns for number in range(self._way.registers)])
        return self._context.get_dummy_value()

    def _pass(self, columns: list[int]) -> None:
        """The columns from each of `columns` on, a register of each."""
        builder, before = self._builder, self._builder.block
        started = [self._first(column) for column in columns]
        head, after = builder.append_basic_block("terms"), builder.append_basic_block("done")
        builder.branch(head)
        builder.position_at_end(head)
        group, running = builder.phi(PLACE), [builder.phi(one.type) for one in started]
        following = self._with_group(group, columns, running)
        later = builder.add(group, PLACE(1))
        for phi, first, next_one in zip([group, *running], [PLACE(0), *started], [later, *following], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(next_one, builder.block)
        builder.cbranch(builder.icmp_signed("<", later, self._groups), head, after)
        builder.position_at_end(after)
        for column, sums in zip(columns, following, strict=True):
            self._add(column, sums)

    def _first(self, column: int) -> ir.Value:
        """What a register of sums begins with."""
        if not self._way.fours:
            return ir.Constant(ir.VectorType(INT, 2 * self._way.columns), None)
        return self._head(column, INT, 0)

    def _head(self, column: int, kind: ir.Type, part: int) -> ir.Value:
        """What a part of the panel's head says of the columns from `column` on."""
        place = self._builder.gep(self._panel, [PLACE(4 * (part * PANEL + column))])
        return self._load(place, ir.VectorType(kind, self._way.columns))

    def _with_group(self, group: ir.Value, columns: list[int], running: list[ir.Value]) -> list[ir.Value]:
        """The sums with a group of inputs more: the weights of each column, times those inputs."""
        builder = self._builder
        at = builder.add(PLACE(HEAD), builder.mul(group, PLACE(GROUP * PANEL)))
        bytes_type = ir.VectorType(BYTE, GROUP * self._way.columns)
        weights = [
            self._load(builder.gep(self._panel, [builder.add(at, PLACE(GROUP * column))]), bytes_type)
            for column in columns
        ]
        four = self._load(builder.gep(self._row, [builder.mul(group, PLACE(GROUP))]), INT)
        inputs = builder.bitcast(self._spread(four, self._way.columns), bytes_type)
        return [self._multiplied(sums, inputs, weight) for sums, weight in zip(running, weights, strict=True)]

    def _multiplied(self, sums: ir.Value, inputs: ir.Value, weights: ir.Value) -> ir.Value:
        """`sums` and four products for each column."""
        builder = self._builder
        if self._way.fours:
            return self._called(self._way.fours, sums.type, sums, inputs, weights)
        shorts = ir.VectorType(SHORT, GROUP * self._way.columns)
        left, right = builder.zext(inputs, shorts), builder.sext(weights, shorts)
        if self._way.pairs:
            return builder.add(sums, self._called(self._way.pairs, sums.type, left, right))
        products = [
            builder.mul(self._every_other(left, first), self._every_other(right, first), flags=("nsw",))
            for first in (0, 1)
        ]
        return builder.add(sums, builder.add(*products))

    def _every_other(self, shorts: ir.Value, first: int) -> ir.Value:
        half = shorts.type.count // 2
        chosen = self._shuffled(shorts, [first + 2 * place for place in range(half)])
        return self._builder.sext(chosen, ir.VectorType(INT, half))

    def _add(self, column: int, sums: ir.Value) -> None:
        """Turn whole numbers into what they are worth, and add them to y."""
        builder, count = self._builder, self._way.columns
        floats = ir.VectorType(FLOAT, count)
        if not self._way.fours:
            halves = [self._shuffled(sums, [first + 2 * place for place in range(count)]) for first in (0, 1)]
            sums = builder.add(builder.add(*halves), self._head(column, INT, 0))
        worth = builder.fmul(self._head(column, FLOAT, 1), self._spread(self._scale, count))
        place = builder.gep(self._sums, [PLACE(column)])
        so_far = self._load(place, floats)
        total = self._called(f"llvm.fma.v{count}f32", floats, builder.sitofp(sums, floats), worth, so_far)
        builder.store(total, builder.bitcast(place, floats.as_pointer())).align = 4

    def _called(self, name: str, result: ir.Type, *operands: ir.Value) -> ir.Value:
        kind = ir.FunctionType(result, [operand.type for operand in operands])
        return self._builder.call(cgutils.get_or_insert_function(self._builder.module, kind, name), operands)

    def _spread(self, value: ir.Value, count: int) -> ir.Value:
        """One number in every lane."""
        nothing = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
        return self._shuffled(self._builder.insert_element(nothing, value, INT(0)), [0] * count)

    def _shuffled(self, vector: ir.Value, lanes: list[int]) -> ir.Value:
        chosen = ir.Constant(ir.VectorType(INT, len(lanes)), lanes)
        return self._builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), chosen)

    def _load(self, place: ir.Value, kind: ir.Type) -> ir.Value:
        loaded = self._builder.load(self._builder.bitcast(place, kind.as_pointer()))
        loaded.align = 1
        return loaded

"""Matrix products of a few rows with weights that never change: packed once, read once for all rows.

Libraries pack the weights anew at every call, which for a handful of rows costs more than the product. Here they lie
packed in panels, in float16 as bundles hold them, so that half the bytes pass from memory. Every sum is made in the one
order of its terms, with fused multiply-adds, whatever the number of rows: a row's result is the same bits alone and in
company, on every processor. The blocking is that of Goto and van de Geijn (2008, "Anatomy of High-Performance Matrix
Multiplication"), without packing the left side.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from model.engine.compiling import inlined

LANES = 16  # of a vector as the kernels are written; the compiler splits it where registers are shorter
PANEL = 64  # columns packed side by side
VECTORS = PANEL // LANES
HALF, FLOAT, INT = ir.HalfType(), ir.FloatType(), ir.IntType(64)
HALVES, FLOATS = ir.VectorType(HALF, LANES), ir.VectorType(FLOAT, LANES)
# rows that share a pass over a panel: as many as leave no accumulator without a register
_HAS_WIDE_REGISTERS = bool(binding.get_host_cpu_features().get("avx512f"))
MOST_ROWS = 6 if _HAS_WIDE_REGISTERS else 3


@dataclass(frozen=True)
class Packed:
    """Weights float32 (inputs, outputs), rounded to float16 and packed in panels of `PANEL` columns."""

    data: NDArray[np.uint16]  # flat (panels, inputs, PANEL)
    inputs: int
    outputs: int

    @property
    def panels(self) -> int:
        """Panels, the last one padded with zeros."""
        return -(-self.outputs // PANEL)


def pack(weights: NDArray[np.floating]) -> Packed:
    """`weights` (inputs, outputs) as the kernels read them; exact where they come out of a bundle."""
    inputs, outputs = weights.shape
    panels = -(-outputs // PANEL)
    padded = np.zeros((inputs, panels * PANEL), dtype=np.float16)
    padded[:, :outputs] = weights
    data = np.ascontiguousarray(padded.reshape(inputs, panels, PANEL).transpose(1, 0, 2))
    return Packed(data.view(np.uint16).reshape(-1), inputs, outputs)


def _panel_kernel(rows: int) -> Callable[..., None]:
    """A kernel for `rows` rows and one panel: sums[row] += inputs[row] @ panel, term by term."""

    @intrinsic
    def kernel(_context, x, x_at, x_stride, w, w_at, count, y, y_at, y_stride):  # noqa: ANN001, ANN202, PLR0913
        signature = types.void(x, x_at, x_stride, w, w_at, count, y, y_at, y_stride)
        return signature, lambda *arguments: _Kernel(rows, *arguments).generate()

    @inlined
    def call(x, x_at, x_stride, w, w_at, count, y, y_at, y_stride):  # noqa: ANN001, ANN202, PLR0913
        kernel(x, x_at, x_stride, w, w_at, count, y, y_at, y_stride)  # type: ignore[call-arg]

    return call


class _Kernel:
    """Writes the machine code of one kernel: sums stay in registers from the first term to the last."""

    def __init__(
        self, rows: int, context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]
    ) -> None:
        x, x_at, x_stride, w, w_at, self._count, y, y_at, y_stride = arguments
        self._context, self._builder = context, builder

        def data(place: int, array: ir.Value) -> ir.Value:
            return context.make_array(signature.args[place])(context, builder, array).data

        def rows_of(start: ir.Value, at: ir.Value, stride: ir.Value) -> list[ir.Value]:
            return [builder.gep(start, [builder.add(at, builder.mul(stride, INT(row)))]) for row in range(rows)]

        self._x, self._w = rows_of(data(0, x), x_at, x_stride), builder.gep(data(3, w), [w_at])
        self._sums = [place for row in rows_of(data(6, y), y_at, y_stride) for place in self._vectors(row)]
        self._fused = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(FLOATS, [FLOATS] * 3), f"llvm.fma.v{LANES}f32"
        )

    def generate(self) -> ir.Value:
        """The loop over the terms."""
        builder, before = self._builder, self._builder.block
        started = [self._load(place, 4) for place in self._sums]
        head, after = builder.append_basic_block("terms"), builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed(">", self._count, INT(0)), head, after)
        builder.position_at_end(head)
        term, running = builder.phi(INT), [builder.phi(FLOATS) for _ in started]
        following = self._with_term(term, running)
        later = builder.add(term, INT(1))
        for phi, first, next_one in zip([term, *running], [INT(0), *started], [later, *following], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(next_one, head)
        builder.cbranch(builder.icmp_signed("<", later, self._count), head, after)
        builder.position_at_end(after)
        totals = [builder.phi(FLOATS) for _ in started]  # all before the first store: a block begins with its phis
        for total, first, last in zip(totals, started, following, strict=True):
            total.add_incoming(first, before)
            total.add_incoming(last, head)
        for total, place in zip(totals, self._sums, strict=True):
            builder.store(total, place).align = 4
        return self._context.get_dummy_value()

    def _with_term(self, term: ir.Value, running: list[ir.Value]) -> list[ir.Value]:
        """The sums with one more term: the weights of one input, times that input of every row."""
        builder = self._builder
        halves = builder.bitcast(builder.gep(self._w, [builder.mul(term, INT(PANEL))]), HALVES.as_pointer())
        weights = [builder.fpext(self._load(builder.gep(halves, [INT(place)]), 2), FLOATS) for place in range(VECTORS)]
        following = []
        for row, start in enumerate(self._x):
            value = self._spread(builder.load(builder.gep(start, [term])))
            sums = running[row * VECTORS : (row + 1) * VECTORS]
            following += [
                builder.call(self._fused, [value, weight, one]) for weight, one in zip(weights, sums, strict=True)
            ]
        return following

    def _spread(self, value: ir.Value) -> ir.Value:
        """One number in every lane."""
        nothing = ir.Constant(FLOATS, ir.Undefined)
        first = self._builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
        return self._builder.shuffle_vector(
            first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        )

    def _vectors(self, row: ir.Value) -> list[ir.Value]:
        start = self._builder.bitcast(row, FLOATS.as_pointer())
        return [self._builder.gep(start, [INT(place)]) for place in range(VECTORS)]

    def _load(self, pointer: ir.Value, align: int) -> ir.Value:
        loaded = self._builder.load(pointer)
        loaded.align = align
        return loaded


_1, _2, _3, _4, _5, _6 = (_panel_kernel(min(rows, MOST_ROWS)) for rows in range(1, 7))


@inlined
def multiply_panel(x, x_at, w, w_at, inputs, y, y_at):  # noqa: ANN001, ANN201
    """y[y_at:][:PANEL] += x[x_at:][:inputs] @ the terms of a panel that begin at `w_at`, for one row."""
    _1(x, x_at, inputs, w, w_at, inputs, y, y_at, PANEL)


@inlined
def multiply_add(x, x_stride, w, w_at, inputs, outputs, y, y_stride, rows):  # noqa: ANN001, ANN201, PLR0913
    """y[row, :] += x[row, :] @ weights for `rows` rows.

    Args:
        x: float32, flat; row r begins at r * x_stride.
        w: uint16, flat: packed weights, those to multiply with from `w_at` on.
        inputs, outputs: of the weights.
        y: float32, flat; row r begins at r * y_stride and has room for whole panels.
    """
    panels = (outputs + PANEL - 1) // PANEL
    blocks = (rows + MOST_ROWS - 1) // MOST_ROWS
    for panel in range(panels):
        at, column = w_at + panel * inputs * PANEL, panel * PANEL
        row = 0
        for block in range(blocks):
            # blocks as even as can be: a pass for a single row takes nearly as long as one for three
            count = rows // blocks + (1 if block < rows % blocks else 0)
            x_at, y_at = row * x_stride, row * y_stride + column
            if count == 6:
                _6(x, x_at, x_stride, w, at, inputs, y, y_at, y_stride)
            elif count == 5:
                _5(x, x_at, x_stride, w, at, inputs, y, y_at, y_stride)
            elif count == 4:
                _4(x, x_at, x_stride, w, at, inputs, y, y_at, y_stride)
            elif count == 3:
                _3(x, x_at, x_stride, w, at, inputs, y, y_at, y_stride)
            elif count == 2:
                _2(x, x_at, x_stride, w, at, inputs, y, y_at, y_stride)
            else:
                _1(x, x_at, x_stride, w, at, inputs, y, y_at, y_stride)
            row += count

"""Matrix products of a few rows with weights that never change: packed once, read once for all rows.

Libraries pack the weights anew at every call, which for a handful of rows costs more than the product. Here they lie
packed in panels, in float16 as bundles hold them, so that half the bytes pass from memory. Every sum is made in the one
order of its terms, with fused multiply-adds, whatever the number of rows: a row's result is the same bits alone and in
company, on every processor. The blocking is that of Goto and van de Geijn (2008, "Anatomy of High-Performance Matrix
Multiplication"), without packing the left side.
"""

from __future__ import annotations

from collections.abc import Callable
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
    def kernel(  # noqa: PLR0913 as many as the machine code takes
        typing_context: Any, x: Any, x_at: Any, x_stride: Any, w: Any, w_at: Any, count: Any, y: Any, y_at: Any,
        y_stride: Any,
    ) -> Any:  # fmt: skip
        signature = types.void(x, x_at, x_stride, w, w_at, count, y, y_at, y_stride)
        return signature, lambda *arguments: _generate(rows, *arguments)

    @inlined
    def call(x, x_at, x_stride, w, w_at, count, y, y_at, y_stride) -> None:  # noqa: ANN001, PLR0913
        kernel(x, x_at, x_stride, w, w_at, count, y, y_at, y_stride)

    return call


def _generate(rows: int, context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    """The machine code of one kernel: accumulators stay in registers from the first term to the last."""
    x, x_at, x_stride, w, w_at, count, y, y_at, y_stride = arguments
    x_data, w_data, y_data = (
        context.make_array(signature.args[place])(context, builder, array).data
        for place, array in ((0, x), (3, w), (6, y))
    )
    fused = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(FLOATS, [FLOATS] * 3), f"llvm.fma.v{LANES}f32"
    )
    zero = ir.Constant(ir.IntType(32), 0)
    x_rows = [builder.gep(x_data, [builder.add(x_at, builder.mul(x_stride, INT(row)))]) for row in range(rows)]
    y_rows = [builder.gep(y_data, [builder.add(y_at, builder.mul(y_stride, INT(row)))]) for row in range(rows)]
    w_first = builder.gep(w_data, [w_at])

    def vectors(row: ir.Value) -> list[ir.Value]:
        start = builder.bitcast(row, FLOATS.as_pointer())
        return [builder.gep(start, [INT(place)]) for place in range(VECTORS)]

    sums = [_load(builder, place, 4) for row in y_rows for place in vectors(row)]
    before = builder.block
    head, after = builder.append_basic_block("terms"), builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed(">", count, INT(0)), head, after)
    builder.position_at_end(head)
    term = builder.phi(INT)
    running = [builder.phi(FLOATS) for _ in sums]
    term.add_incoming(INT(0), before)
    for phi, start in zip(running, sums, strict=True):
        phi.add_incoming(start, before)
    halves = builder.bitcast(builder.gep(w_first, [builder.mul(term, INT(PANEL))]), HALVES.as_pointer())
    weights = [builder.fpext(_load(builder, builder.gep(halves, [INT(place)]), 2), FLOATS) for place in range(VECTORS)]
    following = []
    for row in range(rows):
        value = builder.load(builder.gep(x_rows[row], [term]))
        spread = builder.shuffle_vector(
            builder.insert_element(ir.Constant(FLOATS, ir.Undefined), value, zero),
            ir.Constant(FLOATS, ir.Undefined),
            ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES),
        )
        for place in range(VECTORS):
            following.append(builder.call(fused, [spread, weights[place], running[row * VECTORS + place]]))
    later = builder.add(term, INT(1))
    term.add_incoming(later, head)
    for phi, value in zip(running, following, strict=True):
        phi.add_incoming(value, head)
    builder.cbranch(builder.icmp_signed("<", later, count), head, after)
    builder.position_at_end(after)
    ends = []
    for start, value in zip(sums, following, strict=True):
        end = builder.phi(FLOATS)
        end.add_incoming(start, before)
        end.add_incoming(value, head)
        ends.append(end)
    for row, target in enumerate(y_rows):
        for place, pointer in enumerate(vectors(target)):
            builder.store(ends[row * VECTORS + place], pointer).align = 4
    return context.get_dummy_value()


def _load(builder: ir.IRBuilder, pointer: ir.Value, align: int) -> ir.Value:
    loaded = builder.load(pointer)
    loaded.align = align
    return loaded


_1, _2, _3, _4, _5, _6 = (_panel_kernel(min(rows, MOST_ROWS)) for rows in range(1, 7))


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

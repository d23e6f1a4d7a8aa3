"""Matrix products of a few rows with weights that never change, in whole numbers of eight bits.

Weights are rounded once, each column on a scale of its own; a row of inputs is rounded at each product, on its own (the
arithmetic of Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", with the scale of the inputs found on the spot). docs/performance.md has what that does to the likelihood
of held-out music. A quarter of the bytes of float32 pass from memory, and sums of whole numbers are exact: a row's
result is the same bits alone and in company, in whatever order it is summed, on every processor.

Libraries pack the weights anew at every call, which for a handful of rows costs more than the product. Here they lie
packed in panels, read once for all rows (the blocking of Goto and van de Geijn 2008, "Anatomy of High-Performance
Matrix Multiplication", without packing the left side). A panel begins with what the sums of its columns begin with,
int32, and their scales, float32; then come the weights, four inputs of a column side by side, as processors multiply
them at once.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.engine.compiling import inlined
from model.engine.kernels import GROUP, HEAD, MOST_ROWS, PANEL, ZERO, kernel
from model.network import rounding

__all__ = ["PANEL", "Packed", "multiply_add", "multiply_panel", "pack", "padded", "panel_bytes", "rounded"]

LARGEST, WIDEST, LEAST = np.float32(rounding.LARGEST), np.float32(rounding.WIDEST), np.float32(rounding.LEAST)
# a float32 near it is a whole number, whose lowest byte is that number and `ZERO` more
ROUNDING = np.float32(1.5 * 2**23 + ZERO)
NOTHING = np.float32(0)


@dataclass(frozen=True)
class Packed:
    """Weights float32 (inputs, outputs), rounded and packed in panels of `PANEL` columns."""

    data: NDArray[np.uint8]  # flat (panels, bytes of a panel)
    inputs: int
    outputs: int

    @property
    def panels(self) -> int:
        """Panels, the last one padded with zeros."""
        return -(-self.outputs // PANEL)


def pack(weights: NDArray[np.floating]) -> Packed:
    """`weights` (inputs, outputs) as the kernels read them."""
    inputs, outputs = weights.shape
    panels, groups = -(-outputs // PANEL), -(-inputs // GROUP)
    filled = np.zeros((groups * GROUP, panels * PANEL), dtype=np.float32)
    filled[:inputs, :outputs] = weights
    scales = np.abs(filled).max(axis=0) / LARGEST
    whole = np.rint(filled / np.where(scales > 0, scales, 1)).astype(np.int8)
    first = -ZERO * whole.sum(axis=0, dtype=np.int32)  # inputs are stored with `ZERO` added
    columns = whole.reshape(groups, GROUP, panels, PANEL).transpose(2, 0, 3, 1).reshape(panels, -1)
    heads = [part.reshape(panels, PANEL).view(np.uint8) for part in (first, scales.astype(np.float32))]
    return Packed(np.concatenate([*heads, columns.view(np.uint8)], axis=1).reshape(-1), inputs, outputs)


@inlined
def padded(inputs):  # noqa: ANN001, ANN201
    """Bytes of a row of rounded inputs."""
    return (inputs + GROUP - 1) // GROUP * GROUP


@inlined
def panel_bytes(inputs):  # noqa: ANN001, ANN201
    """How far it is from a panel to the next."""
    return HEAD + padded(inputs) * PANEL


@inlined
def rounded(x, x_at, inputs, q, q_at):  # noqa: ANN001, ANN201
    """Round x[x_at:][:inputs], float32, to bytes q[q_at:][:padded(inputs)]; returns what one of them is worth."""
    bits = np.int32(0)
    for i in range(inputs):  # as whole numbers, for which a maximum of vectors is always allowed
        bits = max(bits, np.float32(x[x_at + i]).view(np.int32) & np.int32(0x7FFFFFFF))
    largest = np.int32(bits).view(np.float32)
    inverse = WIDEST / largest if largest > LEAST else NOTHING
    for i in range(inputs):
        q[q_at + i] = np.uint8(np.float32(x[x_at + i] * inverse + ROUNDING).view(np.int32) & np.int32(0xFF))
    for i in range(inputs, padded(inputs)):
        q[q_at + i] = np.uint8(ZERO)
    return largest / WIDEST


_1, _2, _3, _4, _5, _6 = (inlined(kernel(min(rows, MOST_ROWS))) for rows in range(1, 7))


@inlined
def multiply_panel(q, q_at, scales, scale_at, w, w_at, inputs, y, y_at):  # noqa: ANN001, ANN201, PLR0913
    """y[y_at:][:PANEL] += a row of inputs @ the panel at `w_at`."""
    _1(q, q_at, inputs, scales, scale_at, w, w_at, padded(inputs) // GROUP, y, y_at, PANEL)


@inlined
def multiply_add(q, scales, w, w_at, inputs, outputs, y, y_stride, rows):  # noqa: ANN001, ANN201, PLR0913
    """y[row, :] += x[row, :] @ weights for `rows` rows.

    Args:
        q: uint8, flat: the rows of x, rounded, `padded(inputs)` bytes each.
        scales: float32 (rows,): what `rounded` returned of each.
        w: uint8, flat: packed weights, those to multiply with from `w_at` on.
        inputs, outputs: of the weights.
        y: float32, flat; row r begins at r * y_stride and has room for whole panels.
    """
    panels, stride = (outputs + PANEL - 1) // PANEL, padded(inputs)
    blocks, groups = (rows + MOST_ROWS - 1) // MOST_ROWS, stride // GROUP
    for panel in range(panels):
        at, column = w_at + panel * panel_bytes(inputs), panel * PANEL
        row = 0
        for block in range(blocks):
            # blocks as even as can be: a pass for a single row takes nearly as long as one for three
            count = rows // blocks + (1 if block < rows % blocks else 0)
            q_at, y_at = row * stride, row * y_stride + column
            if count == 6:
                _6(q, q_at, stride, scales, row, w, at, groups, y, y_at, y_stride)
            elif count == 5:
                _5(q, q_at, stride, scales, row, w, at, groups, y, y_at, y_stride)
            elif count == 4:
                _4(q, q_at, stride, scales, row, w, at, groups, y, y_at, y_stride)
            elif count == 3:
                _3(q, q_at, stride, scales, row, w, at, groups, y, y_at, y_stride)
            elif count == 2:
                _2(q, q_at, stride, scales, row, w, at, groups, y, y_at, y_stride)
            else:
                _1(q, q_at, stride, scales, row, w, at, groups, y, y_at, y_stride)
            row += count

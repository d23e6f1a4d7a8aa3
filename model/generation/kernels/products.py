"""Products of a row with weights that never change, in whole numbers of eight bits.

Weights are rounded once, each column on a scale of its own; a row of inputs is rounded at each product, on its own (the
arithmetic of Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", with the scale of the inputs found on the spot). docs/performance.md has what that does to the likelihood
of held-out music. A quarter of the bytes of float32 pass from memory, and sums of whole numbers are exact: a row's
result is the same bits in whatever order it is summed, on every processor.

The weights lie packed in panels of columns. A panel begins with what the sums of its columns begin with, int32, and
their scales, float32; then come the weights, four inputs of a column side by side, as processors multiply them at once.
"""

# ruff: noqa: ANN001, ANN201, ANN202 (numba infers types)
# mypy: disable-error-code="no-untyped-def, call-arg"

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import LARGEST, LEAST_ROUNDED, WIDEST
from model.compiling import inlined
from model.generation.kernels.instructions import GROUP, HEAD, PANEL, ZERO, multiply_panel

__all__ = ["PANEL", "Packed", "multiply_add", "pack", "padded_size", "rounded"]

WIDEST_32, LEAST_32 = np.float32(WIDEST), np.float32(LEAST_ROUNDED)
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
    scales = np.abs(filled).max(axis=0) / np.float32(LARGEST)
    whole = np.rint(filled / np.where(scales > 0, scales, 1)).astype(np.int8)
    first = -ZERO * whole.sum(axis=0, dtype=np.int32)  # inputs are stored with `ZERO` added
    columns = whole.reshape(groups, GROUP, panels, PANEL).transpose(2, 0, 3, 1).reshape(panels, -1)
    heads = [part.reshape(panels, PANEL).view(np.uint8) for part in (first, scales.astype(np.float32))]
    return Packed(np.concatenate([*heads, columns.view(np.uint8)], axis=1).reshape(-1), inputs, outputs)


def padded_size(inputs: int) -> int:
    """Bytes of a row of rounded inputs."""
    return -(-inputs // GROUP) * GROUP


@inlined
def padded(inputs):
    """Bytes of a row of rounded inputs."""
    return (inputs + GROUP - 1) // GROUP * GROUP


@inlined
def panel_bytes(inputs):
    """How far it is from a panel to the next."""
    return HEAD + padded(inputs) * PANEL


@inlined
def rounded(x, inputs, q):
    """Round x[:inputs], float32, to bytes q[:padded(inputs)]; returns what one of them is worth."""
    bits = np.int32(0)
    for i in range(inputs):  # as whole numbers, for which a maximum of vectors is always allowed
        bits = max(bits, np.float32(x[i]).view(np.int32) & np.int32(0x7FFFFFFF))
    largest = np.int32(bits).view(np.float32)
    inverse = WIDEST_32 / largest if largest > LEAST_32 else NOTHING
    for i in range(inputs):
        q[i] = np.uint8(np.float32(x[i] * inverse + ROUNDING).view(np.int32) & np.int32(0xFF))
    for i in range(inputs, padded(inputs)):
        q[i] = np.uint8(ZERO)
    return largest / WIDEST_32


@inlined
def multiply_add(q, scale, w, w_at, inputs, outputs, y):
    """y[:outputs] += x @ weights, for one row.

    Args:
        q: uint8: x as `rounded` wrote it.
        scale: what `rounded` returned.
        w: uint8: packed weights, those to multiply with from `w_at` on.
        inputs, outputs: of the weights.
        y: float32 with room for whole panels.
    """
    groups = padded(inputs) // GROUP
    for panel in range((outputs + PANEL - 1) // PANEL):
        multiply_panel(q, 0, scale, w, w_at + panel * panel_bytes(inputs), groups, y, panel * PANEL)

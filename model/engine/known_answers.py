"""Known answers: what the compiled code gives is compared with plain numpy when an engine is made.

A processor or a cache whose machine code is wrong then stops the load, and draws no wrong notes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

from model.engine.kernels import MOST_ROWS, PANEL
from model.engine.matmul import Packed, pack
from model.engine.program import WIDTH, Code, Program
from model.errors import EngineError
from model.network.rounding import LARGEST, WIDEST

INPUTS, OUTPUTS = 70, 100  # neither fills its last group or panel
LEFT, RIGHT, SUMS = 0, INPUTS, 2 * INPUTS  # where the operands lie, and the products
PAIRS: dict[Code, np.ufunc] = {
    Code.ADD: np.add, Code.SUB: np.subtract, Code.MUL: np.multiply, Code.DIV: np.divide, Code.MAX: np.maximum,
    Code.MIN: np.minimum, Code.FLOORDIV: np.floor_divide, Code.FLOORMOD: np.mod, Code.EQ: np.equal,
    Code.NE: np.not_equal, Code.LT: np.less, Code.LE: np.less_equal,
}  # fmt: skip
ALL: dict[Code, Callable[..., NDArray]] = {Code.SUM: np.sum, Code.LARGEST: np.max, Code.LEAST: np.min}


def example() -> tuple[Program, NDArray[np.float32]]:
    """A program with every kind of loop that compiled code has several of, and the weights it multiplies with."""
    weights = np.random.default_rng(1).standard_normal((INPUTS, OUTPUTS)).astype(np.float32)
    at, code = SUMS + OUTPUTS, [[Code.MATMUL, SUMS, LEFT, 0, 1]]
    for kind in PAIRS:
        code.append([kind, at, LEFT, RIGHT, 1, INPUTS, 0, 1, 0, 1])
        at += INPUTS
    for kind in ALL:
        code += [[kind, at, LEFT, 1, INPUTS, 1], [kind, at + 1, LEFT, 1, INPUTS // 2, 2]]
        at += 3
    rows = np.array([row + [0] * (WIDTH - len(row)) for row in code], dtype=np.int64)
    packed: Packed = pack(weights)
    barriers = np.array([0, len(rows)], dtype=np.int64)
    return Program(rows, barriers, np.zeros(0, np.int64), np.zeros(0), (packed,), {}, {}, at), weights


def expected(operands: NDArray[np.float64], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the program writes behind its operands, float64 (rows, numbers)."""
    left, right = operands[:, :INPUTS], operands[:, INPUTS : 2 * INPUTS]
    parts = [_product(left, weights)]
    parts += [of_two(left, right).astype(np.float64) for of_two in PAIRS.values()]
    for of_all in ALL.values():
        parts += [of_all(left, axis=1)[:, None], of_all(left.reshape(len(left), -1, 2), axis=1)]
    return np.concatenate(parts, axis=1)


def _product(x: NDArray[np.float64], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """x @ weights, each row of x and each column of weights in whole numbers on its own scale."""
    of_rows, of_columns = np.abs(x).max(axis=1, keepdims=True) / WIDEST, np.abs(weights).max(axis=0) / LARGEST
    return np.rint(x / of_rows) @ np.rint(weights / of_columns) * of_rows * of_columns


@cache
def check() -> None:
    """Carry the program out for one row, two, and so on; once in a process.

    Raises:
        EngineError: the answers are not the known ones.
    """
    from model.engine.processor import carry_out

    program, weights = example()
    random = np.random.default_rng(2)
    for rows in range(1, MOST_ROWS + 1):
        memory = np.zeros((rows, program.size + PANEL))
        memory[:, : 2 * INPUTS] = random.standard_normal((rows, 2 * INPUTS)).astype(np.float32)
        operands = memory[:, : 2 * INPUTS].copy()
        carry_out(program, memory)
        if not np.allclose(memory[:, SUMS : program.size], expected(operands, weights), rtol=1e-4, atol=1e-5):
            raise EngineError(
                "The compiled code of the engine computes wrong numbers. "
                f"Delete the folder {numba.config.CACHE_DIR} and start again."  # type: ignore[attr-defined]
            )

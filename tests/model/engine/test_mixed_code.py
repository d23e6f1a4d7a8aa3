"""Machine code kept by one process and used by another that has compiled other code in another order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.engine import known_answers
from model.engine.compiling import inlined, machine_code
from model.errors import EngineError

# a function kept on disk, for one row up to as many as share a pass; what it gives beside what plain numpy gives
KEPT = """
import numpy as np
from model.engine.compiling import machine_code
from model.engine.kernels import MOST_ROWS
from model.engine.matmul import multiply_add, pack

@machine_code
def kept(q, scales, w, inputs, outputs, y, stride, rows):
    multiply_add(q, scales, w, 0, inputs, outputs, y, stride, rows)

weights = np.full((8, 64), 1.0, np.float32)
for rows in range(1, MOST_ROWS + 1):
    q, y = np.full(8 * rows, 129, np.uint8), np.zeros(64 * rows, np.float32)
    kept(q, np.ones(rows, np.float32), pack(weights).data, 8, 64, y, 64, rows)
    np.testing.assert_allclose(y, 8.0, rtol=1e-6)
"""
# another kernel under every second number that the first process may have given one of its own
OTHERS = """
import numpy as np
from numba import njit
from model.engine import kernels
from model.engine.compiling import inlined

def compiled():
    inner = inlined(kernels.kernel(1))

    @njit
    def one(q, scales, w, y, at, stride, groups):
        inner(q, at, stride, scales, at, w, at, groups, y, at, stride)

    one(np.zeros(8, np.uint8), np.zeros(1, np.float32), np.zeros(2048, np.uint8), np.zeros(64, np.float32), 0, 8, 2)

for _ in range(12):
    compiled()
"""


def run(folder: Path, *modules: str) -> subprocess.CompletedProcess:
    """A new process that imports these modules in turn, with the code kept in `folder`."""
    environment = os.environ | {"CADENZA_MACHINE_CODE": str(folder / "kept"), "PYTHONPATH": f"{os.getcwd()}:{folder}"}
    command = [sys.executable, "-c", "".join(f"import {module};" for module in modules)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_code_from_disk_computes_the_same_among_any_code_that_the_process_has_compiled(tmp_path: Path):
    # Given code kept by one process
    (tmp_path / "first.py").write_text(KEPT)
    (tmp_path / "others.py").write_text(OTHERS)
    made = run(tmp_path, "first")
    assert made.returncode == 0, made.stderr
    assert list(tmp_path.rglob("*.nbc"))
    # When another one loads it, which has compiled another kernel under the same numbers
    mixed = run(tmp_path, "others", "first")
    # Then it computes what it should
    assert mixed.returncode == 0, mixed.stderr


def test_a_closure_without_a_name_of_its_own_is_refused():
    def made(factor: float):
        return lambda x: factor * x

    with pytest.raises(ValueError, match="needs a name of its own"):
        inlined(made(2.0))
    with pytest.raises(ValueError, match="needs a name of its own"):
        machine_code(made(2.0))


def test_wrong_answers_stop_the_load(monkeypatch: pytest.MonkeyPatch):
    right = known_answers.expected
    monkeypatch.setattr(known_answers, "expected", lambda *given: right(*given) + 1)
    known_answers.check.cache_clear()
    with pytest.raises(EngineError, match="Delete the folder"):
        known_answers.check()
    known_answers.check.cache_clear()


def test_the_known_answers_hold_every_kind_of_loop():
    program, weights = known_answers.example()
    assert weights.dtype == np.float32
    assert set(known_answers.PAIRS) | set(known_answers.ALL) <= set(program.code[:, 0].tolist())

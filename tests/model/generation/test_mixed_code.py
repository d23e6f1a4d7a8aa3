"""Machine code kept by one process and used by another that has compiled other code in another order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model.compiling import inlined, kept

# what compiled code says of a piece of known steps, as a line of text
TRACED = """
import hashlib
import numpy as np
from model.representation import Characters
law = Characters()
steps = np.random.default_rng(1).integers(0, law.fields[0].size - 1, (64, 1)).astype(np.int32)
trace = law.trace(steps, law.new_states(), np.zeros(0, np.float32))
print(*(hashlib.sha256(part.tobytes()).hexdigest() for part in (trace.classes, trace.features, trace.allowed)))
"""
# numba numbers functions in the order in which a process compiles them: this gives the numbers to others
OTHERS = """
import numpy as np
from model.generation.sampler import draw_one
from model.representation import Events
draw_one(np.zeros(4, np.float32), 0.5, 1.0, 0, 1.0, 0.0, np.zeros(4))
events = Events()
events.trace(np.zeros((1, 1), np.int32), events.new_states(), np.zeros(0, np.float32))
"""


def printed(script: str, kept: Path) -> str:
    """What a new process prints that keeps machine code in `kept`."""
    environment = os.environ | {"CADENZA_MACHINE_CODE": str(kept)}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1]


def test_code_from_disk_computes_the_same_among_any_code_that_the_process_has_compiled(tmp_path: Path):
    first = printed(TRACED, tmp_path / "mixed")
    assert list(tmp_path.rglob("trace-*.code"))
    assert printed(OTHERS + TRACED, tmp_path / "mixed") == first


def test_a_closure_is_refused():
    def made(factor: float):
        return lambda x: factor * x

    with pytest.raises(ValueError, match="closures cannot"):
        inlined(made(2.0))
    with pytest.raises(ValueError, match="closures cannot"):
        kept(made(2.0))

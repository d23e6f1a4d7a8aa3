"""Machine code is named by what it depends on, and kept for as long as it is used."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
import pytest
from numba import types

from model.compiling import UNUSED_S, fingerprint, put_away_unused
from model.generation.kernels import products
from model.generation.step import PIECE, run
from model.representation import law, score_law
from model.representation.performance_law import STATE as PERFORMANCE
from model.representation.score_law import STATE as SCORE

SOURCE = '''
"""A module."""
import numpy as np

from model.compiling import inlined, kept

FACTOR = 2.0
TABLE = np.arange(4.0)
UNREAD = 1


@inlined
def scaled(x):
    """A part."""
    return FACTOR * x + TABLE[1]


@kept
def entry(x):
    """An entry."""
    return scaled(x) + 1.0


def report():
    return UNREAD
'''


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Callable[..., ModuleType]]:
    """Loads `SOURCE` as a module of the project, with a text in it replaced."""
    name = "model.tried_out"

    def load(text: str = "", other: str = "") -> ModuleType:
        assert text in SOURCE
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.py"
        path.write_text(SOURCE.replace(text, other) if text else SOURCE)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]

    yield load
    sys.modules.pop(name, None)


def key(module: ModuleType) -> str:
    return fingerprint(module.entry.py_func, (types.float64,))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("scaled(x) + 1.0", "scaled(x) + 3.0"),
        ("scaled(x) + 1.0", "scaled(x) - 1.0"),
        ("FACTOR * x", "FACTOR + x"),
        ("FACTOR = 2.0", "FACTOR = 2.5"),
        ("np.arange(4.0)", "np.arange(1.0, 5.0)"),
    ],
)
def test_a_change_of_what_compiled_code_reads_compiles_it_again(module, text, other):
    assert key(module(text, other)) != key(module())


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('"""A module."""', '"""A module that says more,\n\non more lines."""'),
        ('"""An entry."""', '"""An entry that says more."""'),
        ("return UNREAD", "return UNREAD + 1"),
        ("UNREAD = 1", "UNREAD = 2"),
        ("    return scaled(x) + 1.0", "    # a comment\n    return scaled(x) + 1.0"),
    ],
)
def test_a_change_of_anything_else_does_not(module, text, other):
    assert key(module(text, other)) == key(module())


def test_changed_code_is_not_taken_from_disk(module):
    # Given code on disk
    assert module().entry(10.0) == 2.0 * 10.0 + 1.0 + 1.0
    # When a constant in a part of it changes
    changed = module("FACTOR = 2.0", "FACTOR = 3.0")
    # Then it is compiled anew
    assert changed.entry(10.0) == 3.0 * 10.0 + 1.0 + 1.0


def test_a_constant_that_cannot_be_compared_is_refused(module):
    with pytest.raises(TypeError, match="cannot be compared"):
        key(module("TABLE = np.arange(4.0)", "class Table:\n    def __getitem__(self, i): ...\nTABLE = Table()"))


def of_one(dtype: np.dtype) -> types.Type:
    """The type of an array of records, as numba sees it."""
    return types.Array(numba.from_dtype(dtype), 1, "C")


def test_a_change_of_one_law_compiles_nothing_for_other_representations(monkeypatch):
    # Given the keys of code for two representations
    def keys() -> list[str]:
        return [fingerprint(law.trace.py_func, (of_one(state),)) for state in (PERFORMANCE, SCORE)]

    before = keys()
    # When a constant of one of them changes
    monkeypatch.setattr(score_law, "ENDING_FADE", np.float32(1.0))
    # Then only its key does
    after = keys()
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_change_deep_below_an_entry_in_another_module_is_seen(monkeypatch):
    before = fingerprint(run.py_func, (of_one(PIECE),))
    monkeypatch.setattr(products, "WIDEST_32", np.float32(1.0))
    assert fingerprint(run.py_func, (of_one(PIECE),)) != before


def file(kept: Path, name: str, used_s_ago: float) -> Path:
    """A file last used so long ago."""
    made = kept / name
    made.write_bytes(b"code")
    used = time.time() - used_s_ago
    os.utime(made, (used, used))
    return made


def test_what_was_not_used_for_a_month_is_put_away_and_nothing_else(tmp_path: Path):
    # Given code used of late and long ago, and what is not ours
    number = "0123456789abcdef" * 2
    fresh = file(tmp_path, f"run-{number}.code", UNUSED_S / 2)
    stale = file(tmp_path, f"trace-{number}.code", UNUSED_S * 2)
    foreign = file(tmp_path, "photograph.jpg", UNUSED_S * 2)
    folders = [tmp_path / "0123456789abcdef", tmp_path / "photographs"]
    for folder in folders:
        folder.mkdir()
        os.utime(folder, (0, 0))
    # When a start looks
    put_away_unused(tmp_path)
    # Then the old code is gone
    assert not stale.exists()
    assert fresh.exists()
    assert foreign.exists()
    assert [folder.exists() for folder in folders] == [False, True]

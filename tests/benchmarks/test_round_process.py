"""Rounds in another process: asked for one by one, and a process that ends is told of in a sentence."""

from __future__ import annotations

import pytest

from benchmarks.figures import BenchmarkError
from benchmarks.round_process import RoundProcess

COUNTING = """
import itertools, os
from benchmarks.round_process import serve
print('a greeting')
counted = itertools.count(float(os.environ['FIRST']))
serve(lambda: next(counted))
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Makes a module that other processes find."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(code: str) -> str:
        (tmp_path / "made_for_a_test.py").write_text(code)
        return "made_for_a_test"

    return write


def test_each_call_is_a_round_in_the_other_process(module):
    with RoundProcess(module(COUNTING), environment={"FIRST": "2.5"}) as other:
        assert [other(), other()] == [2.5, 3.5]
    assert other._process.returncode is not None


def test_a_process_that_ends_before_it_is_ready_is_told_of(module):
    with pytest.raises(BenchmarkError, match="made_for_a_test ended with code 3"):
        RoundProcess(module("raise SystemExit(3)"))


def test_a_process_that_ends_in_a_round_is_told_of(module):
    code = "from benchmarks.round_process import serve\nserve(lambda: exit(4))"
    with RoundProcess(module(code)) as other, pytest.raises(BenchmarkError, match="ended with code 4"):
        other()

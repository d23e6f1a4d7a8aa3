"""Rounds alternate, and the one that was disturbed least counts; rounds in a process of their own."""

from __future__ import annotations

import pytest

from benchmarks.results import BenchmarkError
from benchmarks.rounds import RoundProcess, Rounds, as_many_as_fit, in_turn


def test_baseline_and_ours_take_turns():
    order: list[str] = []

    def noting(name: str, value: float):
        def one() -> float:
            order.append(name)
            return value

        return one

    found = in_turn(noting("baseline", 2.0), noting("ours", 8.0), 3)
    assert order == ["baseline", "ours"] * 3
    assert (found.baseline, found.ours) == ([2.0] * 3, [8.0] * 3)


def test_of_rates_the_highest_counts_and_of_seconds_the_least():
    rounds = Rounds(baseline=[4.0, 5.0, 3.0], ours=[10.0, 30.0, 20.0])
    assert rounds.fastest() == (30.0, 5.0)
    assert rounds.shortest() == (10.0, 3.0)


def test_no_rounds_measure_nothing():
    with pytest.raises(ValueError, match="at least one round is needed, not 0"):
        in_turn(lambda: 1.0, lambda: 1.0, 0)


@pytest.mark.parametrize(("seconds", "fit"), [(0.1, 6), (1.0, 5), (4.0, 1), (60.0, 1)])
def test_on_a_slow_machine_a_round_has_less_work(seconds, fit):
    assert as_many_as_fit(seconds, most=6) == fit


COUNTING = """
import itertools, os
from benchmarks.rounds import serve
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
    code = "from benchmarks.rounds import serve\nserve(lambda: exit(4))"
    with RoundProcess(module(code)) as other, pytest.raises(BenchmarkError, match="ended with code 4"):
        other()

"""The machine's limits are plausible: measured on little, they are positive and add up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from benchmarks import machine


def test_reading_has_a_speed():
    assert 1e8 < machine.read_bandwidth(1 << 20, threads=2, tries=2) < 1e13


def test_every_byte_is_read_by_one_thread_or_by_several(monkeypatch):
    spans: list[tuple[int, int]] = []

    class Search:
        def __call__(self, address: int, wanted: int, size: int) -> None:
            assert wanted == machine.ABSENT
            spans.append((address, size))

    monkeypatch.setattr(machine.ctypes, "CDLL", lambda _: type("Library", (), {"memchr": Search()})())
    matrix = np.ones((7, machine.ROW), dtype=np.float32)
    with machine.ThreadPoolExecutor(3) as pool:
        machine._searches(matrix, 3, pool)()
    ordered = sorted(spans)
    assert sum(size for _, size in ordered) == matrix.nbytes
    assert all(start + size == following for (start, size), (following, _) in pairwise(ordered))


def test_many_rows_take_longer_to_multiply_than_one():
    shapes = [(256, 512), (512, 256)]
    assert machine.multiply_s(512, shapes, tries=2) > machine.multiply_s(1, shapes, tries=2) > 0


def test_the_shortest_try_counts(monkeypatch):
    moments = iter([0.0, 0.1, *(moment for start in (1.0, 2.0, 3.0) for moment in (start, start + 0.5 / start))])
    monkeypatch.setattr(machine.time, "perf_counter", lambda: next(moments))
    assert machine.shortest_s(lambda: None, tries=3) == pytest.approx(0.5 / 3)

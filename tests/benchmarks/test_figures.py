"""A ratio says how many times better ours is, whatever the unit; goals are met from their value on."""

from __future__ import annotations

import pytest

from benchmarks.figures import SECONDS, Measured, Part
from benchmarks.parts import ALL, PARTS


def measured(unit: str, ours: float, baseline: float) -> Measured:
    return Measured(unit, ours, baseline, against="something", counted="one round")


def test_more_notes_are_better():
    assert measured("notes/s", 1200.0, 4.0).ratio == 300.0


def test_fewer_seconds_are_better():
    assert measured(SECONDS, 2.0, 100.0).ratio == 50.0


@pytest.mark.parametrize(("ratio", "met"), [(2.9, "no"), (3, "must"), (9.99, "must"), (10, "aim"), (11, "aim")])
def test_a_goal_is_met_from_its_value_on(ratio, met):
    part = Part("some", "something.", 3, 10, lambda: measured("notes/s", ratio, 1.0))
    assert part.met(part.measure().ratio) == met


def test_every_part_has_its_goals():
    goals = {part.name: (part.must, part.aim) for part in ALL}
    assert goals == {
        "decode1": (300, 600),
        "decode1-limit": (0.35, 0.70),
        "decode32": (6, 12),
        "decode32-limit": (0.5, 0.8),
        "peers": (3, 10),
        "load": (5, 10),
        "compose": (30, 100),
        "render": (40, 150),
        "prepare": (300, 1000),
        "train": (50, 150),
    }


def test_every_part_is_found_by_its_name_and_says_what_its_ratio_is():
    assert list(PARTS) == [part.name for part in ALL]
    assert all(part.says.endswith(".") and not part.says.startswith(part.name) for part in ALL)

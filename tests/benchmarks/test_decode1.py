"""The benchmark's two sides are what they are said to be, and its figures read right."""

from __future__ import annotations

import json

from benchmarks.__main__ import as_json, table
from benchmarks.decode1 import Figure, classic_network

FIGURES = [Figure("classic", 5_474_406, 5.0), Figure("cadenza", 5_021_861, 600.0)]


def test_the_classic_network_has_the_size_of_the_tutorials():
    assert classic_network().count_params() == 5_474_406


def test_the_table_gives_speed_time_and_ratio():
    last = table("decode1", FIGURES).splitlines()[-1]
    assert last.split() == ["cadenza", "5,021,861", "600.0", "1.67", "120x"]


def test_the_object_gives_the_ratio_of_one_run():
    part = json.loads(as_json({"decode1": FIGURES}))["decode1"]
    assert part["ratio"] == 120.0
    assert part["classic"]["notes_per_second"] == 5.0

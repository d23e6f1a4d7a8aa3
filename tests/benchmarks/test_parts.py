"""The parts on tiny sizes: what they measure is what they say. No figure is compared with a clock's."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import prepare, render, system, train
from benchmarks.results import SECONDS, BenchmarkError, as_json, text
from jobs.contract import ComposeRequest


def test_render_counts_seconds_of_sound():
    found = render.measure(length_s=5.0, rounds=1)
    assert found.baseline == 1.0
    assert found.details["sound_s"] == pytest.approx(4.5, abs=1.0)
    assert found.ratio == pytest.approx(found.details["rounds"][0])
    assert {"play_s", "mp3_s", "synthesizer"} <= found.details.keys()


def test_prepare_encodes_every_file_and_lets_music21_parse_some():
    found = prepare.measure(files=3, length_s=12.0, rounds=1)
    assert found.details["files"] == 3
    assert (found.ours, found.baseline) == (found.details["rounds"][0], found.details["baseline_rounds"][0])


def test_training_counts_predicted_notes_without_the_padding_at_the_end_of_pieces():
    weight = np.zeros((2, 4, 3), dtype=np.float32)
    weight[0] = 1  # a full window
    weight[1, :2] = 0.5  # an opening that weighs half, in a window that ends early
    counted = train._Counted(iter([({"weight": weight},)] * 2))
    assert len(list(counted.batches())) == 2
    assert counted.notes_per_batch == 6


def test_a_round_of_training_fits_a_small_network():
    assert train.fitting(units=8, layers=1, precision="float32", batches=1, pieces=2)() > 0


def test_the_seconds_of_a_reply_are_split_without_a_rest():
    timings = {"queue": 0.01, "prime": 0.1, "sample": 0.3, "render": 0.5, "audio": 0.4, "picture": 0.2, "total": 1.0}
    parts = system.split(1.25, timings)
    assert parts.pop("reply") == 1.25
    assert sum(parts.values()) == pytest.approx(1.25)
    assert parts["deliver"] == pytest.approx(0.25)
    assert parts["other"] == pytest.approx(0.09)


def test_requests_of_a_load_are_of_different_members_and_the_same_under_every_name():
    alone, together = (system.requests(name, 4, 10.0) for name in ("alone", "together"))
    assert len({request.requester_id for request in alone}) == 4
    assert [request.random_seed for request in alone] == [request.random_seed for request in together] == [0, 1, 2, 3]
    assert {request.job_id for request in alone}.isdisjoint({request.job_id for request in together})


class OneAtATime:
    """A system that does one job after another."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def compose(self, requests: list[ComposeRequest]) -> list[SimpleNamespace]:
        self.asked.append(len(requests))
        return [SimpleNamespace(timings={"total": 0.5 * (1 + place)}) for place, _ in enumerate(requests)]


def test_load_asks_one_by_one_and_then_all_at_once():
    worker = OneAtATime()
    asyncio.run(system.one_by_one(worker, system.requests("alone", 3, 10.0)))
    _, waited = asyncio.run(system.at_once(worker, system.requests("together", 3, 10.0)))
    assert worker.asked == [1, 1, 1, 3]
    assert waited == [0.5, 1.0, 1.5]


def test_what_a_part_measured_can_be_written_as_json():
    found = render.measure(length_s=3.0, rounds=1)
    assert json.loads(text(as_json(render.PART, found)))["unit"] != SECONDS


def test_cpu_time_counts_a_process_and_its_children():
    before = system.cpu_s()
    code = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert system.cpu_s() >= before + 0.2


def test_cpu_time_of_a_process_that_is_not_there_is_refused():
    with pytest.raises(BenchmarkError, match="on Linux only"):
        system.cpu_s(2**22 + 1)

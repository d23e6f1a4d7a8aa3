"""Fine-tuning in a child process: its reports, one process a folder, and every way in which it can end."""

from __future__ import annotations

import contextlib
import queue
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model.bundles import BundleStore, open_bundle
from model.bundles.bundle import MANIFEST
from model.errors import RequestError
from model.isolated import ChildDied, IsolatedProcess
from model.training.finetuning.process import FILE, Base, Order, read_order, run_task
from model.training.finetuning.settings import TuningProgress, TuningSettings
from model.training.finetuning.verdict import TuningVerdict

PATIENCE_S = 300.0  # far above what a busy machine needs: only a hang reaches it
LONG = TuningSettings(epochs=900, minutes=30, patience=900, rate="strong", threads=1)


class Running:
    """A run in a child, at the usual priority: one in the background would wait for ever on a busy machine."""

    def __init__(self, folder: Path) -> None:
        self.child = IsolatedProcess(run_task())
        self.said: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=({"folder": str(folder), "is_background": False},)).start()

    def _run(self, order: dict) -> None:
        with contextlib.suppress(ChildDied):
            self.said.put(self.child.call(order, timeout_s=None, on_told=self.said.put)[0])
        self.said.put(None)

    def until(self, epoch: int) -> TuningProgress:
        """The first report that so many epochs are done."""
        while (said := self.said.get(timeout=PATIENCE_S)) is not None:
            progress = TuningProgress.model_validate(said)
            if progress.epoch >= epoch:
                return progress
        raise AssertionError("it ended before")

    def rest(self) -> list[dict]:
        """All that it still says."""
        return list(iter(lambda: self.said.get(timeout=PATIENCE_S), None))


@pytest.fixture
def start() -> Iterator[Callable[[Path], Running]]:
    runs: list[Running] = []
    yield lambda folder: runs.append(Running(folder)) or runs[-1]
    for run in runs:
        run.child.kill()


@pytest.fixture
def folder(base_folder: Path, songs: Path, tmp_path: Path) -> Path:
    order = Order(base=Base(folder=base_folder), data=songs, settings=LONG)
    (tmp_path / FILE).write_text(order.model_dump_json())
    return tmp_path


def test_a_run_outlives_a_kill_and_is_judged_when_it_is_stopped(folder: Path, start):
    # Given a run, and a second process that is told to work in its folder
    first = start(folder)
    first.until(1)
    (said,) = start(folder).rest()
    assert "Another process is fine-tuning" in said["error"]
    # When it is killed, at any moment
    epoch = first.until(2).epoch
    time.sleep(random.Random(0).uniform(0, 0.5))
    first.child.kill()
    # Then the next goes on from what was done, and a stop ends it with a verdict
    second = start(folder)
    assert second.until(0).epoch == 0  # it begins with 'preparing'
    reached = second.until(epoch)
    assert reached.epoch >= epoch
    second.child.stop()
    *_, before, last = second.rest()
    verdict = TuningVerdict.model_validate(last["verdict"])
    assert TuningProgress.model_validate(before).stage == "judging"
    assert open_bundle(str(folder)).version == verdict.version
    assert [one.epoch for one in reached.history] == list(range(len(reached.history)))


def test_a_run_that_is_stopped_before_it_begins_is_judged_as_it_is(folder: Path, start):
    run = start(folder)
    run.child.stop()
    last = run.rest()[-1]
    assert TuningVerdict.model_validate(last["verdict"]).epoch == 0


def test_an_order_that_cannot_be_carried_out_is_answered_in_a_sentence(tmp_path: Path, start):
    (said,) = start(tmp_path).rest()
    assert said["error"].startswith("There is no order.json")
    assert not (tmp_path / MANIFEST).exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no JSON", "cannot be used"),
        ("{}", "data"),
        ('{"data": "x"}', "one of base and preset"),
        ('{"data": "x", "preset": "tiny", "base": {"folder": "y"}}', "one of base and preset"),
        (
            '{"data": "x", "base": {"folder": "y", "store": "z", "name": "a"}}',
            "a base is a folder, or a store and a name",
        ),
        ('{"data": "x", "base": {"store": "z", "name": "../a"}}', "base.name"),
        ('{"data": "x", "preset": "tiny", "settings": {"mix": 2}}', "settings.mix"),
    ],
)
def test_an_order_that_means_nothing_is_refused_by_the_place_that_is_wrong(text: str, sentence: str, tmp_path: Path):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(RequestError, match=sentence):
        read_order(tmp_path)


def test_a_base_is_found_in_a_store_or_a_folder(store: BundleStore, base_folder: Path):
    version = store.current("tiny")
    for base in (Base(store=store.url, name="tiny"), Base(store=store.url, name="tiny", version=version)):
        assert base.open().version == version
    assert Order(base=Base(folder=base_folder), data=Path("x")).start().replay_sample() is not None
    assert Order(preset="tiny", data=Path("x")).start() == "tiny"


def test_nothing_that_computes_is_loaded_before_the_order_said_on_how_many_threads():
    code = "import sys, model.training.finetuning.process; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Fine-tuning as a process: lines of JSON, one process a folder, and every way in which it can end."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.bundles import open_bundle
from model.bundles.store import MANIFEST
from model.tuning.order import FILE, Base, Order
from model.tuning.process import LOST_PARENT
from model.tuning.progress import TuningProgress
from model.tuning.settings import TuningSettings
from model.tuning.verdict import Verdict

# at the usual priority: on a busy machine the process would wait for ever, as it is meant to
RUN = (
    "import os, sys; os.environ['KERAS_BACKEND'] = 'tensorflow'\n"
    "from pathlib import Path; from model.tuning import process\n"
    "process.be_humble = lambda: None; sys.exit(process.main(Path(sys.argv[1])))"
)
LONG = TuningSettings(epochs=900, minutes=30, patience=900, rate="strong", threads=1)


def started(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def until(process: subprocess.Popen, epoch: int) -> TuningProgress:
    """The first report that so many epochs are done."""
    for line in process.stdout:
        progress = TuningProgress.model_validate_json(line)
        if progress.epoch >= epoch:
            return progress
    raise AssertionError("it ended before")


@pytest.fixture
def folder(base_folder: Path, songs: Path, tmp_path: Path) -> Path:
    order = Order(base=Base(folder=base_folder), data=songs, settings=LONG)
    (tmp_path / FILE).write_text(order.model_dump_json())
    return tmp_path


def test_a_run_outlives_kills_and_a_lost_parent_and_is_judged_when_it_is_stopped(folder: Path):
    # Given a run, and a second process that is told to work in its folder
    first = started(folder)
    until(first, 1)
    second = started(folder)
    said = second.stdout.read()  # its standard input stays open meanwhile
    assert second.wait() == 1
    assert "Another process is fine-tuning" in json.loads(said)["error"]
    # When its parent dies, it exits at once
    first.stdin.close()
    assert first.wait(timeout=30) == LOST_PARENT
    # When it is killed again and again, at any moment
    epoch, rng = 1, random.Random(0)
    for _ in range(3):
        process = started(folder)
        epoch = until(process, epoch + 1).epoch
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.wait()
    # Then it goes on from what was done, and a stop ends it with a verdict
    process = started(folder)
    assert until(process, 0).epoch == 0  # it begins with 'preparing'
    reached = until(process, epoch)
    assert reached.epoch >= epoch
    process.send_signal(signal.SIGTERM)
    lines = process.stdout.read().splitlines()
    assert process.wait(timeout=300) == 0
    verdict = Verdict.model_validate(json.loads(lines[-1])["verdict"])
    assert TuningProgress.model_validate_json(lines[-2]).stage == "judging"
    assert open_bundle(str(folder)).version == verdict.version
    assert [one.epoch for one in reached.history] == list(range(len(reached.history)))


def test_a_folder_without_an_order_and_an_order_of_nothing_are_answered_in_a_sentence(tmp_path: Path):
    for text, sentence in ((None, "There is no order.json"), ("{}", "cannot be used"), ("no JSON", "cannot be used")):
        if text is not None:
            (tmp_path / FILE).write_text(text)
        process = started(tmp_path)
        said = process.stdout.read()
        assert (process.wait(), sentence in json.loads(said)["error"]) == (1, True)
    assert not (tmp_path / MANIFEST).exists()

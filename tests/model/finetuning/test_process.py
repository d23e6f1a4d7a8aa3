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

from model.bundles import BundleStore, open_bundle
from model.bundles.bundle import MANIFEST
from model.errors import RequestError
from model.training.finetuning.process import FILE, LOST_PARENT, Base, Order, read_order
from model.training.finetuning.settings import TuningProgress, TuningSettings
from model.training.finetuning.verdict import Verdict

# at the usual priority: on a busy machine the process would wait for ever, as it is meant to
RUN = (
    "import os, sys; os.environ['KERAS_BACKEND'] = 'tensorflow'\n"
    "from pathlib import Path; from model.training.finetuning import process\n"
    "process.lower_priority = lambda: None; sys.exit(process.main(Path(sys.argv[1])))"
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


def test_a_run_outlives_a_lost_parent_and_a_kill_and_is_judged_when_it_is_stopped(folder: Path):
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
    # When it is killed, at any moment
    process = started(folder)
    epoch = until(process, 2).epoch
    time.sleep(random.Random(0).uniform(0, 0.5))
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


def test_an_order_that_cannot_be_carried_out_is_answered_in_a_sentence(tmp_path: Path):
    process = started(tmp_path)
    said = json.loads(process.stdout.read())
    assert process.wait() == 1
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

"""Several replicas train as one: the same weights everywhere, whether they are devices or processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from model.errors import RequestError
from model.training import distributed

ROOT = Path(__file__).resolve().parents[2]
MEMBER = Path(__file__).with_name("replica_process.py")
LIMIT_S = 240


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(kind: str, folder: Path, task: dict | None = None) -> subprocess.Popen:
    setting = {} if task is None else {distributed.SETTING: json.dumps(task)}
    environment = {**os.environ, **setting, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    return subprocess.Popen(
        [sys.executable, str(MEMBER), kind, str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen) -> dict:
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


def test_two_processes_and_two_devices_train_as_one(tmp_path):
    # Given two processes that know of each other, and one with two devices
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    tasks = [{"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}} for index in (0, 1)]
    processes = [start("process", tmp_path / f"p{index}", task) for index, task in enumerate(tasks)]
    processes.append(start("two-devices", tmp_path / "d"))
    first, second, devices = map(said, processes)
    # Then all see the same losses, epoch by epoch, and keep the same weights
    assert first["losses"] == second["losses"]
    assert first["losses"] == [pytest.approx(pair, rel=1e-5) for pair in devices["losses"]]
    assert first["kept"] == pytest.approx(devices["kept"], rel=1e-6)
    # And the first process alone writes what comes of it
    assert (first["wrote"], second["wrote"], second["kept"]) == (True, False, [])


def test_a_task_that_is_no_json_is_told(monkeypatch):
    monkeypatch.setenv(distributed.SETTING, "{worker 1}")
    with pytest.raises(RequestError, match="TF_CONFIG is no JSON"):
        distributed.replica_group()


def test_one_process_alone_is_a_team_of_one(monkeypatch):
    monkeypatch.delenv(distributed.SETTING, raising=False)
    alone = distributed.replica_group()
    assert (alone.replicas, alone.is_first) == (1, True)
    assert list(alone.batches(lambda replica: iter([replica]))) == [0]

"""The containers' health check, against a real Redis and tables as the kernel writes them."""

from __future__ import annotations

import os
import socket
import time

from deploy import healthcheck
from jobs.connection import connect
from jobs.contract import WorkerInfo
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n"
OPEN_TO_443 = "   0: 0100007F:C350 0101A8C0:01BB 01 00000000:00000000\n"
CLOSING_TO_443 = "   0: 0100007F:C350 0101A8C0:01BB 06 00000000:00000000\n"
OPEN_TO_6379 = "   1: 0100007F:C351 0101A8C0:18EB 01 00000000:00000000\n"


def _publish(hostname):
    settings = JobSettings()
    worker = WorkerInfo(name=f"{hostname}-1", hostname=hostname, pid=os.getpid(), started_at=time.time())
    WorkerRegistry(connect(settings), settings).publish(worker)


def test_a_worker_is_healthy_while_it_gives_signs_of_life(valkey):
    _publish(socket.gethostname())
    assert healthcheck.main(["worker"]) == 0


def test_a_worker_that_is_silent_is_not(valkey, capsys):
    _publish("another-host")
    assert healthcheck.main(["worker"]) == 1
    assert "No worker of this host" in capsys.readouterr().err


def test_without_redis_nothing_is_healthy(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "redis://:secret-word@127.0.0.1:1/0")
    assert healthcheck.main(["worker"]) == 1
    said = capsys.readouterr().err
    assert "Redis cannot be used" in said
    assert "secret-word" not in said


def test_only_an_open_connection_to_the_port_counts(tmp_path):
    table = tmp_path / "tcp"
    table.write_text(HEAD + CLOSING_TO_443 + OPEN_TO_6379)
    assert not healthcheck.is_connected(443, (table,))
    table.write_text(HEAD + OPEN_TO_443)
    assert healthcheck.is_connected(443, (table, tmp_path / "missing"))


def test_missing_settings_are_counted_not_shown(monkeypatch, capsys):
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert healthcheck.main(["worker"]) == 1
    assert "Settings missing or wrong: 1." in capsys.readouterr().err

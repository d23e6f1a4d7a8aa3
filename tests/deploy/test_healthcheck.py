"""The containers' health checks, against a real Redis, a real bot process and a real gateway."""

from __future__ import annotations

import os
import socket
import time

from deploy import healthcheck
from jobs.contract import WorkerInfo
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings, connect


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


def test_without_redis_no_worker_is_healthy(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "redis://:secret-word@127.0.0.1:1/0")
    assert healthcheck.main(["worker"]) == 1
    said = capsys.readouterr().err
    assert "Redis cannot be used" in said
    assert "secret-word" not in said


def test_missing_settings_are_counted_not_shown(monkeypatch, capsys):
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert healthcheck.main(["worker"]) == 1
    assert "Settings missing or wrong: 1." in capsys.readouterr().err


def test_a_bot_that_does_not_answer_is_not_healthy(monkeypatch, capsys):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CADENZA_HEALTH_PORT", str(taken.getsockname()[1]))
        assert healthcheck.main(["bot"]) == 1
    assert "The bot does not answer on port" in capsys.readouterr().err


def test_a_bot_without_a_health_port_cannot_be_asked(monkeypatch, capsys):
    monkeypatch.delenv("CADENZA_HEALTH_PORT", raising=False)
    assert healthcheck.main(["bot"]) == 1
    assert "CADENZA_HEALTH_PORT is not set" in capsys.readouterr().err

"""The systemd unit: what it starts and names exists, and what it may write lies in its own folders."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "cadenza.service"
TEXT = UNIT.read_text()
EXAMPLE = (UNIT.parents[1] / ".env.example").read_text()
OF_CACHES = {"HOME", "CADENZA_CACHE", "CADENZA_MACHINE_CODE"}


def test_it_starts_the_supervisor_of_make_run():
    (module,) = re.findall(r"^ExecStart=/opt/cadenza/\.venv/bin/python -m (\w+)$", TEXT, re.MULTILINE)
    assert importlib.util.find_spec(f"{module}.__main__")


def test_it_writes_only_to_the_folders_that_systemd_makes_for_it():
    settings = dict(re.findall(r"^Environment=(\w+)=(\S+)$", TEXT, re.MULTILINE))
    assert {name for name in settings if f"{name}=" not in EXAMPLE} == OF_CACHES
    assert all(value.startswith(("/var/lib/cadenza", "/var/cache/cadenza")) for value in settings.values())
    assert {"StateDirectory=cadenza", "CacheDirectory=cadenza", "ProtectSystem=strict"} <= set(TEXT.splitlines())


def test_it_leaves_the_end_to_the_supervisor_and_comes_back_after_a_crash():
    assert {"KillMode=mixed", "Restart=on-failure", "NoNewPrivileges=true"} <= set(TEXT.splitlines())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_every_line():
    done = subprocess.run(["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, check=False)
    assert not re.search(r"cadenza\.service:\d+", done.stderr), done.stderr

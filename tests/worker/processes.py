"""Starting and killing real worker processes, and waiting for what they report."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from jobs import JobClient
from jobs.contract import Stage, Update

ROOT = Path(__file__).resolve().parents[2]
READY_LIMIT_S = 120.0  # a busy machine takes its time over TensorFlow


class WorkerProcess:
    """One worker; its log is kept in a file."""

    def __init__(self, log: Path, *command: str) -> None:
        self.log = log
        command = command or (str(ROOT / "tests" / "worker" / "play_worker.py"),)
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, *command], stderr=file, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
            )

    def wait_until_ready(self) -> WorkerProcess:
        deadline = time.monotonic() + READY_LIMIT_S
        while "worker ready" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def end(self) -> float:
        """Seconds from SIGTERM to the end."""
        start = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=10)
        return time.monotonic() - start


async def follow_to_the_end(job_client: JobClient, job_id: str) -> list[Update]:
    return [update async for update in job_client.follow(job_id)]


async def follow_into(updates: list[Update], job_client: JobClient, job_id: str) -> None:
    """Adds each update to `updates` as it is told, to the final one."""
    async for update in job_client.follow(job_id):
        updates.append(update)


async def until(condition: Callable[[], bool], limit_s: float = 120.0) -> None:
    """Waits until `condition` holds; past the limit the test fails."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def wait_for(job_client: JobClient, job_id: str, stage: Stage) -> Update:
    async for update in job_client.follow(job_id):
        if update.stage is stage:
            return update
    raise AssertionError(f"{job_id} ended without being {stage}")

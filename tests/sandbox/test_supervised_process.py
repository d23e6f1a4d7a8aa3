"""A supervised process keeps running when its log cannot be written or it cannot be restarted at once."""

from __future__ import annotations

import asyncio
import errno
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.supervised_process import ProcessLog, ProcessSpec, SupervisedProcess, SupervisionError, write_to_terminal

SCRIPT = Path(__file__).with_name("scripted_process.py")
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@asynccontextmanager
async def supervised(folder: Path, behaviour: str) -> AsyncIterator[SupervisedProcess]:
    environment = {
        "FIRST_RUN": str(folder / "first run"),
        "LOG": str(folder / "log" / "worker.log"),
        "PRINTED": str(folder / "printed"),
    }
    spec = ProcessSpec("worker", (sys.executable, str(SCRIPT), "worker", behaviour), "worker ready", environment)
    process = SupervisedProcess(spec, folder / "log")
    try:
        await process.start()
        yield process
    finally:
        await process.end()


@needs_full_device
async def test_a_full_disk_does_not_end_the_process(tmp_path, capfd, wait_until):
    said = ""

    def is_told() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return "No space left on device" in said

    # Given a process whose log can no longer be written
    async with supervised(tmp_path, "full-disk") as process:
        # When it prints more than the pipe to its supervisor holds
        await wait_until(lambda: (tmp_path / "printed").exists(), 30.0)
        # Then it still runs, was not started once more, and the failure is told once
        await wait_until(is_told, 30.0)
        assert process.starts == 2
        assert process.group is not None
    said += capfd.readouterr().err
    assert said.count("No space left on device") == 1
    assert str(tmp_path / "log" / "worker.log") in said


@needs_full_device
def test_a_log_goes_on_when_there_is_space_again_and_says_how_many_lines_are_missing(tmp_path):
    path = tmp_path / "worker.log"
    path.symlink_to("/dev/full")
    log = ProcessLog(path)
    for line in ("one", "two"):
        log.write(line)
    path.unlink()
    for line in ("three", "four"):
        log.write(line)
    log.close()
    assert path.read_text() == "three\n(2 lines before this one could not be written)\nfour\n"


@needs_full_device
def test_closing_a_log_on_a_full_disk_raises_nothing(tmp_path):
    path = tmp_path / "worker.log"
    path.symlink_to("/dev/full")
    log = ProcessLog(path)
    log.write("lost")
    log.close()


def test_a_terminal_that_cannot_be_written_loses_its_lines(monkeypatch):
    class FullDisk(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", FullDisk())
    write_to_terminal("lost")


def test_a_log_of_a_long_run_starts_anew_at_its_limit_and_keeps_the_part_before(tmp_path, monkeypatch):
    monkeypatch.setattr("sandbox.supervised_process.MAX_LOG_BYTES", 100)
    log = ProcessLog(tmp_path / "worker.log")
    for number in range(30):
        log.write(f"line {number:02}")
    log.close()
    assert {path.name for path in tmp_path.iterdir()} == {"worker.log", "worker.log.1"}
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert (tmp_path / "worker.log").read_text().endswith("line 29\n")


async def test_a_process_starts_even_if_its_log_cannot_be_begun(tmp_path, capfd):
    (tmp_path / "log").write_text("a file")
    async with supervised(tmp_path, "print-warning") as process:
        assert process.starts == 1
    said = capfd.readouterr().err
    assert "worker.log cannot be begun" in said
    assert "worker: 2026-01-01 00:00:00,000 WARNING worker: something is odd" in said


async def test_a_restart_that_fails_for_want_of_resources_is_tried_again(tmp_path, monkeypatch, wait_until):
    fail_the_second_start(monkeypatch, OSError(11, "Resource temporarily unavailable"))
    async with supervised(tmp_path, "crash") as process:
        await wait_until(lambda: process.starts == 2)


async def test_a_process_that_can_no_longer_be_supervised_is_reported(tmp_path, monkeypatch):
    fail_the_second_start(monkeypatch, RuntimeError("broken"))
    async with supervised(tmp_path, "crash") as process:
        with pytest.raises(SupervisionError, match="The worker cannot be kept running"):
            await process.wait()


def fail_the_second_start(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real, calls = asyncio.create_subprocess_exec, []

    async def start(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise error
        return await real(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)

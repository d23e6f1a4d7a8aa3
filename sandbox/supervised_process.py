"""One child process that is kept running: started, logged, restarted after a crash, ended with all its descendants."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

GUARD = Path(__file__).with_name("parent_death_guard.py")
END_LIMIT_S = 3.5
FIRST_PAUSE_S, LONGEST_PAUSE_S, STABLE_AFTER_S = 0.5, 30.0, 60.0
MAX_LINE_BYTES = 1 << 20
MAX_LOG_BYTES = 50 << 20
_WARNING_LINE = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) ")
_KEPT_LINES = 20


@dataclass(frozen=True)
class ProcessSpec:
    """What to run.

    A line of output that holds `ready_line` means that the process is ready. `stdin` is written to its standard input.
    `secrets` are replaced in its log; none of them may stand in `command`.
    """

    name: str
    command: Sequence[str]
    ready_line: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: bytes | None = field(default=None, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    ready_limit_s: float = 120.0


class ProcessLog(RotatingFileHandler):
    """A log file that starts anew at each start and at `MAX_LOG_BYTES`, with the one before kept as `.log.1`.

    A failing write (a full disk) raises nothing: lines are lost until writing works again, and the terminal is told.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MAX_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        self._lost = 0

    def write(self, line: str) -> None:
        """Append a line."""
        lost = self._lost
        self.emit(logging.makeLogRecord({"msg": line}))
        if lost and self._lost == lost:
            self._lost = 0
            self.emit(logging.makeLogRecord({"msg": f"({lost} lines before this one could not be written)"}))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Count the lost line, tell the terminal of the first one, and open the file anew for the next."""
        self._lost += 1
        if self._lost == 1:
            write_to_terminal(f"{self.baseFilename} cannot be written ({sys.exc_info()[1]}); lines of it are lost")
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()


def write_to_terminal(line: str) -> None:
    """Write a line to stderr; a terminal that is gone, or a file on a full disk, loses it."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - for the person at the terminal


class SupervisedProcess:
    """Keeps one process running between `start` and `end`."""

    def __init__(self, spec: ProcessSpec, log_folder: Path) -> None:
        self._spec = spec
        self._log_path = log_folder / f"{spec.name}.log"
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._first_exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._last_lines: list[str] = []
        self._ending = False
        self.starts = 0

    @property
    def group(self) -> int | None:
        """The process group of the running child, or None."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the process and return when it is ready.

        Raises:
            StartError: it ended, or was not ready in time.
        """
        name, path = self._spec.name, self._log_path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.replace(f"{path}.1")
        except OSError as error:
            write_to_terminal(f"the log {path} cannot be begun: {error.strerror}")
        self._task = asyncio.create_task(self._supervise(), name=f"supervise {name}")
        ready = asyncio.ensure_future(self._ready.wait())
        first: set[asyncio.Future[Any]] = {ready, self._first_exit, self._task}
        await asyncio.wait(first, timeout=self._spec.ready_limit_s, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._ready.is_set():
            return
        if self._first_exit.done():
            output = "\n".join(f"  {line}" for line in self._last_lines[-5:])
            code = self._first_exit.result()
            raise StartError(f"The {name} ended with code {code} before it was ready (log: {path}):\n{output}")
        if self._task.done():
            raise StartError(f"The {name} could not be started: {self._task.exception()}")
        raise StartError(f"The {name} was not ready within {self._spec.ready_limit_s:.0f} s; see {path}.")

    async def wait(self) -> None:
        """Wait until the process has been ended by `end`.

        Raises:
            SupervisionError: it can no longer be kept running.
        """
        if self._task is None:
            return
        await asyncio.wait({self._task})
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            raise SupervisionError(f"The {self._spec.name} cannot be kept running: {error!r}") from error

    async def _supervise(self) -> None:
        pause_s = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                code = await self._run_once()
            except OSError as error:  # no process or pipe to be had: the machine may have some again in a moment
                if not self._ready.is_set():
                    raise
                outcome = f"could not be started ({error})"
            else:
                outcome = f"ended with code {code}"
                if not self._ready.is_set() and not self._ending:
                    self._first_exit.set_result(code)
                    return
            if self._ending:
                return
            pause_s = FIRST_PAUSE_S if loop.time() - began > STABLE_AFTER_S else pause_s
            log.warning("the %s %s; starting it again in %.1f s", self._spec.name, outcome, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _run_once(self) -> int:
        pipe, held = os.pipe()
        spec = self._spec
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(GUARD), str(pipe), *spec.command),
                stdin=asyncio.subprocess.PIPE if spec.stdin is not None else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**spec.environment, "PYTHONUNBUFFERED": "1"},
                pass_fds=(pipe,),
                start_new_session=True,
                limit=MAX_LINE_BYTES,
            )
            self.starts += 1
            os.close(pipe)
            pipe = -1
            await self._write_stdin(self._process)
            await self._read_output(self._process)
            return await self._process.wait()
        finally:
            self._kill()
            self._process = None
            os.close(held)
            if pipe >= 0:
                os.close(pipe)

    async def _write_stdin(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None and self._spec.stdin is not None:
            with contextlib.suppress(ConnectionError):  # it has ended already, which its exit code tells
                process.stdin.write(self._spec.stdin)
                await process.stdin.drain()
            process.stdin.close()

    async def _read_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        with contextlib.closing(ProcessLog(self._log_path)) as file:
            while True:
                try:
                    line = await process.stdout.readline()
                except ValueError:  # a line beyond MAX_LINE_BYTES: what was read of it is dropped
                    continue
                if not line:
                    return
                self._handle_line(line.decode(errors="replace").rstrip(), file)

    def _handle_line(self, line: str, file: ProcessLog) -> None:
        for secret in self._spec.secrets:
            line = line.replace(secret, "[redacted]")
        file.write(line)
        self._last_lines = [*self._last_lines[1 - _KEPT_LINES :], line]
        if self._spec.ready_line in line:
            self._ready.set()
        if _WARNING_LINE.match(line):
            write_to_terminal(f"{self._spec.name}: {line}")

    def _kill(self) -> None:
        """Kill the guard if it still runs; it normally ends by itself."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def end(self, limit_s: float = END_LIMIT_S) -> None:
        """Terminate the process; kill it after `limit_s` seconds."""
        self._ending = True
        if self._task is None:
            return
        if self._process is None:
            self._task.cancel()
        else:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        done, _ = await asyncio.wait({self._task}, timeout=limit_s)
        if not done:
            log.warning("the %s did not end within %.1f s and is killed", self._spec.name, limit_s)
            if self._process is not None:
                self._process.terminate()  # the guard kills at the second SIGTERM
            await asyncio.wait({self._task}, timeout=1.0)
            self._task.cancel()


class SandboxError(Exception):
    """Base class. The sentence is shown without a traceback."""


class StartError(SandboxError):
    """A part of the system did not start."""


class SupervisionError(SandboxError):
    """A child process cannot be kept running."""


class ComposeRefusedError(SandboxError):
    """`/compose` was refused; the sentence is the one the member was shown."""


class SaveError(SandboxError):
    """The files of the reply cannot be written."""

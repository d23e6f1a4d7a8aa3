"""A child process that is kept running: started, watched, logged, restarted when it crashes, ended with all it left."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sandbox.errors import StartError

log = logging.getLogger(__name__)

LEASH = Path(__file__).with_name("leash.py")
END_LIMIT_S = 3.5
FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S = 0.5, 30.0, 60.0
MAX_LINE_BYTES = 1 << 20
_TROUBLE = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) ")
_KEPT_LINES = 20
COULD_NOT_START = 127


@dataclass(frozen=True)
class Program:
    """What to run. `ready_line` is what its output holds once it serves; `stdin` is fed to it; no secret in argv."""

    name: str
    command: Sequence[str]
    ready_line: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: bytes | None = field(default=None, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    ready_limit_s: float = 120.0


class _Log:
    """A log file that may fail: a full disk costs lines, never the program whose lines they are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._lost = 0

    def __enter__(self) -> _Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def write(self, line: str) -> None:
        """Write one line, or count it as lost; says so once, and how many were lost once there is room again."""
        try:
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8")
            if self._lost:
                print(f"[{self._lost} lines could not be written]", file=self._file, flush=True)
            print(line, file=self._file, flush=True)
        except OSError as error:
            if not self._lost:
                _warn(f"the log {self._path} cannot be written, lines are lost: {error.strerror}")
            self._lost += 1
            self._close()
        else:
            self._lost = 0

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # what it still holds cannot be written either
            if self._file is not None:
                self._file.close()
        self._file = None


def _warn(sentence: str) -> None:
    """Tell whoever sits at the terminal, if it can be written to."""
    with contextlib.suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - a person reads it


class Child:
    """Keeps one program running between `start` and `end`."""

    def __init__(self, program: Program, log_folder: Path) -> None:
        self._program = program
        self._log_path = log_folder / f"{program.name}.log"
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._first_end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._last_lines: list[str] = []
        self._ending = False
        self.starts = 0

    @property
    def group(self) -> int | None:
        """The process group of the running child, or None."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start it and come back when it is ready.

        Raises:
            StartError: it ended, or was not ready in time.
        """
        try:
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            if self._log_path.exists():
                self._log_path.replace(self._log_path.with_suffix(".log.1"))
        except OSError as error:
            _warn(f"the log {self._log_path} cannot be begun: {error.strerror}")
        self._task = asyncio.create_task(self._keep(), name=f"keep {self._program.name}")
        self._task.add_done_callback(self._note_lost)
        ready = asyncio.ensure_future(self._ready.wait())
        waited: set[asyncio.Future[Any]] = {ready, self._first_end}
        await asyncio.wait(waited, timeout=self._program.ready_limit_s, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._ready.is_set():
            return
        name, path = self._program.name, self._log_path
        if self._first_end.done():
            said = "\n".join(f"  {line}" for line in self._last_lines[-5:])
            code = self._first_end.result()
            raise StartError(f"The {name} ended with code {code} before it was ready (log: {path}):\n{said}")
        raise StartError(f"The {name} was not ready within {self._program.ready_limit_s:.0f} s; see {path}.")

    async def _keep(self) -> None:
        pause_s = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                code = await self._run_once()
            except OSError as error:  # no process, pipe or memory to be had now; later there may be
                _warn(f"the {self._program.name} could not be started: {error.strerror}")
                code = COULD_NOT_START
            if self._ending:
                return
            if not self._ready.is_set():
                self._first_end.set_result(code)
                return
            pause_s = FIRST_PAUSE_S if loop.time() - began > STEADY_S else pause_s
            log.warning("the %s ended with code %s; starting it again in %.1f s", self._program.name, code, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _run_once(self) -> int:
        watched, held = os.pipe()
        program = self._program
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LEASH), str(watched), *program.command),
                stdin=asyncio.subprocess.PIPE if program.stdin is not None else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**program.environment, "PYTHONUNBUFFERED": "1"},
                pass_fds=(watched,),
                start_new_session=True,
                limit=MAX_LINE_BYTES,
            )
            self.starts += 1
            os.close(watched)
            watched = -1
            await self._feed(self._process)
            await self._read_output(self._process)
            return await self._process.wait()
        finally:
            self._kill()
            self._process = None
            os.close(held)
            if watched >= 0:
                os.close(watched)

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None and self._program.stdin is not None:
            with contextlib.suppress(ConnectionError):  # it has ended already, which is told elsewhere
                process.stdin.write(self._program.stdin)
                await process.stdin.drain()
            process.stdin.close()

    async def _read_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        with _Log(self._log_path) as file:
            while True:
                try:
                    line = await process.stdout.readline()
                except ValueError:  # a line beyond MAX_LINE_BYTES; what was read of it is dropped
                    continue
                if not line:
                    return
                self._take(line.decode(errors="replace").rstrip(), file)

    def _take(self, line: str, file: _Log) -> None:
        for secret in self._program.secrets:
            line = line.replace(secret, "[redacted]")
        self._last_lines = [*self._last_lines[1 - _KEPT_LINES :], line]
        if self._program.ready_line in line:
            self._ready.set()
        if _TROUBLE.match(line):
            _warn(f"{self._program.name}: {line}")
        file.write(line)

    def _note_lost(self, task: asyncio.Task[None]) -> None:
        """Say that nobody keeps the program running any more, whatever ended that."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the %s is no longer kept running", self._program.name, exc_info=error)

    def _kill(self) -> None:
        """Kill the leash, in case this is left while it still runs; it normally ends by itself."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def end(self, limit_s: float = END_LIMIT_S) -> None:
        """Ask it to end, and kill it after `limit_s`."""
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
            log.warning("the %s did not end within %.1f s and is killed", self._program.name, limit_s)
            if self._process is not None:
                self._process.terminate()  # the second time: its leash kills it
            await asyncio.wait({self._task}, timeout=1.0)
            self._task.cancel()

"""Runs functions in child processes with limits on time and memory: the one way to do so in this project.

A child is a fresh Python process, never a fork, because the parent may hold TensorFlow and threads. It is told the name
of a function and then answers calls, one at a time, until the parent is gone. A message over its pipes is a JSON object
and a run of bytes. Nothing is pickled, so a hostile file that takes over a child cannot make the parent run code. The
child gets none of the parent's secrets.

A function for a child takes and returns such a message:

    def measure(head: dict, body: bytes) -> tuple[dict, bytes]: ...

A long-running function may take a third argument, `tell`, to send any number of JSON objects before it answers, and a
fourth, `should_stop`, which returns True once the parent has called `stop`.

`IsolatedProcess` is one child; `IsolatedPool` keeps warm ones where a call must not wait for Python to start;
`map_isolated` applies a function to many items.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import inspect
import itertools
import json
import logging
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

log = logging.getLogger(__name__)

Message = tuple[dict[str, Any], bytes]
Handler = Callable[..., Message]

STARTING_S = 120.0  # that a child may take to import what it needs, on a busy machine
ENDING_S = 5.0  # a killed process is gone long before
MOST_HEAD_BYTES = 64 << 20
MOST_TRACEBACK = 4000  # characters
LOST_PARENT = 3  # exit status of a child whose parent is gone

_ROOT = Path(__file__).parents[1]
_LENGTHS = struct.Struct(">QQ")  # of the JSON and of the bytes that follow it
# What a child sees of the environment: no token and no password is among it.
_PASSED_ON = (
    "PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT",
    "HOMEBREW_PREFIX",
)  # fmt: skip


class IsolatedError(Exception):
    """Root of a call's errors; the message is the reason. After `ChildDied` and `ChildTimedOut` the child is gone."""


class ChildDied(IsolatedError):  # noqa: N818 -- reads as what happened
    """The child ended before it answered: killed, out of memory, or crashed."""


class ChildTimedOut(IsolatedError):  # noqa: N818
    """The child took longer than it may and was ended."""


class ChildFailed(IsolatedError):  # noqa: N818
    """The function raised an error of class `kind`; the child is still alive."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class PipeClosedError(Exception):
    """The other side of a pipe is gone, or sent no valid message."""


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    `memory_bytes` is what it may use beyond its memory after importing the function. `may_write` allows it to write
    files.
    """

    memory_bytes: int | None = None
    may_write: bool = False


@dataclass(frozen=True)
class Task:
    """What a child runs.

    Attributes:
        function: 'package.module:function'. The module is imported, and `warm_up` called, before the first call.
        limits: what the child may use.
        warm_up: 'package.module:function' called once with `settings`, before limits are set; '' for none.
        settings: JSON for `warm_up`.
        environment: variables for the child, besides the few that every child gets.
    """

    function: str
    limits: Limits = field(default_factory=Limits)
    warm_up: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


class IsolatedProcess:
    """One child process for one task. Starting returns at once; the first call waits until the child is ready.

    One thread at a time may call it; `kill` is safe from any thread.
    """

    def __init__(self, task: Task, log_to: Path | None = None) -> None:
        """Start the child.

        What it prints goes to the file `log_to`; without one to this process's standard error, or nowhere if the child
        may not write, because standard error may be a file.
        """
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", **task.environment}
        self.calls = 0
        self._is_ready = False
        self._writing = threading.Lock()
        no_log = None if task.limits.may_write else subprocess.DEVNULL
        with log_to.open("ab") if log_to else contextlib.nullcontext(no_log) as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "model.isolated", task.function],  # the function is named for `ps` alone
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the parent; the child ends when its pipe closes
            )
        order = {
            "function": task.function,
            "warm_up": task.warm_up,
            "settings": dict(task.settings),
            "memory_bytes": task.limits.memory_bytes,
            "may_write": task.limits.may_write,
        }
        with contextlib.suppress(PipeClosedError):  # one that dies at once is noticed by the first call
            send(self._pipes[0], order)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    def call(
        self,
        head: dict[str, Any],
        body: bytes = b"",
        *,
        timeout_s: float | None,
        is_start_included: bool = False,
        most_bytes: int = 1 << 30,
        on_told: Callable[[dict[str, Any]], None] | None = None,
    ) -> Message:
        """What the function returns for `head` and `body`.

        Args:
            head: JSON for the function.
            body: bytes for the function.
            timeout_s: seconds it may take; None for no limit.
            is_start_included: whether the start of the child counts, which else has `STARTING_S` for itself.
            most_bytes: that the answer may have.
            on_told: gets what the function tells before it answers.

        Raises:
            ChildDied: the child ended without an answer, or answered nonsense; it is dead now.
            ChildTimedOut: it took too long; it is dead now.
            ChildFailed: the function raised.
        """
        self.calls += 1
        requests, answers = self._pipes
        if not self._is_ready and not is_start_included:
            with self._killed_after(STARTING_S):
                self._wait_until_ready(answers)
        with self._killed_after(timeout_s):
            self._wait_until_ready(answers)
            with self._writing:
                send(requests, {"call": head}, body)
            while True:
                answer, data = receive(answers, most_bytes)
                if "told" not in answer:
                    break
                if on_told is not None:
                    on_told(answer["told"])
        if "failed" in answer:
            log.warning("a function failed in a child:\n%s", str(answer.get("traceback"))[-MOST_TRACEBACK:])
            raise ChildFailed(str(answer["failed"])[:100], str(answer.get("message", ""))[:1000])
        return answer["answer"], data

    def _wait_until_ready(self, answers: IO[bytes]) -> None:
        if not self._is_ready:
            receive(answers, 0)
            self._is_ready = True

    @contextlib.contextmanager
    def _killed_after(self, limit_s: float | None) -> Iterator[None]:
        """Kill the child when what is done here takes longer than `limit_s`, which ends any wait for it."""
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            self._process.kill()

        timer = None if limit_s is None else threading.Timer(max(0.0, limit_s), end)
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            yield
        except PipeClosedError as error:
            self.kill()
            raise (
                ChildTimedOut("it takes too long") if is_late.is_set() else ChildDied("its process ended")
            ) from error
        finally:
            if timer is not None:
                timer.cancel()

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ChildDied("it was started without pipes")
        return stdin, stdout

    def stop(self) -> None:
        """Ask the function under way, or the next one called, to answer soon: its `should_stop` returns True."""
        with self._writing, contextlib.suppress(PipeClosedError, ChildDied):
            send(self._pipes[0], {"stop": True})

    def kill(self) -> int:
        """End the child at once; harmless when it has ended. Returns its exit status."""
        self._process.kill()
        status = self._process.wait(timeout=ENDING_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not sent yet has no reader
                    pipe.close()
        return status


class IsolatedPool:
    """Warm children for one task, shared by any number of threads.

    A child that ended while it was idle is noticed and replaced before it is used, so idle time costs no call.
    """

    def __init__(self, task: Task, most: int, calls_of_one: int = 1_000) -> None:
        """Start nothing yet: children start with calls, at most `most` at once, each for `calls_of_one` calls."""
        self.task = task
        self._calls_of_one = calls_of_one
        self._at_once = threading.Semaphore(most)
        self._guard = threading.Lock()
        self._idle: list[IsolatedProcess] = []
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._idle.clear)  # the other ends of their pipes are the parent's

    def warm_up(self) -> None:
        """Start one child if none is idle, so that the first call need not wait for it."""
        with self._guard:
            if not self._idle:
                self._idle.append(IsolatedProcess(self.task))

    def call(self, head: dict[str, Any], body: bytes = b"", *, timeout_s: float, most_bytes: int = 1 << 30) -> Message:
        """What the function returns, from an idle child or a new one; raises as `IsolatedProcess.call` does.

        A child that had been idle and died may have been killed from outside: the call is tried again on a new one.
        """
        with self._at_once:
            child, was_used = self._taken()
            try:
                return self._called(child, head, body, timeout_s, most_bytes)
            except ChildDied:
                if not was_used:
                    raise
            return self._called(IsolatedProcess(self.task), head, body, timeout_s, most_bytes)

    def _called(
        self, child: IsolatedProcess, head: dict[str, Any], body: bytes, timeout_s: float, most_bytes: int
    ) -> Message:
        try:
            return child.call(head, body, timeout_s=timeout_s, most_bytes=most_bytes)
        finally:
            if child.is_alive and child.calls < self._calls_of_one:
                with self._guard:
                    self._idle.append(child)
            else:
                child.kill()

    def _taken(self) -> tuple[IsolatedProcess, bool]:
        """A living child, and whether it has answered before."""
        while True:
            with self._guard:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return IsolatedProcess(self.task), False
            if child.is_alive:
                return child, child.calls > 0
            child.kill()  # it is dead already: its pipes are closed

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the idle children."""
        with self._guard:
            return tuple(child.pid for child in self._idle)

    def close(self) -> None:
        """End the idle children."""
        with self._guard:
            children, self._idle[:] = list(self._idle), []
        for child in children:
            child.kill()


def map_isolated(
    task: Task, items: Iterable[Message], *, processes: int, timeout_s: float
) -> Iterator[tuple[int, Message | IsolatedError]]:
    """Apply the function to `items` in `processes` children at once; yields (index, answer or error) as they finish.

    A child that hangs or dies costs only its item. Closing the iterator kills the children.
    """
    mapping = _Mapping(task, items, timeout_s)
    threads = [threading.Thread(target=mapping.work, name="isolated-map", daemon=True) for _ in range(processes)]
    for thread in threads:
        thread.start()
    try:
        working = len(threads)
        while working:
            outcome = mapping.done.get()
            if outcome is None:
                working -= 1
            else:
                yield outcome
    finally:
        mapping.close()


class _Mapping:
    """What the threads of one `map_isolated` share: the items left, the children at work, and what is done."""

    def __init__(self, task: Task, items: Iterable[Message], timeout_s: float) -> None:
        self.done: queue.SimpleQueue[tuple[int, Message | IsolatedError] | None] = queue.SimpleQueue()
        self._task, self._timeout_s = task, timeout_s
        self._waiting: Iterator[tuple[int, Message]] = iter(enumerate(items))
        self._children: set[IsolatedProcess] = set()
        self._guard = threading.Lock()

    def work(self) -> None:
        """Take items until none is left, each to a child that lives; ends with None in `done`."""
        child: IsolatedProcess | None = None
        try:
            while (taken := self._next(child)) is not None:
                child, index, (head, body) = taken
                try:
                    self.done.put((index, child.call(head, body, timeout_s=self._timeout_s)))
                except IsolatedError as error:
                    self.done.put((index, error))
        finally:
            if child is not None:
                child.kill()
            self.done.put(None)

    def _next(self, child: IsolatedProcess | None) -> tuple[IsolatedProcess, int, Message] | None:
        """The next item and a living child for it: `child`, or a new one in its place."""
        with self._guard:
            numbered = next(self._waiting, None)
            if numbered is None:
                return None
            if child is None or not child.is_alive:
                child = IsolatedProcess(self._task)
                self._children.add(child)
            return child, *numbered

    def close(self) -> None:
        """Leave the items that are left, and kill the children."""
        with self._guard:
            self._waiting = iter(())
        for child in self._children:
            child.kill()


def pack_files(files: Sequence[bytes]) -> Message:
    """Several files as one message."""
    return {"sizes": [len(data) for data in files]}, b"".join(files)


def unpack_files(message: Message) -> list[bytes]:
    """The files of `pack_files`."""
    head, body = message
    ends = list(itertools.accumulate(head["sizes"]))
    return [body[end - size : end] for end, size in zip(ends, head["sizes"], strict=True)]


def send(pipe: IO[bytes], head: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one message; raises PipeClosedError if the other side is gone."""
    text = json.dumps(head).encode()
    try:
        pipe.write(_LENGTHS.pack(len(text), len(body)))
        pipe.write(text)
        pipe.write(body)
        pipe.flush()
    except (OSError, ValueError) as error:  # ValueError: closed on this side
        raise PipeClosedError from error


def receive(pipe: IO[bytes], most_bytes: int) -> Message:
    """Wait for one message; raises PipeClosedError if the other side is gone or sends none within the limits."""
    text_bytes, body_bytes = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if text_bytes > MOST_HEAD_BYTES or body_bytes > most_bytes:
        raise PipeClosedError
    try:
        head = json.loads(_exactly(pipe, text_bytes))
    except ValueError as error:
        raise PipeClosedError from error
    if not isinstance(head, dict):
        raise PipeClosedError
    return head, _exactly(pipe, body_bytes)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    try:
        data = pipe.read(count)
    except (OSError, ValueError) as error:
        raise PipeClosedError from error
    if len(data) < count:
        raise PipeClosedError
    return data


def named(function: str) -> Callable[..., Any]:
    """The function 'package.module:function'; raises AttributeError or ImportError if there is none."""
    module, name = function.split(":")
    return getattr(importlib.import_module(module), name)


def serve() -> None:
    """The child: carry out calls until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    order, _ = receive(requests, 0)
    function = named(order["function"])
    if order["warm_up"]:
        named(order["warm_up"])(order["settings"])
    calls: queue.SimpleQueue[Message] = queue.SimpleQueue()
    is_stopped = threading.Event()
    threading.Thread(target=_listen, args=(requests, calls, is_stopped), daemon=True).start()
    _limit(order["memory_bytes"], order["may_write"])
    send(answers, {"ready": True})
    while True:
        _answer(function, answers, *calls.get(), is_stopped.is_set)
        is_stopped.clear()


def _listen(requests: IO[bytes], calls: queue.SimpleQueue[Message], is_stopped: threading.Event) -> None:
    """Receive calls and stops; exit at once when the parent is gone, whatever the function is doing."""
    while True:
        try:
            head, body = receive(requests, 1 << 40)
        except PipeClosedError:
            os._exit(LOST_PARENT)
        if "stop" in head:
            is_stopped.set()
        else:
            calls.put((head["call"], body))


def _answer(
    function: Handler, answers: IO[bytes], head: dict[str, Any], body: bytes, should_stop: Callable[[], bool]
) -> None:
    """Call the function and send what it returns, or what it raised."""

    def tell(said: dict[str, Any]) -> None:
        send(answers, {"told": said})

    try:
        wanted = len(inspect.signature(function).parameters) - 2
        answer, data = function(head, body, *(tell, should_stop)[:wanted])
    except MemoryError:
        send(answers, {"failed": "MemoryError", "message": "it takes too much memory"})
    except Exception as error:  # noqa: BLE001 -- the boundary of this process: one call must not end it
        trace = traceback.format_exc()[-MOST_TRACEBACK:]
        send(answers, {"failed": type(error).__name__, "message": str(error), "traceback": trace})
    else:
        send(answers, {"answer": answer}, data)


def _limit(memory_bytes: int | None, may_write: bool) -> None:
    """Bound this process's memory beyond what it has now, and what it may write to files."""
    try:
        import resource
    except ImportError:  # Windows: the time limit alone holds there
        return
    statm = Path("/proc/self/statm")  # pages; the first number is all of its address space, on Linux
    if memory_bytes is not None and statm.exists():
        most = int(statm.read_text().split()[0]) * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if not may_write:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    with contextlib.suppress(PipeClosedError):  # the parent ended first
        serve()
